import * as React from 'react';

import { formatChange, NOTHING, toldApart, wholeValue } from '../format';
import type { Comparison, OutputJudgement, Verdict } from '../schema';
import { breakable } from './Facts';
import { StateMark } from './Marks';
import { useServices } from './services';
import { Tag } from './Tag';

interface IMetrics {
  verdict: Verdict;
  /** Of the run and its reproduction, in this order. */
  comparison: Comparison;
}

interface IRow {
  name: string;
  before: unknown;
  after: unknown;
  /** What the reproduction said of it. */
  verdict: OutputJudgement['verdict'] | 'not judged';
}

/** The metrics of a run beside those of its reproduction, those that changed first. */
export function MetricTable(props: IMetrics): JSX.Element {
  const { trans } = useServices();
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
            <th scope="col">{trans.__('Verdict')}</th>
          </tr>
        </thead>
        <tbody>
          {metricRows(props.verdict, props.comparison).map(row => (
            <Row key={row.name} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { row: IRow }): JSX.Element {
  const { name, before, after, verdict } = props.row;
  const texts = toldApart(before, after);
  return (
    <tr className={verdict === 'identical' ? undefined : 'jp-mod-changed'}>
      <th scope="row">{name}</th>
      {[before, after].map((value, side) => (
        <td key={side} title={value === null ? '' : wholeValue(value)}>
          {value === null ? NOTHING : texts[side]}
        </td>
      ))}
      <td>{formatChange(before, after)}</td>
      <td>
        {verdict === 'not judged' ? (
          <NotJudged />
        ) : (
          <StateMark state={verdict} />
        )}
      </td>
    </tr>
  );
}

/** The metrics that changed, for narrow places: a block each, wrapped between its parts alone. */
export function ChangedMetrics(props: IMetrics): JSX.Element {
  const { trans } = useServices();
  const rows = metricRows(props.verdict, props.comparison).filter(
    ({ verdict }) => verdict !== 'identical'
  );
  if (rows.length === 0) {
    return <></>;
  }
  return (
    <ul
      className="jp-mlops-ChangedMetrics"
      aria-label={trans.__('Metrics, recorded → reproduced')}
    >
      {rows.map(row => (
        <ChangedMetric key={row.name} row={row} />
      ))}
    </ul>
  );
}

function ChangedMetric(props: { row: IRow }): JSX.Element {
  const { trans } = useServices();
  const { name, before, after } = props.row;
  const [was, is] = toldApart(before, after);
  const change = formatChange(before, after);
  const title = trans.__(
    '%1: recorded %2, reproduced %3',
    name,
    before === null ? NOTHING : wholeValue(before),
    after === null ? NOTHING : wholeValue(after)
  );
  return (
    <li title={title}>
      <span className="jp-mlops-ChangedMetrics-name">{breakable(name)}</span>{' '}
      <span className="jp-mlops-ChangedMetrics-values">
        {before === null ? NOTHING : was} → {after === null ? NOTHING : is}
      </span>{' '}
      {change !== NOTHING && (
        <span className="jp-mlops-mod-quiet">{change}</span>
      )}
      <MarkOf row={props.row} />
    </li>
  );
}

/** What the values beside it do not tell. */
function MarkOf(props: { row: IRow }): JSX.Element {
  const { before, after, verdict } = props.row;
  if (verdict === 'not judged') {
    return <NotJudged />;
  }
  // Of equal values an earlier step differs.
  const isTold = verdict !== 'within tolerance' && before !== after;
  return isTold ? <></> : <StateMark state={verdict} />;
}

function NotJudged(): JSX.Element {
  const { trans } = useServices();
  return (
    <Tag
      title={trans.__(
        'Readings of a clock, and values from an earlier execution, are not judged.'
      )}
    >
      {trans.__('not judged')}
    </Tag>
  );
}

const WORST_LAST: OutputJudgement['verdict'][] = [
  'identical',
  'unverifiable',
  'within tolerance',
  'extra',
  'missing',
  'differs'
];

/** What the server compared, each with the worst that the reproduction judged of its steps. */
export function metricRows(verdict: Verdict, comparison: Comparison): IRow[] {
  const judged = new Map<string, OutputJudgement['verdict']>();
  for (const { cell, outputs } of verdict.cells) {
    for (const { kind, what, verdict: found } of outputs) {
      // A name of several cells is `name@cell` for all but the last.
      const inCell = `${what}@${cell}`;
      const name = inCell in comparison.metrics ? inCell : what;
      if (kind === 'number' && isWorse(found, judged.get(name))) {
        judged.set(name, found);
      }
    }
  }
  const rows = Object.entries(comparison.metrics).map(
    ([name, [before, after]]) => ({
      ...{ name, before, after },
      // Both show the last step alone; an earlier one may differ.
      verdict:
        judged.get(name) ?? (before === after ? 'identical' : 'not judged')
    })
  ) as IRow[];
  return [
    ...rows.filter(row => row.verdict !== 'identical'),
    ...rows.filter(row => row.verdict === 'identical')
  ];
}

function isWorse(
  one: OutputJudgement['verdict'],
  other: OutputJudgement['verdict'] | undefined
): boolean {
  return (
    other === undefined || WORST_LAST.indexOf(one) > WORST_LAST.indexOf(other)
  );
}
