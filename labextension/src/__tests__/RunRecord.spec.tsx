import { act, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { withoutRepeats } from '../components/CellOutputs';
import { DifferenceTable } from '../components/DifferenceTable';
import { ShownRun } from '../components/RunDetail';
import { RunList } from '../components/RunList';
import { ServicesProvider } from '../components/services';
import type { CellJudgement, Comparison, DataUse, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { cellOf, pageOf, runOf, Stage, summaryOf } from './server';

const SECRET = { redacted: `hmac-sha256:${'0123456789abcdef'.repeat(4)}` };
const OTHER = { redacted: `hmac-sha256:${'fedcba9876543210'.repeat(4)}` };

function madeIn(cell: number, some: Partial<DataUse> = {}): DataUse {
  return {
    ...{ kind: 'frame', name: `made in ${cell}`, path: null, access: 'made' },
    ...{ cell, digest: 'xxh3:0123456789', complete: false, inherited: false },
    ...{
      rows: null,
      size_bytes: null,
      columns: [],
      digests: [],
      form: null,
      kept: null,
      statement: null
    },
    ...{ inferred: false },
    column_count: null,
    ...some
  };
}

describe('The record of a run', () => {
  let stage: Stage;

  afterEach(() => stage.dispose());

  const show = async (some: Partial<Run>): Promise<void> => {
    stage = new Stage(pageOf(summaryOf('a')));
    stage.server.on('GET', 'runs/a', () => ({
      body: runOf(summaryOf('a'), some)
    }));
    await stage.feed.refresh();
    await stage.runs.refresh();
    render(
      <ServicesProvider value={stage.services}>
        <ShownRun />
      </ServicesProvider>
    );
    await screen.findByText('Cells');
  };
  const item = (name: string): string =>
    screen.getByText(name).closest('li')?.textContent ?? '';

  it('lists names that changed outside a cell together, there and with the cell', async () => {
    const why = 'changed outside a cell';
    await show({
      cells: [cellOf(3), cellOf(4)],
      unseen: [
        { cell: 4, what: 'table', why },
        { cell: 4, what: 'threshold', why },
        { cell: null, what: 'table', why: 'another reason' }
      ]
    });
    expect(screen.getAllByText('table, threshold')).toHaveLength(2);
    const [, fourth] = document.querySelectorAll(
      '.jp-mlops-Section li:has(.jp-mlops-Mark)'
    );
    expect(fourth.textContent).toContain(`not seen table, threshold ${why}`);
    expect(screen.getByText('Not seen').textContent).toBe('Not seen2');
  });

  it('shows on what it was made, and nothing of what is not known', async () => {
    await show({
      environment: {
        ...{ python: '3.11.7', platform: 'linux', packages: {}, digest: 'a:1' }
      },
      surroundings: {
        ...{ interpreter: 'CPython 3.11.7', system: 'Linux 6', cpu: null },
        ...{ cpus: 2, machine: 'x86_64', memory_bytes: null, driver: null },
        ...{ libraries: ['openblas, 2 threads'], gpus: [], locale: null },
        ...{ timezone: 'UTC', variables: { OMP_NUM_THREADS: '3' } },
        ...{ imported: ['numpy', 'scipy'], outdated: { numpy: '1.26' } },
        repository: { commit: 'abc', branch: 'main', changed: true }
      }
    });
    const table = document.querySelector('[aria-label="Surroundings"]');
    const rows = Array.from(table?.querySelectorAll('tr') ?? []);
    expect(
      rows.map(row => Array.from(row.cells).map(cell => cell.textContent))
    ).toEqual([
      ['Interpreter', 'CPython 3.11.7'],
      ['System', 'Linux 6'],
      ['Processors', '2'],
      ['Libraries', 'openblas, 2 threads'],
      ['Imported', 'numpy, scipy'],
      ['Branch', 'main'],
      ['Commit', 'abc'],
      ['Files', 'changed since the commit'],
      ['OMP_NUM_THREADS', '3'],
      ['numpy', 'replaced while 1.26 was loaded']
    ]);
  });

  it('marks cells that overlapped', async () => {
    await show({ cells: [cellOf(3), cellOf(4, { overlapping: true })] });
    expect(screen.getAllByText('overlapping')).toHaveLength(1);
  });

  it('marks what the store has a copy of, and offers to write it out', async () => {
    const read = madeIn(1, {
      ...{
        kind: 'file',
        access: 'read',
        path: '/srv/train.csv',
        complete: true
      }
    });
    await show({
      data: [read, { ...read, path: '/srv/test.csv' }],
      kept: [
        {
          ...{ cell: 1, digest: 'sha256:01', kind: 'data', mime: 'text/csv' },
          ...{ name: 'train.csv', path: '/srv/train.csv', size_bytes: 8 }
        }
      ]
    });
    stage.addCommands(CommandIDs.restoreData);
    expect(screen.getAllByText('kept')).toHaveLength(1);
    fireEvent.click(screen.getByText('Restore…'));
    expect(stage.executed).toEqual([
      [CommandIDs.restoreData, { run: 'a', digest: 'sha256:01' }]
    ]);
  });

  it.each([
    ['running', {}, 'not saved yet'],
    ['completed', {}, 'no number'],
    ['completed', { injected: true }, 'added']
  ] as const)(
    'says of a %s run why a cell %j has no number',
    async (status, some, said) => {
      await show({ status, cells: [cellOf(3), cellOf(null, some)] });
      expect(screen.getAllByText(said)).toHaveLength(1);
      expect(screen.queryByText('console')).toBeNull();
    }
  );

  it('says that a cell was executed in a console', async () => {
    await show({ cells: [cellOf(3), cellOf(null, { console: true })] });
    expect(screen.getAllByText('console')).toHaveLength(1);
    expect(screen.queryByText('no cell')).toBeNull();
  });

  it('says of a partial digest whether more may follow', async () => {
    const data = [
      madeIn(3),
      madeIn(4),
      madeIn(4, { name: 'b', access: 'read' })
    ];
    const cells = [cellOf(3), cellOf(4)];
    await show({ data, cells, status: 'running' });
    expect(item('made in 3')).toMatch(/01234567partial$/);
    expect(item('made in 4')).toMatch(/01234567partial so far$/);
    expect(item('b')).toMatch(/01234567partial$/);
    const whole = [madeIn(3), { ...madeIn(4), complete: true }];
    stage.server.on('GET', 'runs/a', () => ({
      body: runOf(summaryOf('a'), { data: whole, cells, status: 'running' })
    }));
    await act(() => stage.feed.refresh());
    expect(item('made in 4')).toMatch(/01234567$/);
  });

  it('makes room for another once the run is forgotten elsewhere', async () => {
    await show({});
    stage.server.on('GET', 'runs/a', () => ({
      status: 404,
      body: { message: 'no run ‘a’', reason: 'UnknownRunError' }
    }));
    await act(() => stage.feed.refresh());
    await screen.findByRole('heading', { name: 'This run is no longer kept' });
    fireEvent.click(
      screen.getByRole('button', { name: 'Show the newest run' })
    );
    expect(stage.runs.shown).toBe('a');
  });

  it('names secrets and does not show their digests', async () => {
    await show({
      parameters: [
        {
          ...{ name: 'key', value: SECRET, type: 'str', cell: 3 },
          ...{ source: 'literal', inherited: false }
        }
      ]
    });
    const row = screen.getByRole('row', { name: /^key/ });
    expect(row.textContent).toBe('keyredacted01234567 cell 3');
    expect(row.innerHTML).not.toContain(SECRET.redacted);
  });
});

describe('The list', () => {
  it('names secrets, and forgets a run with a key', async () => {
    const stage = new Stage(
      pageOf(summaryOf('b', { parameters: { key: SECRET } }), summaryOf('a'))
    );
    stage.addCommands(CommandIDs.forgetRun);
    await stage.runs.refresh();
    render(
      <ServicesProvider value={stage.services}>
        <RunList />
      </ServicesProvider>
    );
    const [row] = screen.getAllByRole('option');
    expect(row.textContent).toContain('key redacted');
    expect(screen.getByTitle('key = (redacted 01234567)')).toBeTruthy();
    fireEvent.keyDown(row, { key: 'Delete' });
    expect(stage.executed).toEqual([[CommandIDs.forgetRun, { run: 'b' }]]);
    stage.dispose();
  });
});

describe('Comparison', () => {
  it('shows which runs had the same secret', () => {
    const stage = new Stage();
    const parameter = {
      ...{ what: 'key', cell: 3, detail: '', missing: [] },
      values: [SECRET, OTHER, SECRET]
    };
    const none = { code: [], data: [], environment: [], output: [] };
    const comparison = {
      ...{ runs: ['a', 'b', 'c'], metrics: {}, unknown: [] },
      differs: { ...none, parameter: [parameter] }
    } as unknown as Comparison;
    render(
      <ServicesProvider value={stage.services}>
        <DifferenceTable
          comparison={comparison}
          runs={['a', 'b', 'c'].map(id => runOf(summaryOf(id)))}
        />
      </ServicesProvider>
    );
    const row = screen.getByRole('row', { name: /^key/ });
    const cells = Array.from(row.querySelectorAll('td'));
    expect(cells.map(({ textContent }) => textContent)).toEqual([
      'redacted01234567',
      'redactedfedcba98',
      'redacted01234567'
    ]);
    stage.dispose();
  });
});

test('a cell that was executed twice and showed nothing is listed once', () => {
  const judged = (
    cell: number,
    some: Partial<CellJudgement> = {}
  ): CellJudgement => ({
    ...{ cell, verdict: 'identical', outputs: [] },
    ...some
  });
  const shown = { kind: 'text', verdict: 'identical' } as never;
  const cells = [
    judged(1),
    judged(2, { outputs: [shown] }),
    judged(1),
    judged(2, { outputs: [shown] }),
    judged(1, { verdict: 'differs' })
  ];
  expect(withoutRepeats(cells)).toEqual([
    ...cells.slice(0, 2),
    ...cells.slice(3)
  ]);
});
