import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import { RunList, varyingFirst } from '../components/RunList';
import { ServicesProvider } from '../components/services';
import { CommandIDs } from '../tokens';
import { pageOf, Stage, summaryOf } from './server';

async function show(stage: Stage): Promise<void> {
  render(
    <ServicesProvider value={stage.services}>
      <RunList />
    </ServicesProvider>
  );
  await act(async () => {
    await stage.feed.refresh();
    await stage.runs.refresh();
  });
}

describe('RunList', () => {
  const rows = (): HTMLElement[] => screen.getAllByRole('option');
  let stage: Stage;

  beforeEach(() => {
    const failed = summaryOf('b', {
      status: 'failed',
      trigger: 'run',
      parameters: { lr: 0.01 }
    });
    const open = summaryOf('c', {
      status: 'running',
      metrics: { accuracy: 'NaN' }
    });
    stage = new Stage(pageOf(open, failed, summaryOf('a')));
  });

  afterEach(() => stage.dispose());

  it('says of each run its state, trigger, metrics and parameters', async () => {
    await show(stage);
    const [open, failed, completed] = rows();
    expect(open.textContent).toContain('open');
    expect(open.textContent).toContain('NaN');
    expect(failed.textContent).toContain('failed');
    expect(failed.textContent).toMatch(/brun1\.3 s/);
    expect(completed.textContent).toContain('completed');
    expect(completed.textContent).toContain('accuracy 0.91235');
    expect(within(completed).getByTitle('accuracy = 0.91234567')).toBeTruthy();
  });

  it('leaves out what cells only printed, also where another run measured it', async () => {
    const printed = { metrics: { accuracy: 0.5, loss: 0.2 } };
    stage.dispose();
    stage = new Stage(
      pageOf(
        summaryOf('b', { ...printed, inferred: ['accuracy'] }),
        summaryOf('a')
      )
    );
    await show(stage);
    expect(rows()[0].textContent).toContain('loss 0.2');
    expect(rows()[0].textContent).not.toContain('accuracy');
    expect(rows()[1].textContent).toContain('accuracy 0.91235');
  });

  it('tells screen readers how many runs there are in which state', async () => {
    await show(stage);
    expect(document.querySelector('[aria-live]')!.textContent).toBe(
      '3 runs: 1 open, 1 failed, 1 completed'
    );
  });

  it('moves with the arrow keys and has one stop for Tab', async () => {
    await show(stage);
    const list = screen.getByRole('listbox');
    expect(rows().map(row => row.tabIndex)).toEqual([0, -1, -1]);
    act(() => rows()[0].focus());
    fireEvent.keyDown(list, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(rows()[1]);
    expect(rows().map(row => row.tabIndex)).toEqual([-1, 0, -1]);
    fireEvent.keyDown(list, { key: 'End' });
    fireEvent.keyDown(list, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(rows()[2]);
  });

  it('is reached by Tab also while a run of another list is shown', async () => {
    await show(stage);
    act(() => stage.runs.choose('of another notebook'));
    expect(rows().map(row => row.tabIndex)).toEqual([0, -1, -1]);
  });

  it('selects with the space bar and shows with Enter', async () => {
    await show(stage);
    const list = screen.getByRole('listbox');
    act(() => rows()[0].focus());
    fireEvent.keyDown(list, { key: ' ' });
    fireEvent.keyDown(list, { key: 'ArrowDown' });
    fireEvent.keyDown(list, { key: 'Enter' });
    expect(stage.runs.selected).toEqual(['c']);
    expect(stage.runs.shown).toBe('b');
    expect(rows()[0].getAttribute('aria-selected')).toBe('true');
    expect(rows()[1].getAttribute('aria-current')).toBe('true');
    fireEvent.keyDown(list, { key: 'a', ctrlKey: true });
    expect(stage.runs.selected).toEqual(['c', 'b', 'a']);
    fireEvent.keyDown(list, { key: 'Escape' });
    expect(stage.runs.selected).toEqual([]);
  });

  it('compares two selected runs and not one', async () => {
    stage.addCommands(CommandIDs.compareRuns);
    await show(stage);
    const check = (row: HTMLElement): void => {
      fireEvent.click(within(row).getByTitle('Select to compare'));
    };
    check(rows()[0]);
    const compare = screen.getByRole<HTMLButtonElement>('button', {
      name: 'Compare'
    });
    expect(compare.disabled).toBe(true);
    check(rows()[2]);
    expect(stage.runs.shown).toBe('c');
    fireEvent.click(compare);
    expect(stage.executed).toEqual([[CommandIDs.compareRuns, {}]]);
  });

  it('says where a run failed, what a reproduction repeats, and what executes', async () => {
    const failed = summaryOf('f', {
      status: 'failed',
      error: {
        cell: 3,
        type: 'NameError',
        message: "name 'x' is not defined",
        traceback: ''
      }
    });
    const again = summaryOf('r', {
      trigger: 'reproduce',
      parent: 'f',
      verdict: 'differs'
    });
    const executing = summaryOf('e', {
      status: 'running',
      executing: { cell: 2, id: 'c2', started: new Date().toISOString() }
    });
    const stopped = summaryOf('s', {
      status: 'interrupted',
      error: { cell: 1, type: 'KeyboardInterrupt', message: '', traceback: '' }
    });
    const body = pageOf(executing, again, failed, stopped);
    stage.server.on('GET', 'runs', () => ({ body }));
    await show(stage);
    const texts = rows().map(row => row.textContent);
    expect(texts[0]).toContain('running');
    expect(texts[0]).toContain('cell 2 is executing');
    expect(texts[1]).toContain('reproduction of f');
    expect(texts[1]).toContain('differs');
    expect(texts[2]).toContain("NameError in cell 3: name 'x' is not defined");
    expect(texts[3]).toContain('KeyboardInterrupt in cell 1');
    expect(texts[3]).not.toContain('KeyboardInterrupt in cell 1:');
    fireEvent.click(within(rows()[1]).getByText('reproduction of f'));
    expect(stage.runs.shown).toBe('f');
  });

  it('shows the draft apart from the rows', async () => {
    const draft = {
      session: 's',
      notebook: null,
      parameters: { lr: 0.5 },
      cells: [],
      executing: null
    };
    stage.server.on('GET', 'runs', () => ({
      body: { ...pageOf(summaryOf('a')), draft }
    }));
    await show(stage);
    expect(rows()).toHaveLength(1);
    const card = screen.getByRole('region', { name: 'Draft' });
    expect(card.textContent).toContain('lr 0.5');
    expect(card.textContent).not.toContain('executing');
  });

  it('shows what executes with the draft, and not in the row', async () => {
    const started = new Date(Date.now() - 61_000).toISOString();
    const draft = {
      session: 's',
      notebook: null,
      parameters: { lr: 0.5 },
      cells: [],
      executing: { cell: 6, id: null, started }
    };
    stage.server.on('GET', 'runs', () => ({
      body: { ...pageOf(summaryOf('a')), draft }
    }));
    await show(stage);
    expect(rows()[0].textContent).not.toContain('executing');
    const card = screen.getByRole('region', { name: 'Draft' });
    expect(card.textContent).toContain('cell 6 is executing');
    expect(card.textContent).toContain('1 min 1 s');
  });
});

describe('RunList without runs', () => {
  it.each([
    [
      'no notebook is active',
      (stage: Stage) => stage.notebook.activate(null),
      'No notebook is active'
    ],
    [
      'the notebook lies on another drive',
      (stage: Stage) => {
        stage.notebook.path = null;
      },
      'Not a file of this server'
    ],
    ['nothing ran', () => undefined, 'No runs yet'],
    [
      'the first cell executes',
      (stage: Stage) => {
        stage.notebook.isExecuting = true;
      },
      'A cell is executing'
    ],
    [
      'capture is off',
      (stage: Stage) => {
        stage.server.status = { ...stage.server.status, capture: false };
      },
      'capture is off'
    ],
    [
      'the notebook switched capture off for itself',
      (stage: Stage) => {
        stage.notebook.optedOut = true;
        stage.notebook.isExecuting = true;
      },
      'capture is off'
    ],
    [
      'its kernel does not record',
      (stage: Stage) => {
        const kernel = {
          kernel: 'k',
          recording: false,
          fault: false,
          reason: 'it is R'
        };
        stage.notebook.kernel = 'k';
        stage.notebook.isExecuting = true;
        stage.server.status = { ...stage.server.status, kernels: [kernel] };
      },
      'capture is off'
    ],
    [
      'the list fails',
      (stage: Stage) =>
        stage.server.on('GET', 'runs', () => ({
          status: 500,
          body: { message: 'disk is full' }
        })),
      'disk is full'
    ],
    [
      'the role may not read',
      (stage: Stage) =>
        stage.server.on('GET', 'runs', () => ({
          status: 403,
          body: { message: 'Forbidden' }
        })),
      'You may not do this here.'
    ]
  ])('says so when %s', async (_, arrange, text) => {
    const stage = new Stage();
    arrange(stage);
    await show(stage);
    expect(document.body.textContent).toContain(text);
    expect(screen.queryAllByRole('option')).toEqual([]);
    stage.dispose();
  });

  it('tries again when asked to', async () => {
    const stage = new Stage();
    stage.server.on('GET', 'runs', () => ({
      status: 500,
      body: { message: 'disk is full' }
    }));
    await show(stage);
    stage.server.on('GET', 'runs', () => ({ body: pageOf(summaryOf('a')) }));
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByRole('option');
    stage.dispose();
  });
});

test('varyingFirst puts first what tells the runs apart', () => {
  const rows = [
    { seed: 7, lr: 0.1, layers: [1, 2], depth: null },
    // A run that ended early has no parameters, and says nothing of the others'.
    {},
    { seed: 7, lr: 0.2, layers: [1, 2], depth: 3, extra: 1 }
  ];
  expect(varyingFirst(rows)).toEqual([
    'lr',
    'depth',
    'seed',
    'layers',
    'extra'
  ]);
});
