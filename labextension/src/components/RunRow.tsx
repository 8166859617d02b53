import * as React from 'react';

import { errorText, shorten, shortenRedactions, wholeValue } from '../format';
import { markIcons } from '../icons';
import type { Executing, RunSummary } from '../schema';
import { runState, type State, StateMark, triggerName } from './Marks';
import { OrderTag } from './Order';
import { Value } from './Redacted';
import { useServices } from './services';
import { Duration, Moment } from './Times';

/** Rows are for telling runs apart; the exact number stands in the tooltip and the detail. */
const ROW_DIGITS = 5;

/** Of most runs; their mark alone tells, and what it means when it is pointed at. */
const ORDINARY: State[] = ['completed', 'open'];

/** The metrics of a run that stand in a row; those that cells only printed do not. */
export function measured(run: RunSummary): RunSummary['metrics'] {
  return Object.fromEntries(
    Object.entries(run.metrics).filter(([name]) => !run.inferred.includes(name))
  );
}

/** One run of the list. */
export function RunRow(props: {
  run: RunSummary;
  names: { parameters: string[]; metrics: string[] };
  isTabStop: boolean;
  onFocus: () => void;
}): JSX.Element {
  const { runs } = useServices().mlops;
  const { run, names } = props;
  const state = runState(run);
  return (
    <li
      className={`jp-mlops-Run${run.id === runs.shown ? ' jp-mod-shown' : ''}`}
      role="option"
      aria-selected={runs.selected.includes(run.id)}
      aria-current={run.id === runs.shown}
      tabIndex={props.isTabStop ? 0 : -1}
      data-run={run.id}
      onClick={() => runs.choose(run.id)}
      onFocus={props.onFocus}
    >
      <Check run={run.id} />
      <div className="jp-mlops-Run-body">
        <div className="jp-mlops-Run-head">
          <span className="jp-mlops-Run-when">
            <StateMark state={state} wordless={ORDINARY.includes(state)} />
            <Moment at={run.started} />
            <Origin run={run} />
            <OrderTag disorder={run.disorder} />
          </span>
          <Duration run={run} />
        </div>
        <ErrorLine run={run} />
        <div className="jp-mlops-Run-values">
          <Values
            kind="metric"
            values={measured(run)}
            names={names.metrics}
            limit={runs.settings.metricsPerRun}
          />
          <Values
            values={run.parameters}
            names={names.parameters}
            limit={runs.settings.parametersPerRun}
          />
        </div>
      </div>
    </li>
  );
}

function Check(props: { run: string }): JSX.Element {
  const { mlops, trans } = useServices();
  const { runs } = mlops;
  const isSelected = runs.selected.includes(props.run);
  return (
    <span
      className="jp-mlops-Check"
      aria-hidden="true"
      title={trans.__('Select to compare')}
      onClick={event => {
        event.stopPropagation();
        runs.toggle(props.run);
      }}
    >
      <span
        className={`jp-mlops-Check-box${isSelected ? ' jp-mod-checked' : ''}`}
      >
        <markIcons.check.react tag="span" />
      </span>
    </span>
  );
}

/** By which name people know it, what made it happen if not they by hand, what executes now. */
function Origin(props: { run: RunSummary }): JSX.Element {
  const { trans } = useServices();
  const { run } = props;
  const isMore = [run.parent, run.verdict, run.executing].some(Boolean);
  return (
    <span
      className={`jp-mlops-Run-origin jp-mlops-mod-quiet${isMore ? ' jp-mod-below' : ''}`}
    >
      {run.parent === null ? (
        <code title={run.id}>{shorten(run.id)}</code>
      ) : (
        <Original run={run.parent} />
      )}
      {run.parent === null && run.trigger !== 'interactive' && (
        <span>{triggerName(run.trigger, trans)}</span>
      )}
      {run.verdict !== null && <StateMark state={run.verdict} />}
      {run.executing !== null && <UnderWay executing={run.executing} />}
    </span>
  );
}

/** Which cell executes now. */
export function UnderWay(props: { executing: Executing }): JSX.Element {
  const { trans } = useServices();
  const { cell } = props.executing;
  return (
    <span className="jp-mlops-Run-executing">
      {cell === null
        ? trans.__('a cell is executing')
        : trans.__('cell %1 is executing', cell)}
    </span>
  );
}

/** Leads to the run that was reproduced; by keyboard the detail does. */
function Original(props: { run: string }): JSX.Element {
  const { mlops, trans } = useServices();
  return (
    <span
      className="jp-mlops-Run-original"
      title={trans.__('Show run %1, which was reproduced', props.run)}
      onClick={event => {
        event.stopPropagation();
        mlops.runs.choose(props.run);
      }}
    >
      {trans.__('reproduction of %1', shorten(props.run))}
    </span>
  );
}

function ErrorLine(props: { run: RunSummary }): JSX.Element {
  const { trans } = useServices();
  const { error } = props.run;
  if (error === null) {
    return <></>;
  }
  const { cell, type, message } = error;
  return (
    <div className="jp-mlops-Run-error" title={errorText(error)}>
      <strong>
        {cell === null
          ? type
          : trans._p('error type, cell', '%1 in cell %2', type, cell)}
      </strong>
      {message && `: ${shortenRedactions(message)}`}
    </div>
  );
}

/** The values of a row, those with the first names first. */
export function Values(props: {
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
          className={`jp-mlops-Value${
            typeof props.values[name] === 'number' ? '' : ' jp-mod-text'
          }`}
          title={`${name} = ${wholeValue(props.values[name])}`}
        >
          <span className="jp-mlops-Value-name">{name}</span>{' '}
          <span className="jp-mlops-Value-value">
            <Value value={props.values[name]} digits={ROW_DIGITS} />
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
