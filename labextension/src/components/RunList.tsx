import * as React from 'react';

import { formatDuration, formatTime, formatValue, wholeValue } from '../format';
import { markIcons } from '../icons';
import type { Draft, RunSummary } from '../schema';
import { CommandIDs } from '../tokens';
import { Button } from './Button';
import { runState, StateMark, stateName, triggerName } from './Marks';
import { Empty, Failure, Loading } from './Notices';
import { useCommand, useServices, useSignal } from './services';

/** Rows are for telling runs apart; the exact number stands in the tooltip and the detail. */
const ROW_DIGITS = 5;

/** JupyterLab's own command. */
const RUN_ALL = 'notebook:run-all-cells';

/** The runs of the active notebook, or why there are none. */
export function RunList(): JSX.Element {
  const { mlops, trans } = useServices();
  const { runs, feed } = mlops;
  useSignal(runs.changed);
  useSignal(feed.statusChanged);
  const { notebook } = runs;

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
      {error && !feed.error && (
        <Failure inline error={error} what={what} onRetry={refresh} />
      )}
      <SelectionBar />
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
      <div className="jp-mlops-mod-hidden" aria-live="polite">
        {trans._n('%1 run', '%1 runs', list.length)}
        {list.length > 0 && `, ${stateName(runState(list[0]), trans)}`}
      </div>
    </>
  );
}

function NoRuns(props: { hasDraft: boolean }): JSX.Element {
  const { mlops, trans, commands } = useServices();
  const execute = useCommand();
  const canRun = commands.hasCommand(RUN_ALL);
  const runAll = async (): Promise<void> => {
    // Before its kernel is there, JupyterLab would ask which one to start.
    await mlops.runs.notebook.panel?.sessionContext.ready;
    execute(RUN_ALL);
  };
  if (mlops.feed.status?.capture === false) {
    return (
      <Empty
        title={trans.__('No runs')}
        text={trans.__(
          'Nothing of this notebook was recorded, and capture is off.'
        )}
      />
    );
  }
  return (
    <Empty
      title={
        props.hasDraft ? trans.__('No result yet') : trans.__('No runs yet')
      }
      text={trans.__(
        'Execute the notebook as you always do. What its cells use and produce becomes a run, without a line of code.'
      )}
    >
      {canRun && (
        <Button isMain onClick={() => void runAll()}>
          {trans.__('Run all cells')}
        </Button>
      )}
    </Empty>
  );
}

function DraftCard(props: { draft: Draft }): JSX.Element {
  const { trans } = useServices();
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
      </div>
      <Values
        values={props.draft.parameters}
        names={Object.keys(props.draft.parameters)}
        limit={6}
      />
    </section>
  );
}

function SelectionBar(): JSX.Element {
  const { mlops, trans } = useServices();
  const execute = useCommand();
  const { runs } = mlops;
  const { selected } = runs;
  if (selected.length === 0) {
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
      <Button onClick={() => runs.select([])}>{trans.__('Clear')}</Button>
    </div>
  );
}

function Rows(props: { list: readonly RunSummary[] }): JSX.Element {
  const { mlops, trans } = useServices();
  const { runs } = mlops;
  const keyboard = useKeyboard(props.list.map(run => run.id));
  const names = {
    parameters: varyingFirst(props.list.map(run => run.parameters)),
    metrics: varyingFirst(props.list.map(run => run.metrics))
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
        <Row
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
      Escape: () => runs.select([])
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

function Row(props: {
  run: RunSummary;
  names: { parameters: string[]; metrics: string[] };
  isTabStop: boolean;
  onFocus: () => void;
}): JSX.Element {
  const { mlops, trans, locale } = useServices();
  const { runs } = mlops;
  const { run, names } = props;
  const state = runState(run);
  const isSelected = runs.selected.includes(run.id);
  return (
    <li
      className={`jp-mlops-Run${run.id === runs.shown ? ' jp-mod-shown' : ''}`}
      role="option"
      aria-selected={isSelected}
      aria-current={run.id === runs.shown}
      tabIndex={props.isTabStop ? 0 : -1}
      data-run={run.id}
      onClick={() => runs.choose(run.id)}
      onFocus={props.onFocus}
    >
      <span
        className="jp-mlops-Check"
        aria-hidden="true"
        title={trans.__('Select to compare')}
        onClick={event => {
          event.stopPropagation();
          runs.toggle(run.id);
        }}
      >
        <span
          className={`jp-mlops-Check-box${isSelected ? ' jp-mod-checked' : ''}`}
        >
          <markIcons.check.react tag="span" />
        </span>
      </span>
      <div className="jp-mlops-Run-body">
        <div className="jp-mlops-Run-head">
          <StateMark state={state} wordless={state === 'completed'} />
          <time
            dateTime={run.started}
            title={new Date(run.started).toLocaleString(locale)}
          >
            {formatTime(run.started, locale)}
          </time>
          <span className="jp-mlops-mod-quiet">
            {triggerName(run.trigger, trans)}
          </span>
          {run.duration_s !== null && state !== 'running' && (
            <span className="jp-mlops-Run-duration jp-mlops-mod-quiet">
              {formatDuration(run.duration_s)}
            </span>
          )}
        </div>
        <Values
          kind="metric"
          values={run.metrics}
          names={names.metrics}
          limit={runs.settings.metricsPerRun}
        />
        <Values
          values={run.parameters}
          names={names.parameters}
          limit={runs.settings.parametersPerRun}
        />
      </div>
    </li>
  );
}

function Values(props: {
  kind?: 'metric';
  values: Record<string, unknown>;
  names: string[];
  limit: number;
}): JSX.Element {
  const { trans } = useServices();
  const present = props.names.filter(name => name in props.values);
  const shown = present.slice(0, props.limit);
  const rest = present.length - shown.length;
  if (present.length === 0 || props.limit === 0) {
    return <></>;
  }
  return (
    <div
      className={`jp-mlops-Values${props.kind ? ` jp-mod-${props.kind}` : ''}`}
    >
      {shown.map(name => (
        <span
          key={name}
          className="jp-mlops-Value"
          title={`${name} = ${wholeValue(props.values[name])}`}
        >
          <span className="jp-mlops-Value-name">{name}</span>{' '}
          <span className="jp-mlops-Value-value">
            {formatValue(props.values[name], ROW_DIGITS)}
          </span>
        </span>
      ))}
      {rest > 0 && (
        <span
          className="jp-mlops-mod-quiet"
          title={trans._n('%1 more', '%1 more', rest)}
        >
          {`+${rest}`}
        </span>
      )}
    </div>
  );
}

/** All names in the order they come, those whose value is not the same everywhere first. */
export function varyingFirst(
  rows: readonly Record<string, unknown>[]
): string[] {
  const names = Array.from(new Set(rows.flatMap(row => Object.keys(row))));
  const varies = (name: string): boolean =>
    new Set(rows.map(row => JSON.stringify(row[name]))).size > 1;
  return [...names.filter(varies), ...names.filter(name => !varies(name))];
}
