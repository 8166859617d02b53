import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { shorten } from '../format';
import type {
  Cause,
  CellJudgement,
  OutputJudgement,
  Run,
  Verdict
} from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { CellLink, Tag } from './Facts';
import { StateMark, stateName } from './Marks';
import { Failure, Loading } from './Notices';
import { OutputsView } from './OutputsView';
import { useCommand, useFetched, useServices } from './services';

/** A verdict with its causes, and both outputs of the first cell that diverges. */
export function VerdictView(props: {
  verdict: Verdict;
  run: Run;
  /** Without the outputs. */
  isBrief?: boolean;
  /** Already has a tab of its own. */
  isWide?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const { verdict, run, isBrief } = props;
  // The server's sentence begins with the verdict; it must not be said twice.
  const startsWithWord = verdict.sentence.startsWith(verdict.verdict);
  const diverging = verdict.cells.find(
    cell => cell.cell === verdict.first_diverging_cell
  );
  const others = verdict.cells.filter(
    cell => cell.verdict !== 'identical' && cell !== diverging
  );
  return (
    <div className="jp-mlops-Verdict" data-verdict={verdict.verdict}>
      <p className="jp-mlops-Verdict-head" role="status">
        <StateMark state={verdict.verdict} wordless={startsWithWord} />
        <span>{verdict.sentence}</span>
      </p>
      <Causes run={run.id} causes={verdict.causes} />
      {!isBrief && diverging && verdict.reproduction && (
        <FirstDiverging
          run={run}
          reproduction={verdict.reproduction}
          judgement={diverging}
        />
      )}
      {!isBrief && others.length > 0 && (
        <OtherCells
          run={run}
          reproduction={verdict.reproduction}
          cells={others}
        />
      )}
      {!isBrief && !props.isWide && verdict.reproduction && (
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
      )}
    </div>
  );
}

function Causes(props: { run: string; causes: Cause[] }): JSX.Element {
  const { trans } = useServices();
  if (props.causes.length === 0) {
    return <></>;
  }
  return (
    <ol
      className="jp-mlops-Causes"
      aria-label={trans.__('Causes, most likely first')}
    >
      {props.causes.map((cause, index) => (
        <li key={index}>
          <div className="jp-mlops-Items-head">
            <Tag>{kindName(cause.kind, trans)}</Tag>
            <span className="jp-mlops-Items-name">{cause.what}</span>
            {cause.cell !== null && (
              <CellLink run={props.run} cell={cause.cell} />
            )}
          </div>
          <div>{cause.detail}</div>
          {cause.before && cause.after && (
            <code
              className="jp-mlops-Change"
              title={`${cause.before} → ${cause.after}`}
            >
              {shorten(cause.before)} → {shorten(cause.after)}
            </code>
          )}
        </li>
      ))}
    </ol>
  );
}

/** A cause's kind in the user's language. */
export function kindName(
  kind: Cause['kind'],
  trans: TranslationBundle
): string {
  const names: Record<Cause['kind'], string> = {
    code: trans.__('code'),
    parameter: trans.__('parameter'),
    data: trans.__('data'),
    environment: trans.__('environment'),
    seed: trans.__('seed'),
    order: trans.__('order'),
    'hidden state': trans.__('hidden state'),
    hardware: trans.__('hardware'),
    unknown: trans.__('unknown')
  };
  return names[kind] ?? kind;
}

function FirstDiverging(props: {
  run: Run;
  reproduction: string;
  judgement: CellJudgement;
}): JSX.Element {
  const { trans } = useServices();
  const { run, judgement } = props;
  return (
    <section className="jp-mlops-Diverging">
      <div className="jp-mlops-Items-head">
        <span className="jp-mlops-Items-name">
          {trans.__('First diverging cell')}
        </span>
        <CellLink run={run.id} cell={judgement.cell} />
      </div>
      <BothOutputs {...props} />
    </section>
  );
}

/** The cell's outputs as recorded and as reproduced, side by side. */
function BothOutputs(props: {
  run: Run;
  reproduction: string;
  judgement: CellJudgement;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed } = mlops;
  const { run, reproduction, judgement } = props;
  const cell = judgement.cell ?? 0;
  const { value, error, refetch } = useFetched(
    `${run.id}/${reproduction}/${cell}`,
    () =>
      Promise.all([
        client.cells(run.id, cell),
        client.cells(reproduction, cell)
      ]),
    feed,
    () => false
  );
  const labels = [trans.__('Recorded'), trans.__('Reproduced')];
  const sides = React.useMemo(
    () => value?.map(details => details.flatMap(detail => detail.outputs)),
    [value]
  );
  if (error) {
    return (
      <Failure
        inline
        error={error}
        what={trans.__('Fetching the outputs')}
        onRetry={refetch}
      />
    );
  }
  if (!sides) {
    return <Loading label={trans.__('Loading the outputs…')} />;
  }
  return (
    <>
      <Judged judgement={judgement} />
      <div className="jp-mlops-SideBySide">
        {sides.map((outputs, side) => (
          <figure key={side}>
            <figcaption>{labels[side]}</figcaption>
            <OutputsView outputs={outputs} />
          </figure>
        ))}
      </div>
    </>
  );
}

/** What was judged in a cell: its outputs, and tables that it made without showing them. */
function Judged(props: { judgement: CellJudgement }): JSX.Element {
  const { trans } = useServices();
  const kinds: Record<OutputJudgement['kind'], string> = {
    text: trans.__('text'),
    number: trans.__('number'),
    table: trans.__('table'),
    image: trans.__('image'),
    html: trans.__('HTML'),
    figure: trans.__('figure'),
    error: trans.__('error')
  };
  const said = props.judgement.outputs.map(output =>
    trans.__(
      '%1 %2',
      kinds[output.kind] ?? output.kind,
      stateName(output.verdict, trans)
    )
  );
  return <div className="jp-mlops-mod-quiet">{said.join(' · ')}</div>;
}

function OtherCells(props: {
  run: Run;
  reproduction: string | null;
  cells: CellJudgement[];
}): JSX.Element {
  const { trans } = useServices();
  const { run, reproduction, cells } = props;
  return (
    <details>
      <summary>
        {trans._n(
          '%1 other cell not identical',
          '%1 other cells not identical',
          cells.length
        )}
      </summary>
      <ul className="jp-mlops-Items">
        {cells.map((judgement, index) => (
          <li key={index}>
            <div className="jp-mlops-Items-head">
              <StateMark state={judgement.verdict} />
              <CellLink run={run.id} cell={judgement.cell} />
            </div>
            {reproduction && judgement.cell !== null && (
              <WhenOpen summary={trans.__('Outputs')}>
                <BothOutputs
                  run={run}
                  reproduction={reproduction}
                  judgement={judgement}
                />
              </WhenOpen>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** A disclosure whose content is made, and fetched, only once it is opened. */
function WhenOpen(props: {
  summary: string;
  children: React.ReactNode;
}): JSX.Element {
  const [wasOpened, setOpened] = React.useState(false);
  return (
    <details onToggle={() => setOpened(true)}>
      <summary>{props.summary}</summary>
      {wasOpened && props.children}
    </details>
  );
}
