import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import {
  formatChange,
  formatTime,
  formatValue,
  NOTHING,
  shorten,
  toldApart,
  wholeValue
} from '../format';
import type { Comparison, Difference, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { Empty } from './Notices';
import { Value } from './Redacted';
import { useCommand, useServices } from './services';

interface IRow extends Omit<Difference, 'missing'> {
  /** How far a metric moved; of a setting, such as a seed, that means nothing. */
  change: string;
  /** Where runs have no such thing, and what is said there. */
  missing: readonly number[];
  absent: string;
}

/** One column a run, one row a thing that differs, grouped by kind. */
export function DifferenceTable(props: {
  comparison: Comparison;
  runs: Run[];
  /** Of the runs in the figures, if each has its own. */
  colors?: string[];
}): JSX.Element {
  const { trans } = useServices();
  const { comparison, runs, colors = [] } = props;
  const { differs } = comparison;
  const groups = groupsOf(comparison, trans);
  const withChange = groups.some(({ rows }) =>
    rows.some(({ change }) => change !== NOTHING)
  );
  if (groups.length === 0) {
    return differs.output.length > 0 ? (
      <p>{trans.__('Nothing but what cells displayed.')}</p>
    ) : (
      <NothingDiffers />
    );
  }
  return (
    <div className="jp-mlops-TableScroll" tabIndex={0}>
      <table
        className="jp-mlops-Differences"
        aria-label={trans.__('What differs')}
      >
        <thead>
          <tr>
            <td />
            {runs.map((run, place) => (
              <th key={run.id} scope="col">
                {place in colors && <Dot color={colors[place]} />}
                <RunHeading run={run} withNotebook={areOfMany(runs)} />
              </th>
            ))}
            {withChange && <th scope="col">{trans.__('Difference')}</th>}
          </tr>
        </thead>
        {groups.map(group => (
          <tbody key={group.title}>
            <tr>
              <th
                scope="rowgroup"
                colSpan={runs.length + (withChange ? 2 : 1)}
                className="jp-mlops-Differences-group"
              >
                {group.title}
              </th>
            </tr>
            {group.rows.map((row, index) => (
              <Row key={index} row={row} withChange={withChange} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function groupsOf(
  comparison: Comparison,
  trans: TranslationBundle
): { title: string; rows: IRow[] }[] {
  const { differs, unknown } = comparison;
  // A parameter may well be null; anything else that is null is not there.
  const settings = differs.parameter.map(one => ({
    ...one,
    change: NOTHING,
    absent: absentSetting(trans)
  }));
  const others = (differences: Omit<Difference, 'missing'>[]): IRow[] =>
    differences.map(one => ({
      ...one,
      change: NOTHING,
      missing: one.values.flatMap((value, at) => (value === null ? [at] : [])),
      absent: NOTHING
    }));
  const metrics = others(differingMetrics(comparison)).map(one => ({
    ...one,
    change: changeOf(one)
  }));
  const isInferred = ({ what }: IRow): boolean =>
    comparison.inferred.includes(what);
  return [
    {
      title: trans.__('Metrics'),
      rows: metrics.filter(one => !isInferred(one))
    },
    { title: trans.__('Parameters'), rows: settings },
    { title: trans.__('Data'), rows: others(differs.data) },
    { title: trans.__('Code'), rows: others(differs.code) },
    { title: trans.__('Environment'), rows: others(differs.environment) },
    {
      title: trans.__('Printed numbers (inferred)'),
      rows: metrics.filter(isInferred)
    },
    { title: trans.__('Not comparable'), rows: others(unknown) }
  ].filter(group => group.rows.length > 0);
}

/** What no result of a run came from is no parameter of it, though its code may assign it. */
function absentSetting(trans: TranslationBundle): string {
  return trans.__('not a parameter');
}

/** A parameter's value in each run, or that a run does not have it. */
export function settingTexts(
  { values, missing }: Difference,
  trans: TranslationBundle
): string[] {
  return values.map((value, at) =>
    missing.includes(at) ? absentSetting(trans) : formatValue(value)
  );
}

/** A run's colour in the figures. */
export function Dot(props: { color: string }): JSX.Element {
  return (
    <span
      className="jp-mlops-Dot"
      style={{ background: props.color }}
      aria-hidden="true"
    />
  );
}

/** How far a number moved between two runs; nothing of more runs, or of what is no number. */
function changeOf({ values }: Pick<IRow, 'values'>): string {
  return values.length === 2 ? formatChange(values[0], values[1]) : NOTHING;
}

function Row(props: { row: IRow; withChange: boolean }): JSX.Element {
  const { trans } = useServices();
  const { what, cell, values, detail, missing, absent, change } = props.row;
  const isPair = values.length === 2;
  const texts = isPair ? toldApart(values[0], values[1]) : [];
  // Long values take the room of a difference that there is not.
  const isWide = (index: number): boolean =>
    props.withChange && index === 1 && change === NOTHING;
  return (
    <tr>
      <th scope="row" title={detail || what}>
        {what}
        {cell !== null && (
          <span className="jp-mlops-mod-quiet">
            {' '}
            {trans.__('cell %1', cell)}
          </span>
        )}
        {detail && <div className="jp-mlops-mod-quiet">{detail}</div>}
      </th>
      {values.map((value, index) => (
        <td
          key={index}
          colSpan={isWide(index) ? 2 : 1}
          title={missing.includes(index) ? '' : wholeValue(value)}
        >
          {missing.includes(index) ? (
            <span className="jp-mlops-mod-quiet">{absent}</span>
          ) : typeof value === 'number' && isPair ? (
            texts[index]
          ) : (
            <Shown value={value} />
          )}
        </td>
      ))}
      {change !== NOTHING && <td>{change}</td>}
    </tr>
  );
}

const DIGEST = /^[a-z0-9-]+:[0-9a-f]{16,}$/;

function Shown(props: { value: unknown }): JSX.Element {
  const text = formatValue(props.value);
  if (DIGEST.test(text)) {
    return <code>{shorten(text)}</code>;
  }
  return text.includes('\n') ? (
    <pre>{text}</pre>
  ) : (
    <Value value={props.value} withMark />
  );
}

/** The server lists every metric; shown are those without the same value in every run. */
function differingMetrics(
  comparison: Comparison
): Omit<Difference, 'missing'>[] {
  return Object.entries(comparison.metrics)
    .filter(([, values]) => new Set(values).size > 1)
    .map(([what, values]) => ({ what, cell: null, values, detail: '' }));
}

/** Whether runs are of more than one notebook. */
export function areOfMany(runs: Run[]): boolean {
  return new Set(runs.map(run => run.notebook)).size > 1;
}

/** A run as a column's heading: when, and a button that opens its executed notebook. */
export function RunHeading(props: {
  run: Run;
  /** For runs of more than one. */
  withNotebook?: boolean;
}): JSX.Element {
  const { trans, locale } = useServices();
  const execute = useCommand();
  const { run } = props;
  return (
    <Link
      data-run={run.id}
      title={trans.__('Open the executed notebook of run %1', run.id)}
      onClick={() => execute(CommandIDs.openNotebook, { run: run.id })}
    >
      {formatTime(run.started, locale)}
      <code>{run.id.slice(0, 8)}</code>
      {props.withNotebook && run.notebook && (
        <span className="jp-mlops-RunHeading-notebook">
          {PathExt.basename(run.notebook)}
        </span>
      )}
    </Link>
  );
}

function NothingDiffers(): JSX.Element {
  const { trans } = useServices();
  return (
    <Empty
      title={trans.__('Nothing differs')}
      text={trans.__(
        'Code, parameters, data, environment and outputs were recorded as the same.'
      )}
    />
  );
}
