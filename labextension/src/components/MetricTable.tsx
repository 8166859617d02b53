import * as React from 'react';

import { formatValue, wholeValue } from '../format';
import type { Comparison, OutputJudgement, Verdict } from '../schema';
import { Tag } from './Facts';
import { StateMark } from './Marks';
import { useServices } from './services';

interface IRow {
  name: string;
  before: unknown;
  after: unknown;
  /** What the reproduction said of it. */
  verdict: OutputJudgement['verdict'] | 'not judged';
}

/** The metrics of a run beside those of its reproduction, those that changed first. */
export function MetricTable(props: {
  verdict: Verdict;
  /** Of the run and its reproduction, in this order. */
  comparison: Comparison;
  /** Without those that are the same. */
  isBrief?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const rows = metricRows(props.verdict, props.comparison).filter(
    row => !props.isBrief || row.verdict !== 'identical'
  );
  if (rows.length === 0) {
    return <></>;
  }
  return (
    <div className="jp-mlops-TableScroll" tabIndex={0}>
      <table
        className="jp-mlops-Differences jp-mlops-Metrics"
        aria-label={trans.__('Metrics of both')}
      >
        <thead>
          <tr>
            <th scope="col">{trans.__('Metric')}</th>
            <th scope="col">{trans.__('Recorded')}</th>
            <th scope="col">{trans.__('Reproduced')}</th>
            <th scope="col">{trans.__('Difference')}</th>
            {!props.isBrief && <th scope="col">{trans.__('Verdict')}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <Row key={row.name} row={row} isBrief={props.isBrief} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { row: IRow; isBrief?: boolean }): JSX.Element {
  const { trans } = useServices();
  const { name, before, after, verdict } = props.row;
  const texts = toldApart(before, after);
  return (
    <tr className={verdict === 'identical' ? undefined : 'jp-mod-changed'}>
      <th scope="row">{name}</th>
      {[before, after].map((value, side) => (
        <td key={side} title={value === null ? '' : wholeValue(value)}>
          {value === null ? (
            <span className="jp-mlops-mod-quiet">{trans.__('none')}</span>
          ) : (
            texts[side]
          )}
        </td>
      ))}
      <td>{formatChange(before, after)}</td>
      {!props.isBrief && (
        <td>
          {verdict === 'not judged' ? (
            <Tag
              title={trans.__(
                'Readings of a clock, and values from an earlier execution, are not judged.'
              )}
            >
              {trans.__('not judged')}
            </Tag>
          ) : (
            <StateMark state={verdict} />
          )}
        </td>
      )}
    </tr>
  );
}

/** What the server compared, each with what the reproduction judged. */
export function metricRows(verdict: Verdict, comparison: Comparison): IRow[] {
  const judged = new Map<string, OutputJudgement['verdict']>();
  for (const { cell, outputs } of verdict.cells) {
    for (const output of outputs.filter(({ kind }) => kind === 'number')) {
      judged.set(output.what, output.verdict);
      judged.set(`${output.what}@${cell}`, output.verdict);
    }
  }
  const rows = Object.entries(comparison.metrics).map(
    ([name, [before, after]]) => ({
      ...{ name, before, after },
      verdict:
        before === after ? 'identical' : (judged.get(name) ?? 'not judged')
    })
  ) as IRow[];
  return [
    ...rows.filter(row => row.verdict !== 'identical'),
    ...rows.filter(row => row.verdict === 'identical')
  ];
}

/** Both values with as many digits as it takes to see that they differ. */
function toldApart(before: unknown, after: unknown): [string, string] {
  const spell = (value: unknown, digits: number): string =>
    typeof value === 'number' && Math.abs(value) >= 1e6
      ? value.toPrecision(Math.max(digits, 7))
      : formatValue(value, digits);
  for (let digits = 6; digits < 17; digits++) {
    const texts: [string, string] = [
      spell(before, digits),
      spell(after, digits)
    ];
    if (before === after || texts[0] !== texts[1]) {
      return texts;
    }
  }
  return [wholeValue(before), wholeValue(after)];
}

/** How far a number moved, also in percent of what it was; a dash where that makes no sense. */
export function formatChange(before: unknown, after: unknown): string {
  if (typeof before !== 'number' || typeof after !== 'number') {
    return '—';
  }
  const change = after - before;
  const sign = change > 0 ? '+' : change < 0 ? '−' : '';
  const text = sign + formatValue(Math.abs(change), 3);
  if (change === 0 || before === 0) {
    return text;
  }
  const share = Math.abs((change / before) * 100);
  return share < 0.01
    ? `${text} (< 0.01 %)`
    : `${text} (${sign}${formatValue(share, 2)} %)`;
}
