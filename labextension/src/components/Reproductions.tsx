import * as React from 'react';

import type { Reproduction, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { Button } from './Button';
import { Banner, Failure } from './Notices';
import { type IFetched, useCommand, useFetched, useServices } from './services';
import { Moment } from './Times';
import { VerdictView } from './VerdictView';

/** Reproduce a run, see how far that is, and what came of it before. */
export function Reproductions(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { run } = props;
  const { value, error, refetch } = useReproductions(run.id);
  const [latest, ...earlier] = newestFirst(value ?? []);
  return (
    <section
      className="jp-mlops-Reproductions"
      aria-label={trans.__('Reproduction')}
      // Takes the focus when the button that had it goes away.
      tabIndex={-1}
    >
      {error && (
        <Failure
          inline
          error={error}
          what={trans.__('Fetching the reproductions')}
          onRetry={refetch}
        />
      )}
      {latest?.state === 'running' ? (
        <Running reproduction={latest} />
      ) : (
        <ReproduceButton run={run} isAgain={latest !== undefined} />
      )}
      {latest && <Ended reproduction={latest} run={run} />}
      {earlier.length > 0 && (
        <details>
          <summary>
            {trans._n(
              '%1 earlier reproduction',
              '%1 earlier reproductions',
              earlier.length
            )}
          </summary>
          <ul className="jp-mlops-Items">
            {earlier.map(reproduction => (
              <li key={reproduction.id}>
                <div className="jp-mlops-mod-quiet">
                  <Moment at={reproduction.started} />{' '}
                  {trans.__('by %1', reproduction.user)}
                </div>
                <Ended reproduction={reproduction} run={run} isBrief />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/** The reproductions of `run`, kept current. */
export function useReproductions(run: string): IFetched<Reproduction[]> {
  const { client, feed } = useServices().mlops;
  // Whatever changed: the events of a reproduction name itself, not the run that it repeats.
  return useFetched(
    `${run}/reproductions`,
    () => client.reproductions(run),
    feed,
    () => true
  );
}

/** RFC 3339 in UTC sorts as text. */
export function newestFirst(
  reproductions: readonly Reproduction[]
): Reproduction[] {
  return [...reproductions].sort((a, b) => (a.started < b.started ? 1 : -1));
}

function ReproduceButton(props: { run: Run; isAgain: boolean }): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const [current, setCurrent] = React.useState(false);
  const { run } = props;
  const isRunning = run.status === 'running' && run.trigger !== 'interactive';
  return (
    <div className="jp-mlops-Reproduce">
      <Button
        isMain
        disabled={isRunning}
        title={
          isRunning
            ? trans.__('This run has not ended')
            : trans.__(
                'Execute it again in a clean kernel and compare every output'
              )
        }
        onClick={() =>
          execute(CommandIDs.reproduceRun, { run: run.id, current })
        }
      >
        {props.isAgain ? trans.__('Reproduce again') : trans.__('Reproduce')}
      </Button>
      <label
        title={trans.__(
          'Save the notebook and execute it as it is now, instead of the recorded cells'
        )}
      >
        <input
          type="checkbox"
          checked={current}
          disabled={isRunning}
          onChange={event => setCurrent(event.target.checked)}
        />
        {trans.__('the notebook as it is now')}
      </label>
    </div>
  );
}

function Running(props: { reproduction: Reproduction }): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const { id, run, progress } = props.reproduction;
  const text =
    progress === null || progress.total === 0
      ? trans.__('Starting a clean kernel…')
      : trans.__('%1 of %2 cells', progress.done, progress.total);
  return (
    <div className="jp-mlops-Progress">
      <div className="jp-mlops-Progress-head">
        <span>{trans.__('Reproducing')}</span>
        <span className="jp-mlops-mod-quiet" aria-live="polite">
          {text}
        </span>
        <Button
          onClick={() =>
            execute(CommandIDs.cancelReproduction, { run, reproduction: id })
          }
        >
          {trans.__('Cancel')}
        </Button>
      </div>
      <progress
        aria-label={trans.__('Reproduction')}
        max={progress?.total || 1}
        value={progress?.done ?? 0}
      />
    </div>
  );
}

function Ended(props: {
  reproduction: Reproduction;
  run: Run;
  isBrief?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const { state, verdict, message } = props.reproduction;
  switch (state) {
    case 'running':
      return <></>;
    case 'cancelled':
      return <Banner tone="info">{message ?? trans.__('Cancelled.')}</Banner>;
    case 'lost':
      return (
        <Banner tone="warn">
          {message ??
            trans.__('Lost: the process that watched over it is gone.')}
        </Banner>
      );
    case 'failed':
      return (
        <Banner tone="error">
          <strong>{trans.__('No verdict.')}</strong> {message}
        </Banner>
      );
    case 'done':
      return verdict ? (
        <VerdictView
          verdict={verdict}
          run={props.run}
          isBrief={props.isBrief}
        />
      ) : (
        <Banner tone="warn">
          {message ?? trans.__('It ended without a verdict.')}
        </Banner>
      );
  }
}
