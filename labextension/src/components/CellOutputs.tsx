import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { CellJudgement, OutputJudgement } from '../schema';
import { CellLink } from './CellLink';
import { maskName } from './Judging';
import { StateMark, stateName } from './Marks';
import { Failure, Loading } from './Notices';
import { useFetched, useServices } from './services';
import { SideBySide } from './SideBySide';

/** Whose outputs: a run and the reproduction of it. */
interface ISides {
  run: string;
  reproduction: string | null;
}

/** A cell's outputs as recorded and as reproduced, side by side. */
export function BothOutputs(
  props: ISides & { judgement: CellJudgement }
): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed } = mlops;
  const { run, reproduction, judgement } = props;
  const cell = judgement.cell ?? 0;
  const { value, error, refetch } = useFetched(
    `${run}/${reproduction}/${cell}`,
    () =>
      Promise.all([
        client.cells(run, cell),
        reproduction === null ? [] : client.cells(reproduction, cell)
      ]),
    feed,
    () => false
  );
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
      <Unseen judgement={judgement} />
      <SideBySide
        captions={[trans.__('Recorded'), trans.__('Reproduced')]}
        outputs={sides}
        // What differs in identical outputs was left out of the judgement.
        isMarked={judgement.verdict !== 'identical'}
      />
    </>
  );
}

/** Cells with their verdicts, one a row; the outputs of each at a press. */
export function JudgedCells(
  props: ISides & { cells: CellJudgement[] }
): JSX.Element {
  const { trans } = useServices();
  const { run, reproduction, cells } = props;
  return (
    <ul className="jp-mlops-Items jp-mlops-JudgedCells">
      {withoutRepeats(cells).map((judgement, index) => (
        <li key={index}>
          <div className="jp-mlops-Items-head">
            <StateMark state={judgement.verdict} />
            <CellLink run={run} cell={judgement.cell} />
            {judgement.outputs.length === 0 && (
              <span className="jp-mlops-mod-quiet">
                {trans.__('no output to judge')}
              </span>
            )}
          </div>
          {reproduction && hasOutputs(judgement) && (
            <WhenOpen summary={judgedText(judgement, trans)}>
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
  );
}

/** Each cell that has nothing to show once, however often it was executed. */
export function withoutRepeats(cells: CellJudgement[]): CellJudgement[] {
  const seen = new Set<string>();
  return cells.filter(({ cell, verdict, outputs }) => {
    const key = `${cell} ${verdict}`;
    const isRepeat = outputs.length === 0 && cell !== null && seen.has(key);
    seen.add(key);
    return !isRepeat;
  });
}

function hasOutputs({ cell, verdict, outputs }: CellJudgement): boolean {
  return cell !== null && (outputs.length > 0 || verdict !== 'identical');
}

/** What was judged in a cell: its outputs, and what it made without showing it. */
function Judged(props: { judgement: CellJudgement }): JSX.Element {
  const { trans } = useServices();
  return (
    <div className="jp-mlops-mod-quiet">
      {judgedText(props.judgement, trans)}
    </div>
  );
}

/** Says so where what differs is nothing that the cell displayed. */
function Unseen(props: { judgement: CellJudgement }): JSX.Element {
  const { trans } = useServices();
  const differing = props.judgement.outputs.filter(
    ({ verdict }) => verdict !== 'identical'
  );
  if (differing.length === 0 || differing.some(({ what }) => !what)) {
    return <></>;
  }
  return (
    <p>
      {trans.__(
        'What the cell displayed is identical; what it made without displaying it is not: %1.',
        differing.map(({ what }) => what).join(', ')
      )}
    </p>
  );
}

function judgedText(
  { outputs }: CellJudgement,
  trans: TranslationBundle
): string {
  if (outputs.length === 0) {
    return trans.__('Outputs');
  }
  return outputs.map(output => outputText(output, trans)).join(' · ');
}

function outputText(output: OutputJudgement, trans: TranslationBundle): string {
  const kinds: Record<OutputJudgement['kind'], string> = {
    text: trans.__('text'),
    number: trans.__('number'),
    table: trans.__('table'),
    image: trans.__('image'),
    html: trans.__('HTML'),
    figure: trans.__('figure'),
    error: trans.__('error'),
    model: trans.__('model')
  };
  const what = output.what || (kinds[output.kind] ?? output.kind);
  const state = stateName(output.verdict, trans);
  const masks = output.masks.map(mask => maskName(mask, trans)).join(', ');
  return masks
    ? trans.__('%1 %2, leaving out %3', what, state, masks)
    : trans.__('%1 %2', what, state);
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
