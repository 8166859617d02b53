import * as React from 'react';

import {
  errorText,
  formatDuration,
  shorten,
  shortenRedactions
} from '../format';
import type { CellExecution, Disorder, Run, Unseen } from '../schema';
import { CommandIDs } from '../tokens';
import { Button, Link } from './Button';
import { CellLink, RunOnShowProvider } from './CellLink';
import { Data, Digest, Metrics, Models, Parameters, Section } from './Facts';
import { runState, StateMark, triggerName } from './Marks';
import { Banner, Empty, Failure, Loading } from './Notices';
import { CellOrder, newestOf, RunOrder, sinceEdited, useEdited } from './Order';
import { ReproductionOf } from './ReproductionOf';
import { Reproductions } from './Reproductions';
import { RunFailure } from './RunFailure';
import { useCommand, useFetched, useServices, useSignal } from './services';
import { SurroundingsTable } from './SurroundingsTable';
import { Duration, Elapsed, Moment } from './Times';
import { Tag } from './Tag';

/** The run that is shown in detail, or why there is none. */
export function ShownRun(): JSX.Element {
  const { mlops, trans } = useServices();
  const { runs } = mlops;
  useSignal(runs.changed);
  if (runs.shown === null) {
    return (
      <Empty
        title={trans.__('No run to show')}
        text={trans.__('Choose a run to see what it used and produced.')}
      />
    );
  }
  return <RunDetail key={runs.shown} id={runs.shown} />;
}

function RunDetail(props: { id: string }): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed } = mlops;
  const { id } = props;
  const { value, error, refetch } = useFetched(
    id,
    () => client.run(id),
    feed,
    change => change.ids?.includes(id) ?? true
  );
  const what = trans.__('Fetching the run');
  if (value !== null && error?.status === 404 && !feed.error) {
    return <NoMore />;
  }
  if (value === null) {
    return error ? (
      <Failure error={error} what={what} onRetry={refetch} />
    ) : (
      <Loading label={trans.__('Loading the run…')} lines={8} />
    );
  }
  return (
    <RunOnShowProvider value={value}>
      <article className="jp-mlops-Detail">
        {error && (
          <Failure inline error={error} what={what} onRetry={refetch} />
        )}
        <Head run={value} />
        <RunOrder run={value} />
        <RunFailure run={value} />
        <RunNotices run={value} />
        <ReproductionOf run={value} />
        <Reproductions run={value} />
        <Metrics run={value} />
        <Parameters run={value} />
        <Data run={value} />
        <Models run={value} />
        <Cells run={value} />
        <Environment run={value} />
        <NotSeen run={value} />
      </article>
    </RunOnShowProvider>
  );
}

/** In place of a run that somebody has forgotten. */
function NoMore(): JSX.Element {
  const { mlops, trans } = useServices();
  return (
    <Empty
      title={trans.__('This run is no longer kept')}
      text={trans.__('It was forgotten, or dropped to make room.')}
    >
      <Button onClick={() => mlops.runs.choose(null)}>
        {trans.__('Show the newest run')}
      </Button>
    </Empty>
  );
}

function Head(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const { run } = props;
  return (
    <header className="jp-mlops-Detail-head">
      <div className="jp-mlops-Run-head">
        <span className="jp-mlops-Run-when">
          <StateMark state={runState(run)} />
          <Moment at={run.started} withDay />
        </span>
        <Duration run={run} />
      </div>
      <div className="jp-mlops-mod-quiet">
        {trans.__('%1, by %2', triggerName(run.trigger, trans), run.user)}
      </div>
      <ExecutingNow run={run} />
      <div className="jp-mlops-Detail-id">
        <code title={run.id}>{shorten(run.id)}</code>
        <Link onClick={() => execute(CommandIDs.openNotebook, { run: run.id })}>
          {trans.__('Open executed notebook')}
        </Link>
      </div>
    </header>
  );
}

/** Which cell is under way, and since when. */
function ExecutingNow(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { id, executing } = props.run;
  if (executing === null) {
    return <></>;
  }
  return (
    <div
      className="jp-mlops-Executing"
      title={trans.__(
        'What it produces joins this run, or opens the next one if it does not fit'
      )}
    >
      <span>{trans.__('Executing')}</span>
      <CellLink run={id} cell={executing.cell} />
      <Elapsed at={executing.started} />
    </div>
  );
}

function RunNotices(props: { run: Run }): JSX.Element {
  const { error } = props.run;
  // Above them stands what failed; it must not be said twice.
  const notices = props.run.notices.filter(
    notice => !error || !notice.includes(`raised ${error.type}`)
  );
  if (notices.length === 0) {
    return <></>;
  }
  return (
    <Banner tone="warn">
      {notices.map((notice, index) => (
        <p key={index}>{notice}</p>
      ))}
    </Banner>
  );
}

function Cells(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { id, cells, unseen } = props.run;
  const edited = useEdited(props.run);
  return (
    <Section
      title={trans.__('Cells')}
      count={cells.length}
      isOpen={cells.some(cell => cell.disorder.length > 0)}
    >
      <ul className="jp-mlops-Items">
        {cells.map((cell, index) => (
          <CellItem
            key={index}
            run={id}
            cell={cell}
            disorder={[
              ...cell.disorder,
              ...(index === newestOf(cells, cell)
                ? sinceEdited(cell, edited)
                : [])
            ]}
            unseen={byReason(
              unseen.filter(one => one.cell !== null && one.cell === cell.cell)
            )}
          />
        ))}
      </ul>
    </Section>
  );
}

function CellItem(props: {
  run: string;
  cell: CellExecution;
  disorder: Disorder[];
  unseen: Unseen[];
}): JSX.Element {
  const { trans } = useServices();
  const { cell } = props;
  return (
    <li>
      <div className="jp-mlops-Items-head">
        <StateMark state={cell.status} wordless={cell.status === 'ok'} />
        <CellLink run={props.run} cell={cell.cell} of={cell} />
        {cell.execution_count !== null && <code>[{cell.execution_count}]</code>}
        {cell.injected && cell.cell !== null && (
          <Tag>{trans.__('injected')}</Tag>
        )}
        {cell.overlapping && (
          <Tag
            title={trans.__(
              'Other code of the kernel was executing meanwhile, so what changed then is not known to be this cell’s doing'
            )}
          >
            {trans.__('overlapping')}
          </Tag>
        )}
        {cell.duration_s !== null && (
          <span className="jp-mlops-Run-duration jp-mlops-mod-quiet">
            {formatDuration(cell.duration_s)}
          </span>
        )}
      </div>
      <CellOrder run={props.run} disorder={props.disorder} />
      <Names label={trans.__('reads')} names={cell.reads} />
      <Names label={trans.__('writes')} names={cell.writes} />
      {props.unseen.map(({ what, why }) => (
        <Names
          key={why}
          label={trans.__('not seen')}
          names={[what]}
          note={why}
        />
      ))}
      {cell.error && (
        <div className="jp-mlops-CellError">
          {shortenRedactions(errorText(cell.error))}
        </div>
      )}
    </li>
  );
}

function Names(props: {
  label: string;
  names: string[];
  note?: string;
}): JSX.Element {
  if (props.names.length === 0) {
    return <></>;
  }
  return (
    <div className="jp-mlops-Names">
      <span className="jp-mlops-mod-quiet">{props.label}</span>{' '}
      <code>{props.names.join(', ')}</code>{' '}
      {props.note && <span className="jp-mlops-mod-quiet">{props.note}</span>}
    </div>
  );
}

/** What was not seen in one cell for one reason in one piece: such as many names. */
function byReason(unseen: Unseen[]): Unseen[] {
  const groups = new Map<string, Unseen>();
  for (const one of unseen) {
    const key = `${one.cell} ${one.why}`;
    const known = groups.get(key);
    const what = known ? `${known.what}, ${one.what}` : one.what;
    groups.set(key, { ...one, what });
  }
  return Array.from(groups.values());
}

function Environment(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { environment, randomness, surroundings, id } = props.run;
  const packages = Object.entries(environment?.packages ?? {}).sort();
  return (
    <Section title={trans.__('Environment')} isOpen={false}>
      {environment === null ? (
        <p className="jp-mlops-mod-quiet">{trans.__('None recorded.')}</p>
      ) : (
        <>
          <p>
            {trans.__('Python %1', environment.python)}
            <br />
            <span className="jp-mlops-mod-quiet">{environment.platform}</span>
            <br />
            <Digest digest={environment.digest} />
          </p>
          {surroundings && <SurroundingsTable found={surroundings} />}
          <details>
            <summary>
              {trans._n('%1 package', '%1 packages', packages.length)}
            </summary>
            <table
              role="table"
              className="jp-mlops-Facts"
              aria-label={trans.__('Packages')}
            >
              <tbody role="rowgroup">
                {packages.map(([name, version]) => (
                  <tr key={name} role="row">
                    <th scope="row" role="rowheader">
                      {name}
                    </th>
                    <td role="cell" className="jp-mlops-Facts-value">
                      {version}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
      <ul className="jp-mlops-Items">
        {randomness.map((use, index) => (
          <li key={index} className="jp-mlops-Items-head">
            <code>{use.generator}</code>
            <Tag>
              {use.seeded ? trans.__('seeded') : trans.__('not seeded')}
            </Tag>
            <CellLink run={id} cell={use.cell} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function NotSeen(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { id } = props.run;
  const unseen = byReason(props.run.unseen);
  return (
    <Section
      title={trans.__('Not seen')}
      count={unseen.length}
      isOpen={unseen.length < 6}
    >
      <ul className="jp-mlops-Items">
        {unseen.map((item, index) => (
          <li key={index}>
            <div className="jp-mlops-Items-head">
              <span className="jp-mlops-Items-name">{item.what}</span>
              {item.cell !== null && <CellLink run={id} cell={item.cell} />}
            </div>
            <div className="jp-mlops-mod-quiet">{item.why}</div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
