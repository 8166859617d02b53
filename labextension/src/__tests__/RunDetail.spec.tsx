import {
  act,
  fireEvent,
  render,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { ShownRun } from '../components/RunDetail';
import { ServicesProvider } from '../components/services';
import type { CellDetail, Reproduction, Run } from '../schema';
import { CommandIDs } from '../tokens';
import {
  pageOf,
  reproductionOf,
  runOf,
  cellOf,
  Stage,
  summaryOf,
  verdictOf
} from './server';

const RECORD: Partial<Run> = {
  data: [
    {
      ...{
        kind: 'file',
        name: 'train',
        path: '/srv/work/data/train.csv',
        access: 'read'
      },
      ...{
        cell: 3,
        digest: 'xxh3:0123456789abcdef',
        complete: false,
        size_bytes: 61194
      },
      ...{
        rows: 891,
        columns: [],
        column_count: 20000,
        digests: [],
        form: null,
        kept: null,
        statement: null
      },
      inherited: true,
      inferred: false
    }
  ] as Run['data'],
  models: [
    {
      ...{
        class: 'sklearn.svm._classes.SVC',
        name: 'model',
        cell: 5,
        parameters: { C: 1 }
      },
      ...{ digest: null, inherited: false, data: [] }
    }
  ],
  unseen: [
    { cell: 4, what: 'prints of C code', why: 'they pass the kernel by' }
  ],
  notices: ['capture failed once']
};

describe('ShownRun', () => {
  let stage: Stage;

  beforeEach(async () => {
    const summary = summaryOf('a');
    stage = new Stage(pageOf(summary));
    stage.addCommands(...Object.values(CommandIDs));
    stage.server.on('GET', 'runs/a', () => ({ body: runOf(summary, RECORD) }));
    await stage.runs.refresh();
  });

  afterEach(() => stage.dispose());

  async function show(...reproductions: Reproduction[]): Promise<void> {
    stage.server.on('GET', 'runs/a/reproductions', () => ({
      body: { reproductions }
    }));
    render(
      <ServicesProvider value={stage.services}>
        <ShownRun />
      </ServicesProvider>
    );
    await screen.findByText('Metrics');
  }

  it('shows what the run used and produced, each with its cell', async () => {
    await show();
    const text = document.body.textContent;
    for (const part of [
      'accuracy',
      '0.912346',
      'lr',
      'train.csv',
      '891 rows',
      '20000 columns',
      'partial',
      'SVC'
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('inherited');
    expect(text).toContain('they pass the kernel by');
    expect(text).toContain('capture failed once');
    const parameters = within(
      screen.getByRole('table', { name: 'Parameters' })
    );
    fireEvent.click(parameters.getAllByRole('button', { name: 'cell 2' })[0]);
    expect(stage.executed).toEqual([
      [CommandIDs.showCell, { run: 'a', cell: 2 }]
    ]);
  });

  it('calls a cell as the status bar does only where the notebook has it there', async () => {
    const cells = [cellOf(2, { id: 'c2' })];
    stage.server.on('GET', 'runs/a', () => ({
      body: runOf(summaryOf('a'), { cells })
    }));
    const open = (...ids: string[]): void => {
      const cells = ids.map(id => ({ id }));
      const model = { cells, contentChanged: new Signal({}) };
      stage.notebook.panel = { model };
    };
    open('c0', 'c1', 'c2', 'c4');
    await show();
    const table = within(screen.getByRole('table', { name: 'Parameters' }));
    const [link] = table.getAllByRole('button', { name: 'cell 2' });
    expect(link.title).toContain('calls it 3');
    // A cell was put before it, by the time that somebody looks again.
    open('new', 'c0', 'c1', 'c2');
    fireEvent.pointerEnter(link);
    expect(link.title).toBe(
      'Scroll to cell 2, counted from 0 in the notebook as the run has it.'
    );
    // Its metrics came from a cell of which the record has no id.
    const metrics = within(screen.getByRole('table', { name: 'Metrics' }));
    open('c0', 'c1', 'c2', 'c3', 'c4');
    const [other] = metrics.getAllByRole('button', { name: 'cell 4' });
    fireEvent.focus(other);
    expect(other.title).not.toContain('status bar');
  });

  it('has the error, its cell and the traceback above everything else', async () => {
    const error = {
      cell: 3,
      type: 'KeyError',
      message: "'age'",
      traceback: 'Traceback of three lines'
    };
    const failed = summaryOf('a', { status: 'failed' });
    stage.server.on('GET', 'runs/a', () => ({
      body: runOf(failed, { error, notices: ["cell 3 raised KeyError: 'age'"] })
    }));
    await show();
    expect(document.body.textContent).not.toContain('cell 3 raised');
    const told = within(screen.getByRole('region', { name: 'Error' }));
    expect(told.getByText('KeyError')).toBeTruthy();
    expect(told.getByText("'age'")).toBeTruthy();
    expect(told.getByText('Traceback of three lines')).toBeTruthy();
    fireEvent.click(told.getByRole('button', { name: 'cell 3' }));
    expect(stage.executed).toEqual([
      [CommandIDs.showCell, { run: 'a', cell: 3 }]
    ]);
  });

  it('forgets an error whose cell was executed again', async () => {
    const error = { type: 'KeyError', message: '', traceback: '' };
    const cells = [
      cellOf(3, { id: 'c3', status: 'error', error }),
      cellOf(3, { id: 'c3' })
    ];
    stage.server.on('GET', 'runs/a', () => ({
      body: runOf(summaryOf('a'), { cells })
    }));
    await show();
    expect(screen.queryByRole('region', { name: 'Error' })).toBeNull();
  });

  it('names the run that it reproduces, and its verdict', async () => {
    const summary = summaryOf('a', { trigger: 'reproduce', parent: 'first' });
    stage.server.on('GET', 'runs/a', () => ({ body: runOf(summary) }));
    const verdict = verdictOf('first', { reproduction: 'a' });
    stage.server.on('GET', 'runs/first/reproductions/a', () => ({
      body: reproductionOf('first', { id: 'a', state: 'done', verdict })
    }));
    await show();
    await screen.findByText('differs · cell 7');
    fireEvent.click(
      screen.getByRole('button', { name: 'Open the verdict in a tab' })
    );
    expect(stage.executed).toEqual([
      [CommandIDs.showVerdict, { run: 'first', reproduction: 'a' }]
    ]);
    fireEvent.click(screen.getByRole('button', { name: 'run first' }));
    expect(stage.runs.shown).toBe('first');
    await screen.findByRole('alert');
  });

  it('has each metric that changed in a line of its own', async () => {
    const masks: string[] = [];
    const output = { kind: 'number', difference: 0.02, masks } as const;
    const verdict = verdictOf('a', {
      cells: [
        {
          ...{ cell: 7, verdict: 'differs' },
          outputs: [
            { ...output, verdict: 'differs', what: 'f1' },
            { ...output, verdict: 'within tolerance', what: 'auc' }
          ]
        }
      ]
    });
    const nothing = { code: [], parameter: [], data: [], environment: [] };
    stage.server.on('GET', 'comparisons', () => ({
      body: {
        metrics: { f1: [0.93, 0.9], auc: [0.5, 0.500001], rows: [9, 9] },
        differs: { ...nothing, output: [] }
      }
    }));
    await show(reproductionOf('a', { state: 'done', verdict }));
    const list = within(
      await screen.findByRole('list', {
        name: 'Metrics, recorded → reproduced'
      })
    );
    expect(
      list.getAllByRole('listitem').map(({ textContent }) => textContent)
    ).toEqual([
      'f1 0.93 → 0.9 −0.03 (−3.2 %)',
      'auc 0.5 → 0.500001 +0.000001 (< 0.01 %)within tolerance'
    ]);
  });

  it('names the metrics that a reproduction does not judge', async () => {
    const not_judged = ['mae: inherited from an earlier run'];
    const some = { not_judged, sentence: 'identical' } as const;
    const verdict = verdictOf('a', {
      verdict: 'identical',
      cells: [],
      ...some
    });
    await show(reproductionOf('a', { state: 'done', verdict }));
    await screen.findByText('Not judged: mae: inherited from an earlier run');
  });

  it('says that it failed, and tries again', async () => {
    stage.server.on('GET', 'runs/a', () => ({
      status: 404,
      body: { message: 'no run ‘a’' }
    }));
    render(
      <ServicesProvider value={stage.services}>
        <ShownRun />
      </ServicesProvider>
    );
    expect((await screen.findByRole('alert')).textContent).toContain(
      'no run ‘a’'
    );
    stage.server.on('GET', 'runs/a', () => ({ body: runOf(summaryOf('a')) }));
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('Metrics');
  });

  it('reproduces, with the file as it is now if asked to', async () => {
    await show();
    fireEvent.click(await screen.findByRole('button', { name: 'Reproduce' }));
    fireEvent.click(screen.getByRole('checkbox'));
    fireEvent.click(screen.getByRole('button', { name: 'Reproduce' }));
    expect(stage.executed).toEqual([
      [CommandIDs.reproduceRun, { run: 'a', current: false }],
      [CommandIDs.reproduceRun, { run: 'a', current: true }]
    ]);
  });

  it('follows a reproduction that is under way, and cancels it', async () => {
    await show(
      reproductionOf('a', { progress: { done: 1, total: 8, cell: 2 } })
    );
    const bar = await screen.findByRole<HTMLProgressElement>('progressbar');
    expect([bar.value, bar.max]).toEqual([1, 8]);
    const later = reproductionOf('a', {
      progress: { done: 5, total: 8, cell: 6 }
    });
    stage.server.on('GET', 'runs/a/reproductions', () => ({
      body: { reproductions: [later] }
    }));
    act(() =>
      stage.events.emit({ sequence: 2, kind: 'reproduction', ids: ['again'] })
    );
    await waitFor(() => expect(bar.value).toBe(5));
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(stage.executed).toEqual([
      [CommandIDs.cancelReproduction, { run: 'a', reproduction: 'again' }]
    ]);
  });

  it.each([
    ['cancelled', 'Cancelled.'],
    ['lost', 'Lost:'],
    ['failed', 'No verdict.']
  ] as const)('says that a reproduction was %s', async (state, text) => {
    await show(reproductionOf('a', { state }));
    await waitFor(() => expect(document.body.textContent).toContain(text));
  });
});

describe('A verdict', () => {
  const outputs = (text: string): { body: unknown } => ({
    body: {
      cells: [
        {
          execution: {},
          source: '',
          outputs: [
            {
              output_type: 'display_data',
              metadata: {},
              data: {
                'text/html': `<b>${text}</b><script>window.wasTrusted = true</script>`
              }
            }
          ]
        } as unknown as CellDetail
      ]
    }
  });

  it('gives the sentence, the causes and both outputs, untrusted', async () => {
    const stage = new Stage(pageOf(summaryOf('a')));
    const verdict = verdictOf('a', {
      sentence: 'differs · cell 7 · train.csv changed since',
      causes: [
        {
          ...{
            kind: 'data',
            what: 'train.csv',
            cell: 3,
            detail: '2 of 891 rows'
          },
          ...{ before: 'xxh3:aaaaaaaaaaaa', after: 'xxh3:bbbbbbbbbbbb' }
        }
      ]
    });
    const done = reproductionOf('a', { state: 'done', verdict });
    stage.server.on('GET', 'runs/a/reproductions', () => ({
      body: { reproductions: [done] }
    }));
    stage.server.on('GET', 'runs/a/cells', () => outputs('recorded value'));
    stage.server.on('GET', 'runs/again/cells', () =>
      outputs('reproduced value')
    );
    await stage.runs.refresh();
    render(
      <ServicesProvider value={stage.services}>
        <ShownRun />
      </ServicesProvider>
    );
    await screen.findByText('recorded value');
    const sides = screen.getAllByRole('figure');
    expect(
      sides.map(side => side.querySelector('figcaption')?.textContent)
    ).toEqual(['Recorded', 'Reproduced']);
    expect(sides[0].textContent).toContain('recorded value');
    expect(sides[1].textContent).toContain('reproduced value');
    expect(sides[0].querySelector('script')).toBeNull();
    expect(window).not.toHaveProperty('wasTrusted');
    expect(
      screen.getByText('differs · cell 7 · train.csv changed since')
    ).toBeTruthy();
    expect(document.body.textContent).toContain('2 of 891 rows');
    expect(document.body.textContent).toContain(
      'xxh3:aaaaaaaa → xxh3:bbbbbbbb'
    );
    stage.dispose();
  });
});
