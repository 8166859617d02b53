import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { editedIn, newestOf, sinceEdited } from '../components/Order';
import { ShownRun } from '../components/RunDetail';
import { RunList } from '../components/RunList';
import { ServicesProvider } from '../components/services';
import type { Disorder, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { cellOf, pageOf, runOf, Stage, summaryOf } from './server';

const STALE: Disorder = {
  ...{ kind: 'stale', what: 'df', cell: 3 },
  why: 'was written again by cell 3 since'
};
const HIDDEN: Disorder = {
  ...{ kind: 'hidden state', what: 'lr', cell: null },
  why: 'was changed outside a cell'
};

describe('The order of a run', () => {
  let stage: Stage;

  const open = async (view: JSX.Element, page: Stage): Promise<void> => {
    stage = page;
    await stage.feed.refresh();
    await stage.runs.refresh();
    render(<ServicesProvider value={stage.services}>{view}</ServicesProvider>);
  };
  const show = async (some: Partial<Run>): Promise<void> => {
    const page = new Stage(pageOf(summaryOf('a')));
    page.server.on('GET', 'runs/a', () => ({
      body: runOf(summaryOf('a'), some)
    }));
    await open(<ShownRun />, page);
    await screen.findByText('Cells');
  };

  it('is said at the head, and with each cell, with links to the cells', async () => {
    await show({
      cells: [
        cellOf(3),
        cellOf(4, { disorder: [STALE, { ...STALE, what: 'X' }] }),
        cellOf(6, { disorder: [STALE, HIDDEN] })
      ]
    });
    stage.addCommands(CommandIDs.showCell);
    const line = document.querySelector('.jp-mlops-OrderLine');
    expect(line?.getAttribute('role')).toBe('status');
    expect(line?.textContent).toContain('2 stale, 1 hidden state');
    expect(line?.textContent).toContain('cell 4 cell 6');
    const [fourth, sixth] = document.querySelectorAll('.jp-mlops-CellOrder');
    expect(fourth.textContent).toContain(
      'df, X was written again by cell 3 since'
    );
    expect(sixth.querySelectorAll('li')).toHaveLength(2);
    const link = Array.from(fourth.querySelectorAll('button, a')).find(
      one => one.textContent === 'cell 3'
    );
    fireEvent.click(link as Element);
    expect(stage.executed).toEqual([
      [CommandIDs.showCell, { run: 'a', cell: 3 }]
    ]);
    expect(screen.getByText('Cells').closest('details')?.open).toBe(true);
  });

  it('is nothing to speak of where all cells are in order', async () => {
    await show({ cells: [cellOf(3), cellOf(4)] });
    expect(document.querySelector('.jp-mlops-OrderLine')).toBeNull();
    expect(document.querySelector('.jp-mlops-CellOrder')).toBeNull();
  });

  it('is counted in the list', async () => {
    const disorder = { stale: 2, unknown: 1 };
    await open(<RunList />, new Stage(pageOf(summaryOf('a', { disorder }))));
    expect(await screen.findByText('2 stale, 1 order unknown')).toBeTruthy();
  });
});

describe('Cells that were edited since', () => {
  const run = runOf(summaryOf('a', { status: 'running' }), {
    cells: [
      cellOf(0, { id: 'load' }),
      cellOf(1, { id: 'fit', origins: { df: 0, w: 1 } }),
      cellOf(2, { id: 'plot', origins: { df: 0 }, disorder: [STALE] })
    ]
  });
  const open = (cells: object[]): never => ({ model: { cells } }) as never;

  it('are those that differ from what was executed, and those that are gone', () => {
    const models = [{ id: 'load', isDirty: true }, { id: 'fit' }];
    expect(editedIn(run, open(models))).toEqual([
      { cell: 0, isGone: false },
      { cell: 2, isGone: true }
    ]);
  });

  it('are none of another notebook, and none of a run that is over', () => {
    expect(editedIn(run, open([{ id: 'other' }]))).toEqual([]);
    expect(editedIn(run, null)).toEqual([]);
    const over = { ...run, status: 'completed' as const };
    expect(editedIn(over, open([{ id: 'load', isDirty: true }]))).toEqual([]);
  });

  it('let those that took something from them have hidden state, said once', () => {
    const edited = [{ cell: 0, isGone: false }];
    expect(sinceEdited(run.cells[1], edited)).toEqual([
      {
        ...{ kind: 'hidden state', what: 'df', cell: 0 },
        why: 'came from cell 0 as it was before it was edited'
      }
    ]);
    expect(sinceEdited(run.cells[2], edited)).toEqual([]);
    const [gone] = sinceEdited(run.cells[1], [{ cell: 0, isGone: true }]);
    expect([gone.why, gone.cell]).toEqual([
      'came from a cell that was deleted since',
      null
    ]);
  });

  it('concern the last execution of a cell', () => {
    const cells = [cellOf(1), cellOf(null), cellOf(1)];
    expect(cells.map(one => newestOf(cells, one))).toEqual([2, 1, 2]);
  });
});
