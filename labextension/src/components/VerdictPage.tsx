import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatTime } from '../format';
import type { Comparison, Reproduction, Run, Verdict } from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { Causes } from './Causes';
import { RunOnShowProvider } from './CellLink';
import { JudgedCells } from './CellOutputs';
import { Judging } from './Judging';
import { stateName } from './Marks';
import { MetricTable } from './MetricTable';
import { Empty, Failure, Loading } from './Notices';
import { useCommand, useFetched, useServices } from './services';
import { FirstDiverging, Kept, NotJudged, VerdictHead } from './VerdictView';

interface IJudgedRun {
  run: Run;
  reproduction: Reproduction | undefined;
}

/** The tab of one verdict; `onTitle` is told what the tab should be called once that is known. */
export function VerdictPage(props: {
  run: string;
  reproduction: string;
  onTitle: (title: string) => void;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed } = mlops;
  const { onTitle } = props;
  const { value, error, refetch } = useFetched<IJudgedRun>(
    `${props.run}/${props.reproduction}`,
    async () => {
      const [run, all] = await Promise.all([
        client.run(props.run),
        client.reproductions(props.run)
      ]);
      return {
        run,
        reproduction: all.find(({ id }) => id === props.reproduction)
      };
    },
    feed,
    change => change.ids?.includes(props.reproduction) ?? true
  );
  const verdict = value?.reproduction?.verdict;
  React.useEffect(() => {
    if (value && verdict) {
      onTitle(title(verdict.verdict, value.run, trans));
    }
  }, [value, verdict, onTitle, trans]);
  if (error) {
    const what = trans.__('Fetching the verdict');
    return <Failure error={error} what={what} onRetry={refetch} />;
  }
  if (!value) {
    return <Loading label={trans.__('Loading the verdict…')} lines={12} />;
  }
  if (!value.reproduction || !verdict) {
    const text =
      value.reproduction?.message ??
      trans.__('That reproduction is not in the store.');
    return <Empty title={trans.__('No verdict')} text={text} />;
  }
  const { run, reproduction } = value;
  return (
    <RunOnShowProvider value={run}>
      <Page run={run} reproduction={reproduction} verdict={verdict} />
    </RunOnShowProvider>
  );
}

/** The verdict as a sign and the run's id first: tabs soon have room for little more. */
function title(
  verdict: Verdict['verdict'],
  run: Run,
  trans: TranslationBundle
): string {
  const signs: Record<Verdict['verdict'], string> = {
    identical: '=',
    'within tolerance': '≈',
    differs: '≠',
    'could not run': '✗'
  };
  const id = `${signs[verdict] ?? '?'} ${run.id.slice(0, 8)}`;
  return [`${id} ${stateName(verdict, trans)}`, notebookName(run)]
    .filter(Boolean)
    .join(' · ');
}

/** A notebook's name and the start of the run's id. */
export function runName(run: Run): string {
  return `${notebookName(run)} ${run.id.slice(0, 8)}`.trim();
}

/** A notebook's name without its ending; empty if it is not known. */
export function notebookName({ notebook }: Run): string {
  return notebook ? PathExt.basename(notebook, '.ipynb') : '';
}

function Page(props: {
  run: Run;
  reproduction: Reproduction;
  verdict: Verdict;
}): JSX.Element {
  const { run, reproduction, verdict } = props;
  return (
    <div className="jp-mlops-Comparison jp-mlops-VerdictPage">
      <Head run={run} reproduction={reproduction} />
      <div className="jp-mlops-Verdict" data-verdict={verdict.verdict}>
        <VerdictHead verdict={verdict} />
        <Kept verdict={verdict} run={run} />
        <NotJudged verdict={verdict} />
        <Causes run={run.id} causes={verdict.causes} />
      </div>
      {verdict.reproduction ? (
        <Evidence
          run={run}
          verdict={verdict}
          reproduction={verdict.reproduction}
        />
      ) : (
        <Cells verdict={verdict} />
      )}
    </div>
  );
}

function Head(props: { run: Run; reproduction: Reproduction }): JSX.Element {
  const { trans, locale } = useServices();
  const execute = useCommand();
  const { run, reproduction } = props;
  const open = (id: string): void =>
    execute(CommandIDs.openNotebook, { run: id });
  return (
    <header>
      <h2>{trans.__('Reproduction of %1', runName(run))}</h2>
      <p className="jp-mlops-mod-quiet">
        {trans.__(
          'recorded %1 by %2, reproduced %3 by %4',
          formatTime(run.started, locale),
          run.user,
          formatTime(reproduction.started, locale),
          reproduction.user
        )}
      </p>
      <p className="jp-mlops-VerdictPage-links">
        <Link onClick={() => open(run.id)}>
          {trans.__('Recorded notebook')}
        </Link>
        <Link onClick={() => open(reproduction.id)}>
          {trans.__('Reproduced notebook')}
        </Link>
        <Link
          onClick={() =>
            execute(CommandIDs.compareRuns, { runs: [run.id, reproduction.id] })
          }
        >
          {trans.__('Compare both')}
        </Link>
      </p>
    </header>
  );
}

/** What can be told only with the reproduction's own record at hand. */
function Evidence(props: {
  run: Run;
  verdict: Verdict;
  reproduction: string;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed } = mlops;
  const { run, verdict, reproduction } = props;
  const { value, error, refetch } = useFetched<[Run, Comparison]>(
    `${run.id}/${reproduction}`,
    () =>
      Promise.all([
        client.run(reproduction),
        client.compare([run.id, reproduction])
      ]),
    feed,
    () => false
  );
  if (error) {
    const what = trans.__('Fetching the reproduction');
    return <Failure inline error={error} what={what} onRetry={refetch} />;
  }
  if (!value) {
    return <Loading label={trans.__('Loading the reproduction…')} lines={8} />;
  }
  const [again, comparison] = value;
  return (
    <>
      {Object.keys(comparison.metrics).length > 0 && (
        <section>
          <h3>{trans.__('Metrics')}</h3>
          <MetricTable verdict={verdict} comparison={comparison} />
        </section>
      )}
      <FirstDiverging verdict={verdict} />
      <section>
        <h3>{trans.__('What the verdict rests on')}</h3>
        <Judging {...{ verdict, run, again, comparison }} />
      </section>
      <Cells verdict={verdict} />
    </>
  );
}

/** Every judged cell but the one that is already shown. */
function Cells(props: { verdict: Verdict }): JSX.Element {
  const { trans } = useServices();
  const { verdict } = props;
  const shown = verdict.first_diverging_cell;
  const cells = verdict.cells.filter(
    ({ cell }) => shown === null || cell !== shown
  );
  if (cells.length === 0) {
    return <></>;
  }
  return (
    <section>
      <h3>
        {shown === null
          ? trans.__('Cells, each with its outputs')
          : trans.__('The other cells, each with its outputs')}
      </h3>
      <JudgedCells {...verdict} cells={cells} />
    </section>
  );
}
