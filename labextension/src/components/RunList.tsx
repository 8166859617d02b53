import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { markIcons } from '../icons';
import type { Draft, RunSummary } from '../schema';
import { CommandIDs } from '../tokens';
import { Button } from './Button';
import { runState, type State, stateName } from './Marks';
import { Empty, Failure, Loading } from './Notices';
import { DraftOrder } from './Order';
import { measured, RunRow, UnderWay, Values } from './RunRow';
import { useCommand, useServices, useSignal } from './services';
import { Elapsed } from './Times';

/** JupyterLab's own command. */
const RUN_ALL = 'notebook:run-all-cells';

/** The runs of the active notebook, or why there are none, above what may be done with some. */
export function RunList(): JSX.Element {
  useSignal(useServices().mlops.runs.changed);
  return (
    <>
      <div className="jp-mlops-Scroll">
        <Shown />
      </div>
      <SelectionBar />
    </>
  );
}

function Shown(): JSX.Element {
  const { mlops, trans } = useServices();
  const { notebook } = mlops.runs;
  useSignal(mlops.feed.statusChanged);

  if (notebook.panel === null) {
    return (
      <Empty
        title={trans.__('No notebook is active')}
        text={trans.__(
          'Open a notebook: its runs appear here while they happen.'
        )}
      />
    );
  }
  if (notebook.path === null) {
    return (
      <Empty
        title={trans.__('Not a file of this server')}
        text={trans.__(
          '%1 is stored elsewhere, so its runs can’t be listed here.',
          notebook.name
        )}
      />
    );
  }
  return <Listed />;
}

function Listed(): JSX.Element {
  const { mlops, trans } = useServices();
  const { runs, feed } = mlops;
  const { list, error, draft } = runs;
  const refresh = (): void => void feed.refresh();
  const what = trans.__('Listing the runs');
  if (list === null && feed.error) {
    // The head of the panel says it already.
    return <></>;
  }
  if (list === null) {
    return error ? (
      <Failure error={error} what={what} onRetry={refresh} />
    ) : (
      <Loading label={trans.__('Loading runs…')} lines={6} />
    );
  }
  return (
    <>
      <div className="jp-mlops-mod-hidden" aria-live="polite">
        {counted(list, trans)}
      </div>
      {error && !feed.error && (
        <Failure inline error={error} what={what} onRetry={refresh} />
      )}
      {draft && <DraftCard draft={draft} />}
      {list.length === 0 ? (
        <NoRuns hasDraft={draft !== null} />
      ) : (
        <Rows list={list} />
      )}
      {runs.hasMore && (
        <Button
          className="jp-mlops-RunList-more"
          onClick={() => void runs.showMore()}
        >
          {trans.__('Show older runs')}
        </Button>
      )}
    </>
  );
}

/** How many runs there are, and how many in each state. */
function counted(
  list: readonly RunSummary[],
  trans: TranslationBundle
): string {
  const states = new Map<State, number>();
  for (const state of list.map(runState)) {
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  const all = trans._n('%1 run', '%1 runs', list.length);
  const parts = [...states].map(
    ([state, count]) => `${count} ${stateName(state, trans)}`
  );
  return parts.length > 0 ? `${all}: ${parts.join(', ')}` : all;
}

/** Why there are no runs although cells are executed, as a title and a text. */
function useWhyNone(): [string, string] | null {
  const { mlops, trans } = useServices();
  const { isExecuting, optedOut, kernel } = mlops.runs.notebook;
  const { feed } = mlops;
  const capture = feed.captureOf(kernel);
  // Why, and what to do, is what the head of the panel says.
  if (capture?.fault) {
    return [
      trans.__('No runs'),
      trans.__('What this notebook’s kernel executed has not been recorded.')
    ];
  }
  const isOff = feed.status?.capture === false || capture?.recording === false;
  if (optedOut || isOff) {
    return [
      trans.__('No runs'),
      trans.__('Nothing of this notebook was recorded, and capture is off.')
    ];
  }
  return isExecuting
    ? [
        trans.__('A cell is executing'),
        trans.__(
          'Its run appears here as soon as it is recorded, and grows with each cell.'
        )
      ]
    : null;
}

function NoRuns(props: { hasDraft: boolean }): JSX.Element {
  const { mlops, trans, commands } = useServices();
  const execute = useCommand();
  const why = useWhyNone();
  if (why !== null) {
    return <Empty title={why[0]} text={why[1]} />;
  }
  const runAll = async (): Promise<void> => {
    // Before its kernel is there, JupyterLab would ask which one to start.
    await mlops.runs.notebook.panel?.sessionContext.ready;
    execute(RUN_ALL);
  };
  return (
    <Empty
      title={
        props.hasDraft ? trans.__('No result yet') : trans.__('No runs yet')
      }
      text={trans.__(
        'Execute the notebook as you always do. What its cells use and produce becomes a run, without a line of code.'
      )}
    >
      {commands.hasCommand(RUN_ALL) && (
        <Button isMain onClick={() => void runAll()}>
          {trans.__('Run all cells')}
        </Button>
      )}
    </Empty>
  );
}

function DraftCard(props: { draft: Draft }): JSX.Element {
  const { trans } = useServices();
  const { executing, parameters } = props.draft;
  return (
    <section className="jp-mlops-Draft" aria-label={trans.__('Draft')}>
      <div className="jp-mlops-Run-head">
        <markIcons.pencil.react
          tag="span"
          className="jp-mlops-Mark-icon"
          aria-hidden="true"
        />
        <strong>{trans.__('Draft')}</strong>
        <span className="jp-mlops-mod-quiet">
          {trans.__('changed, no result yet')}
        </span>
        {executing && <Elapsed at={executing.started} />}
      </div>
      {executing && (
        <div className="jp-mlops-Run-origin jp-mlops-mod-quiet">
          <UnderWay executing={executing} />
        </div>
      )}
      <Values values={parameters} names={Object.keys(parameters)} limit={6} />
      <DraftOrder draft={props.draft} />
    </section>
  );
}

/** Below the rows and outside of what scrolls, so that it neither moves nor covers any. */
function SelectionBar(): JSX.Element {
  const { mlops, trans } = useServices();
  const execute = useCommand();
  const { runs } = mlops;
  const { selected } = runs;
  const isShown = selected.length > 0;
  React.useLayoutEffect(() => {
    if (isShown) {
      // It takes room from the list, whose last visible row may be the one just selected.
      const row = document.activeElement?.closest('[role="option"]');
      row?.scrollIntoView({ block: 'nearest' });
    }
  }, [isShown]);
  if (!isShown) {
    return <></>;
  }
  return (
    <div
      className="jp-mlops-SelectionBar"
      role="toolbar"
      aria-label={trans.__('Selected runs')}
    >
      <span aria-live="polite">{trans.__('%1 selected', selected.length)}</span>
      <Button
        isMain
        disabled={selected.length < 2}
        title={
          selected.length < 2
            ? trans.__('Select another run to compare with')
            : ''
        }
        onClick={() => execute(CommandIDs.compareRuns)}
      >
        {trans.__('Compare')}
      </Button>
      <Button title={trans.__('Select none')} onClick={() => runs.select([])}>
        {trans.__('Clear')}
      </Button>
    </div>
  );
}

function Rows(props: { list: readonly RunSummary[] }): JSX.Element {
  const { mlops, trans } = useServices();
  const { runs } = mlops;
  const keyboard = useKeyboard(props.list.map(run => run.id));
  const names = {
    parameters: varyingFirst(props.list.map(run => run.parameters)),
    metrics: varyingFirst(props.list.map(measured))
  };
  return (
    <ul
      ref={keyboard.list}
      className="jp-mlops-RunList"
      role="listbox"
      aria-multiselectable="true"
      aria-label={trans.__('Runs of %1, newest first', runs.notebook.name)}
      onKeyDown={keyboard.onKeyDown}
    >
      {props.list.map(run => (
        <RunRow
          key={run.id}
          run={run}
          names={names}
          isTabStop={run.id === keyboard.stop}
          onFocus={() => keyboard.setFocused(run.id)}
        />
      ))}
    </ul>
  );
}

interface IKeyboard {
  list: React.RefObject<HTMLUListElement>;
  /** The one row that Tab reaches; the arrow keys move on from it. */
  stop: string;
  setFocused: (run: string) => void;
  onKeyDown: (event: React.KeyboardEvent) => void;
}

function useKeyboard(ids: string[]): IKeyboard {
  const { runs } = useServices().mlops;
  const execute = useCommand();
  const [focused, setFocused] = React.useState<string | null>(null);
  const list = React.useRef<HTMLUListElement>(null);
  const stop =
    [focused, runs.shown].find(id => id && ids.includes(id)) ?? ids[0];

  const moveTo = (index: number): void => {
    const id = ids[Math.max(0, Math.min(index, ids.length - 1))];
    setFocused(id);
    list.current
      ?.querySelector<HTMLElement>(`[data-run="${CSS.escape(id)}"]`)
      ?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const index = ids.indexOf(stop);
    const plain: Record<string, () => void> = {
      ArrowDown: () => moveTo(index + 1),
      ArrowUp: () => moveTo(index - 1),
      Home: () => moveTo(0),
      End: () => moveTo(ids.length - 1),
      Enter: () => runs.choose(stop),
      ' ': () => runs.toggle(stop),
      Escape: () => runs.select([]),
      Delete: () => execute(CommandIDs.forgetRun, { run: stop })
    };
    const withControl: Record<string, () => void> = {
      a: () => runs.select(ids)
    };
    const isControl = event.ctrlKey || event.metaKey;
    const action = event.altKey
      ? undefined
      : (isControl ? withControl : plain)[event.key];
    if (action) {
      event.preventDefault();
      event.stopPropagation();
      action();
    }
  };
  return { list, stop, setFocused, onKeyDown };
}

/** All names in the order they come, those first that have another value in some row with them. */
export function varyingFirst(
  rows: readonly Record<string, unknown>[]
): string[] {
  const names = Array.from(new Set(rows.flatMap(row => Object.keys(row))));
  const varies = (name: string): boolean => {
    const having = rows.filter(row => name in row);
    return new Set(having.map(row => JSON.stringify(row[name]))).size > 1;
  };
  return [...names.filter(varies), ...names.filter(name => !varies(name))];
}
