import * as React from 'react';

import { Clock } from '../clock';
import { formatDay, formatDuration, formatTime, wholeTime } from '../format';
import type { Run, RunSummary } from '../schema';
import { useServices, useSignal } from './services';

const ClockContext = React.createContext<Clock | null>(null);

/** Gives what ticks below it the one clock of its panel. */
export const ClockProvider = ClockContext.Provider;

/** When something began: short, with the whole of it to read on hovering. */
export function Moment(props: { at: string; withDay?: boolean }): JSX.Element {
  const { locale } = useServices();
  const { at } = props;
  return (
    <time dateTime={at} title={wholeTime(at, locale)}>
      {props.withDay ? formatDay(at, locale) : formatTime(at, locale)}
    </time>
  );
}

type Timed = Pick<
  RunSummary & Run,
  'status' | 'trigger' | 'started' | 'duration_s' | 'executing'
>;

/** How long a run took; while it executes, how long it has taken until now. */
export function Duration(props: { run: Timed }): JSX.Element {
  const { trans } = useServices();
  const { run } = props;
  const since = tickingSince(run);
  const now = useNow(since !== null);
  if (since === null) {
    return run.duration_s === null ? (
      <></>
    ) : (
      <span
        className="jp-mlops-Run-duration jp-mlops-mod-quiet"
        title={
          run.trigger === 'interactive'
            ? trans.__(
                'Time that the cells executed for it took, without what lay between'
              )
            : trans.__('Time from its start to its end')
        }
      >
        {formatDuration(run.duration_s)}
      </span>
    );
  }
  const before = run.trigger === 'interactive' ? (run.duration_s ?? 0) : 0;
  return (
    <span
      className="jp-mlops-Run-duration jp-mlops-mod-quiet"
      title={trans.__('Time that its cells have taken until now')}
    >
      {formatDuration(before + elapsed(since, now), true)}
    </span>
  );
}

/** How long it is since `at`, in whole seconds. */
export function Elapsed(props: { at: string }): JSX.Element {
  const now = useNow(true);
  return (
    <span className="jp-mlops-Elapsed">
      {formatDuration(elapsed(props.at, now), true)}
    </span>
  );
}

/** From when on a run's time passes: a batch's as a whole, else that of the cell under way. */
function tickingSince(run: Timed): string | null {
  return run.status === 'running' && run.trigger !== 'interactive'
    ? run.started
    : (run.executing?.started ?? null);
}

/** In seconds; the server's clock may be ahead of this one. */
function elapsed(since: string, now: number): number {
  return Math.max(0, (now - Date.parse(since)) / 1000);
}

function useNow(isTicking: boolean): number {
  const clock = React.useContext(ClockContext);
  useSignal(isTicking ? clock?.ticked : undefined);
  React.useEffect(
    () => (isTicking ? clock?.hold() : undefined),
    [clock, isTicking]
  );
  return Date.now();
}
