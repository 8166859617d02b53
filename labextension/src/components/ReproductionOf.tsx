import * as React from 'react';

import { shorten } from '../format';
import type { Reproduction, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { StateMark } from './Marks';
import { Failure } from './Notices';
import { useCommand, useFetched, useServices } from './services';

/** Of a run that reproduces another one: which, and with what verdict. */
export function ReproductionOf(props: { run: Run }): JSX.Element {
  const { run } = props;
  return run.parent === null ? (
    <></>
  ) : (
    <Repeated id={run.id} original={run.parent} />
  );
}

function Repeated(props: { id: string; original: string }): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed, runs } = mlops;
  const { id, original } = props;
  const { value, error, refetch } = useFetched(
    `${original}/reproductions/${id}`,
    () => client.reproduction(original, id),
    feed,
    () => true
  );
  return (
    <section
      className="jp-mlops-ReproductionOf"
      aria-label={trans.__('What this reproduces')}
    >
      <div>
        {trans.__('Reproduction of')}{' '}
        <Link
          title={trans.__('Show run %1, which was reproduced', original)}
          onClick={() => runs.choose(original)}
        >
          {trans.__('run %1', shorten(original))}
        </Link>
      </div>
      {error && (
        <Failure
          inline
          error={error}
          what={trans.__('Fetching the verdict')}
          onRetry={refetch}
        />
      )}
      {value && <Judged reproduction={value} />}
    </section>
  );
}

function Judged(props: { reproduction: Reproduction }): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const { id, run, verdict, message } = props.reproduction;
  if (verdict === null) {
    return message ? <p className="jp-mlops-mod-quiet">{message}</p> : <></>;
  }
  // The server's sentence begins with the verdict; it must not be said twice.
  const startsWithWord = verdict.sentence.startsWith(verdict.verdict);
  return (
    <>
      <p className="jp-mlops-ReproductionOf-verdict">
        <StateMark state={verdict.verdict} wordless={startsWithWord} />
        <span>{verdict.sentence}</span>
      </p>
      <Link
        onClick={() =>
          execute(CommandIDs.showVerdict, { run, reproduction: id })
        }
      >
        {trans.__('Open the verdict in a tab')}
      </Link>
    </>
  );
}
