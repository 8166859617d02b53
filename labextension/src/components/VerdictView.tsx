import * as React from 'react';

import { formatValue, shortenRedactions } from '../format';
import type { Run, Verdict } from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { Causes } from './Causes';
import { CellLink } from './CellLink';
import { BothOutputs, JudgedCells } from './CellOutputs';
import { StateMark } from './Marks';
import { ChangedMetrics } from './MetricTable';
import { Failure } from './Notices';
import { useCommand, useFetched, useServices } from './services';

/** A verdict as the sidebar has room for it: why, which metrics, and the first cell that diverges. */
export function VerdictView(props: {
  verdict: Verdict;
  run: Run;
  /** The sentence and the causes alone. */
  isBrief?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const { verdict, run } = props;
  return (
    <div className="jp-mlops-Verdict" data-verdict={verdict.verdict}>
      <VerdictHead verdict={verdict} />
      <Kept verdict={verdict} run={run} />
      <NotJudged verdict={verdict} />
      <Causes run={run.id} causes={verdict.causes} />
      {!props.isBrief && verdict.reproduction && (
        <>
          {parts(verdict) && (
            <FetchedMetrics
              verdict={verdict}
              reproduction={verdict.reproduction}
            />
          )}
          <FirstDiverging verdict={verdict} />
          <OtherCells verdict={verdict} />
          <Link
            onClick={() =>
              execute(CommandIDs.showVerdict, {
                run: run.id,
                reproduction: verdict.reproduction
              })
            }
          >
            {trans.__('Open the verdict in a tab')}
          </Link>
        </>
      )}
    </div>
  );
}

/** The verdict in a sentence. */
export function VerdictHead(props: { verdict: Verdict }): JSX.Element {
  const { verdict, sentence } = props.verdict;
  // The server's sentence begins with the verdict; it must not be said twice.
  const startsWithWord = sentence.startsWith(verdict);
  return (
    <p className="jp-mlops-Verdict-head" role="status">
      <StateMark state={verdict} wordless={startsWithWord} />
      <span>{sentence}</span>
    </p>
  );
}

/** Which parameters of the run the notebook as it is now was given; nothing without any. */
export function Kept(props: { verdict: Verdict; run: Run }): JSX.Element {
  const { trans } = useServices();
  const { verdict, run } = props;
  if (verdict.kept.length === 0) {
    return <></>;
  }
  const values = new Map(
    run.parameters.map(({ name, value }) => [name, value])
  );
  const said = verdict.kept.map(name =>
    values.has(name) ? `${name} = ${formatValue(values.get(name))}` : name
  );
  return (
    <p>
      {trans._n(
        'With the parameter as it was set for the run: %2',
        'With the parameters as they were set for the run: %2',
        said.length,
        said.join(', ')
      )}
    </p>
  );
}

/** Which metrics the verdict says nothing of, and why, where its sentence does not tell it. */
export function NotJudged(props: { verdict: Verdict }): JSX.Element {
  const { trans } = useServices();
  const { sentence, not_judged } = props.verdict;
  const untold = not_judged.filter(line => !sentence.includes(line));
  return untold.length > 0 ? (
    <p>{trans.__('Not judged: %1', untold.join('; '))}</p>
  ) : (
    <></>
  );
}

function parts({ verdict }: Verdict): boolean {
  return verdict === 'differs' || verdict === 'within tolerance';
}

function FetchedMetrics(props: {
  verdict: Verdict;
  reproduction: string;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const { verdict, reproduction } = props;
  const { value, error, refetch } = useFetched(
    `${verdict.run}/${reproduction}`,
    () => mlops.client.compare([verdict.run, reproduction]),
    mlops.feed,
    () => false
  );
  if (error) {
    const what = trans.__('Fetching the metrics');
    return <Failure inline error={error} what={what} onRetry={refetch} />;
  }
  return value ? (
    <ChangedMetrics verdict={verdict} comparison={value} />
  ) : (
    <></>
  );
}

/** The first cell that diverges, if any does: both its outputs. */
export function FirstDiverging(props: { verdict: Verdict }): JSX.Element {
  const { trans } = useServices();
  const { verdict } = props;
  if (verdict.first_diverging_console !== null) {
    // It stands in no notebook; its code is what it is known by.
    return (
      <Diverging
        where={
          <span className="jp-mlops-mod-quiet">{trans.__('console')}</span>
        }
      >
        <pre className="jp-mlops-Source">
          {shortenRedactions(verdict.first_diverging_console)}
        </pre>
      </Diverging>
    );
  }
  const diverging = verdict.cells.find(
    cell => cell.cell === verdict.first_diverging_cell
  );
  if (!diverging || verdict.first_diverging_cell === null) {
    return <></>;
  }
  return (
    <Diverging where={<CellLink run={verdict.run} cell={diverging.cell} />}>
      <BothOutputs {...verdict} judgement={diverging} />
    </Diverging>
  );
}

function Diverging(
  props: React.PropsWithChildren<{ where: JSX.Element }>
): JSX.Element {
  const { trans } = useServices();
  return (
    <section className="jp-mlops-Diverging">
      <div className="jp-mlops-Items-head">
        <h3 className="jp-mlops-Items-name">
          {trans.__('First diverging cell')}
        </h3>
        {props.where}
      </div>
      {props.children}
    </section>
  );
}

function OtherCells(props: { verdict: Verdict }): JSX.Element {
  const { trans } = useServices();
  const { verdict } = props;
  const cells = verdict.cells.filter(
    ({ cell, verdict: judged }) =>
      judged !== 'identical' && cell !== verdict.first_diverging_cell
  );
  if (cells.length === 0) {
    return <></>;
  }
  return (
    <details>
      <summary>
        {trans._n(
          '%1 other cell not identical',
          '%1 other cells not identical',
          cells.length
        )}
      </summary>
      <JudgedCells {...verdict} cells={cells} />
    </details>
  );
}
