import * as React from 'react';

import type { Run } from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { useCommand, useServices } from './services';

/** The run whose record is on show; it tells which cell stood at which position. */
const RunOnShow = React.createContext<Run | null>(null);

export const RunOnShowProvider = RunOnShow.Provider;

/** Names the cell that something came from, and shows it when pressed. */
export function CellLink(props: {
  run: string;
  cell: number | null;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const execute = useCommand();
  const onShow = React.useContext(RunOnShow);
  // The notebook may have changed since this was rendered: asked again by whoever looks.
  const [, look] = React.useReducer((n: number) => n + 1, 0);
  const { run, cell } = props;
  if (cell === null) {
    const isConsole =
      onShow?.id === run && onShow.cells.some(({ console }) => console);
    return (
      <span className="jp-mlops-mod-quiet">
        {isConsole ? trans.__('console') : trans.__('no cell')}
      </span>
    );
  }
  const { panel } = mlops.runs.notebook;
  const isThere =
    onShow?.id === run &&
    isAt(onShow, cell, Array.from(panel?.model?.cells ?? []));
  return (
    <Link
      title={
        isThere
          ? trans.__(
              'Scroll to cell %1. Runs count cells from 0, text cells too; JupyterLab’s status bar counts from 1 and calls it %2.',
              cell,
              cell + 1
            )
          : trans.__(
              'Scroll to cell %1, counted from 0 in the notebook as the run has it.',
              cell
            )
      }
      onPointerEnter={look}
      onFocus={look}
      onClick={() => execute(CommandIDs.showCell, { run, cell })}
    >
      {trans.__('cell %1', cell)}
    </Link>
  );
}

/** Whether what a run calls cell `cell` stands at that position among `cells`; ids alone tell. */
export function isAt(
  run: Run,
  cell: number,
  cells: readonly { id: string }[]
): boolean {
  const recorded = run.cells.find(execution => execution.cell === cell);
  return !!recorded?.id && cells[cell]?.id === recorded.id;
}
