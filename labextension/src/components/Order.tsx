import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { markIcons } from '../icons';
import type { CellExecution, Disorder, Draft, Run } from '../schema';
import { CellLink } from './CellLink';
import { useServices } from './services';
import { Tag } from './Tag';

type Kind = Disorder['kind'];
type Counts = Partial<Record<Kind, number>>;

/** A cell of a run that the notebook no longer has as it was executed. */
export interface IEdited {
  cell: number;
  isGone: boolean;
}

const KINDS: Kind[] = ['stale', 'out of order', 'hidden state', 'unknown'];

function kindName(kind: Kind, trans: TranslationBundle): string {
  const names: Record<Kind, string> = {
    stale: trans.__('stale'),
    'out of order': trans.__('out of order'),
    'hidden state': trans.__('hidden state'),
    unknown: trans.__('order unknown')
  };
  return names[kind] ?? kind;
}

function kindMeaning(kind: Kind, trans: TranslationBundle): string {
  const meanings: Record<Kind, string> = {
    stale: trans.__(
      'Something that it took has changed since; executing it again brings it up to date'
    ),
    'out of order': trans.__(
      'The notebook, executed from its top, would give it something else to work on'
    ),
    'hidden state': trans.__(
      'No cell of the notebook gives what it took any more'
    ),
    unknown: trans.__(
      'Nobody can tell whether the notebook, executed from its top, would give the same'
    )
  };
  return meanings[kind] ?? kind;
}

/** How many cells are not in order, and what they are instead: “2 stale, 1 out of order”. */
function inWords(counts: Counts, trans: TranslationBundle): string {
  return KINDS.filter(kind => counts[kind])
    .map(kind =>
      trans._p(
        'number of cells, what they are',
        '%1 %2',
        counts[kind],
        kindName(kind, trans)
      )
    )
    .join(', ');
}

function counted(cells: readonly CellExecution[]): Counts {
  const counts: Counts = {};
  for (const { disorder } of cells) {
    for (const kind of new Set(disorder.map(one => one.kind))) {
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
  }
  return counts;
}

/** Beside a run of the list. */
export function OrderTag(props: { disorder: Counts }): JSX.Element {
  const { trans } = useServices();
  const text = inWords(props.disorder, trans);
  return text ? (
    <Tag title={trans.__('Cells that are not in order: %1', text)}>{text}</Tag>
  ) : (
    <></>
  );
}

/** At a run's head: which cells are not what the notebook, from its top, would give. */
export function RunOrder(props: { run: Run }): JSX.Element {
  const { id, cells } = props.run;
  return <OrderLine run={id} cells={cells} />;
}

/** In the draft's card; its cells belong to no run yet. */
export function DraftOrder(props: { draft: Draft }): JSX.Element {
  return <OrderLine run={null} cells={props.draft.cells} />;
}

function OrderLine(props: {
  run: string | null;
  cells: readonly CellExecution[];
}): JSX.Element {
  const { trans } = useServices();
  const { run, cells } = props;
  const text = inWords(counted(cells), trans);
  if (!text) {
    return <></>;
  }
  const places = cells
    .filter(({ disorder, cell }) => disorder.length > 0 && cell !== null)
    .map(({ cell }) => cell);
  return (
    <div className="jp-mlops-OrderLine" role="status">
      <markIcons.warning.react
        tag="span"
        className="jp-mlops-Mark-icon"
        aria-hidden="true"
      />
      <span>
        {trans._p('cells that are not in order', 'Cells: %1', text)}{' '}
        {run !== null &&
          Array.from(new Set(places)).map(cell => (
            <React.Fragment key={cell}>
              <CellLink run={run} cell={cell} />{' '}
            </React.Fragment>
          ))}
      </span>
    </div>
  );
}

/** Under a cell: why it is not in order, each reason with the cell that it tells of. */
export function CellOrder(props: {
  run: string;
  disorder: readonly Disorder[];
}): JSX.Element {
  const { trans } = useServices();
  const groups = byReason(props.disorder);
  if (groups.length === 0) {
    return <></>;
  }
  return (
    <ul className="jp-mlops-CellOrder">
      {groups.map(({ kind, what, why, cell }) => (
        <li key={`${kind} ${why}`}>
          <span className="jp-mlops-CellOrder-kind">
            <markIcons.warning.react
              tag="span"
              className="jp-mlops-Mark-icon"
              aria-hidden="true"
            />
            <Tag title={kindMeaning(kind, trans)}>{kindName(kind, trans)}</Tag>
          </span>
          <span>
            {what && <code>{what}</code>}{' '}
            <Why run={props.run} why={why} cell={cell} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A reason, in which the cell that it tells of is a link. */
function Why(props: {
  run: string;
  why: string;
  cell: number | null;
}): JSX.Element {
  const { run, why, cell } = props;
  const [before, after] = why.split(`cell ${cell}`, 2);
  if (cell === null || after === undefined) {
    return <>{why}</>;
  }
  return (
    <>
      {before}
      <CellLink run={run} cell={cell} />
      {after}
    </>
  );
}

/** What is so for one reason in one piece. */
function byReason(disorder: readonly Disorder[]): Disorder[] {
  const groups = new Map<string, Disorder>();
  for (const one of disorder) {
    const key = `${one.kind} ${one.why}`;
    const known = groups.get(key);
    const what = known?.what ? `${known.what}, ${one.what}` : one.what;
    groups.set(key, { ...one, what });
  }
  return Array.from(groups.values());
}

/** The index of the last execution of the cell that `one` is an execution of. */
export function newestOf(
  cells: readonly CellExecution[],
  one: CellExecution
): number {
  return one.cell === null
    ? cells.indexOf(one)
    : cells.map(({ cell }) => cell).lastIndexOf(one.cell);
}

/**
 * What an execution is by what people did to the document since: what it took came from a cell
 * whose source is another one by now, and that was not executed again.
 */
export function sinceEdited(
  execution: CellExecution,
  edited: readonly IEdited[]
): Disorder[] {
  return Object.entries(execution.origins ?? {}).flatMap(([what, from]) => {
    const found = edited.find(({ cell }) => cell === from);
    const isSaid = execution.disorder.some(one => one.what === what);
    if (!found || isSaid || from === execution.cell) {
      return [];
    }
    const why = found.isGone
      ? 'came from a cell that was deleted since'
      : `came from cell ${from} as it was before it was edited`;
    return [
      {
        kind: 'hidden state' as const,
        what,
        why,
        cell: found.isGone ? null : from
      }
    ];
  });
}

/** The cells of a run that are edited, or deleted, in the notebook on show, as it is right now. */
export function useEdited(run: Run): readonly IEdited[] {
  const { notebook } = useServices().mlops.runs;
  const { panel } = notebook;
  const model = panel?.model ?? null;
  const [edited, setEdited] = React.useState<readonly IEdited[]>([]);
  React.useEffect(() => {
    const look = (): void => {
      const now = editedIn(run, panel);
      setEdited(was =>
        JSON.stringify(was) === JSON.stringify(now) ? was : now
      );
    };
    look();
    model?.contentChanged.connect(look);
    return () => {
      model?.contentChanged.disconnect(look);
    };
  }, [run, panel, model]);
  return edited;
}

/**
 * JupyterLab knows of each cell whether its source is still the one that this page executed last.
 * What a page loaded later can't know, it does not say.
 */
export function editedIn(
  run: Run,
  panel: Pick<NotebookPanel, 'model'> | null
): IEdited[] {
  const models = Array.from(panel?.model?.cells ?? []);
  const there = new Map(models.map(model => [model.id, model]));
  const ids = new Map(run.cells.map(({ cell, id }) => [cell, id]));
  // Another notebook's cells were not deleted: they were never there.
  if (
    run.status !== 'running' ||
    ![...ids.values()].some(id => id && there.has(id))
  ) {
    return [];
  }
  return [...ids].flatMap(([cell, id]) => {
    if (cell === null || !id) {
      return [];
    }
    const model = there.get(id) as { isDirty?: boolean } | undefined;
    return model && !model.isDirty ? [] : [{ cell, isGone: !model }];
  });
}
