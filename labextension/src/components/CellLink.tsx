import * as React from 'react';

import type { CellExecution, Run } from '../schema';
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
  /** What is known of one without a place. */
  of?: Pick<CellExecution, 'console' | 'injected'>;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const execute = useCommand();
  const onShow = React.useContext(RunOnShow);
  // The notebook may have changed since this was rendered: asked again by whoever looks.
  const [, look] = React.useReducer((n: number) => n + 1, 0);
  const { run, cell } = props;
  if (cell === null) {
    return <Placeless run={onShow?.id === run ? onShow : null} of={props.of} />;
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

/** In place of a cell's number, why there is none. */
function Placeless(props: {
  run: Run | null;
  of?: Pick<CellExecution, 'console' | 'injected'>;
}): JSX.Element {
  const { trans } = useServices();
  const { run } = props;
  const candidates = run?.cells.filter(({ cell }) => cell === null) ?? [];
  const all = props.of ? [props.of] : candidates;
  const [text, title] = all.some(one => one.console)
    ? [trans.__('console'), trans.__('A console sent it, not the notebook')]
    : all.some(one => one.injected)
      ? [
          trans.__('added'),
          trans.__('Added for this run; the notebook has no such cell')
        ]
      : run?.status === 'running'
        ? [
            trans.__('not saved yet'),
            trans.__(
              'It gets its number when the notebook is saved with this cell'
            )
          ]
        : [
            trans.__('no number'),
            trans.__(
              'The notebook as it is kept with this run has no such cell: it was not saved with it'
            )
          ];
  return (
    <span className="jp-mlops-mod-quiet" title={title}>
      {text}
    </span>
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
