import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { type MarkShape, markIcons } from '../icons';
import type {
  CellExecution,
  CellJudgement,
  RunSummary,
  Verdict
} from '../schema';
import { useServices } from './services';

/** An interactive run is open while its session lives: what is executed next may join it. */
export type State =
  | 'open'
  | 'cancelled'
  | RunSummary['status']
  | CellExecution['status']
  | Verdict['verdict']
  | CellJudgement['verdict'];

interface IMark {
  shape: MarkShape;
  tone: 'good' | 'bad' | 'warn' | 'plain' | 'active';
}

const MARKS: Record<State, IMark> = {
  completed: { shape: 'check', tone: 'good' },
  ok: { shape: 'check', tone: 'good' },
  identical: { shape: 'check', tone: 'good' },
  'within tolerance': { shape: 'approximate', tone: 'good' },
  open: { shape: 'ring', tone: 'plain' },
  running: { shape: 'arc', tone: 'active' },
  interrupted: { shape: 'bar', tone: 'warn' },
  cancelled: { shape: 'bar', tone: 'plain' },
  lost: { shape: 'question', tone: 'warn' },
  unverifiable: { shape: 'question', tone: 'warn' },
  'not run': { shape: 'bar', tone: 'plain' },
  failed: { shape: 'cross', tone: 'bad' },
  error: { shape: 'cross', tone: 'bad' },
  'could not run': { shape: 'cross', tone: 'bad' },
  differs: { shape: 'unequal', tone: 'bad' },
  missing: { shape: 'unequal', tone: 'bad' },
  extra: { shape: 'unequal', tone: 'bad' }
};

/** A word of the record in the user's language. */
export function stateName(state: State, trans: TranslationBundle): string {
  const names: Record<State, string> = {
    completed: trans.__('completed'),
    ok: trans.__('ok'),
    identical: trans.__('identical'),
    'within tolerance': trans.__('within tolerance'),
    open: trans.__('open'),
    running: trans.__('running'),
    interrupted: trans.__('interrupted'),
    cancelled: trans.__('cancelled'),
    lost: trans.__('lost'),
    unverifiable: trans.__('unverifiable'),
    'not run': trans.__('not run'),
    failed: trans.__('failed'),
    error: trans.__('error'),
    'could not run': trans.__('could not run'),
    differs: trans.__('differs'),
    missing: trans.__('missing'),
    extra: trans.__('extra')
  };
  return names[state] ?? state;
}

/** What a state of a run means, where its name alone may not tell. */
function stateMeaning(state: State, trans: TranslationBundle): string {
  const meanings: Partial<Record<State, string>> = {
    open: trans.__(
      'Open: no cell is executing, and the kernel lives. What is executed next may join this run.'
    ),
    running: trans.__('Running: a cell is executing now.'),
    completed: trans.__('Completed: every cell was executed to its end.'),
    failed: trans.__('Failed: a cell ended with an error.'),
    interrupted: trans.__(
      'Interrupted: a cell or the kernel was stopped before the end.'
    ),
    cancelled: trans.__('Cancelled: somebody stopped it before the end.'),
    lost: trans.__('Lost: nobody knows how it ended.')
  };
  return meanings[state] ?? stateName(state, trans);
}

/** A run's state; an interactive one whose cells all ended waits for people, it does not run. */
export function runState(
  run: Pick<RunSummary, 'status' | 'trigger' | 'executing' | 'cancelled'>
): State {
  if (run.cancelled) {
    return 'cancelled';
  }
  const isWaiting = run.trigger === 'interactive' && run.executing === null;
  return run.status === 'running' && isWaiting ? 'open' : run.status;
}

/** What made a run happen, in the user's language. */
export function triggerName(
  trigger: RunSummary['trigger'],
  trans: TranslationBundle
): string {
  const names = {
    interactive: trans.__('interactive'),
    run: trans.__('run'),
    reproduce: trans.__('reproduction'),
    sweep: trans.__('sweep')
  };
  return names[trigger] ?? trigger;
}

/** A state as a mark with its word beside it; `wordless` leaves it to screen readers. */
export function StateMark(props: {
  state: State;
  wordless?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const { shape, tone } = MARKS[props.state] ?? {
    shape: 'question',
    tone: 'plain'
  };
  const name = stateName(props.state, trans);
  const icon = markIcons[shape];
  return (
    <span
      className={`jp-mlops-Mark jp-mod-${tone}`}
      data-state={props.state}
      title={stateMeaning(props.state, trans)}
    >
      <icon.react
        tag="span"
        className="jp-mlops-Mark-icon"
        aria-hidden="true"
      />
      <span
        className={
          props.wordless ? 'jp-mlops-mod-hidden' : 'jp-mlops-Mark-word'
        }
      >
        {name}
      </span>
    </span>
  );
}
