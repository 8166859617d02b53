import * as React from 'react';

import { formatTime, formatValue, shorten, wholeValue } from '../format';
import type { Comparison, Difference, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { Empty } from './Notices';
import { useCommand, useServices } from './services';

interface IRow {
  what: string;
  cell: number | null;
  values: readonly unknown[];
  detail: string;
}

interface IGroup {
  title: string;
  rows: IRow[];
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
  const groups: IGroup[] = [
    { title: trans.__('Metrics'), rows: differingMetrics(comparison) },
    { title: trans.__('Parameters'), rows: differs.parameter },
    { title: trans.__('Data'), rows: differs.data },
    { title: trans.__('Code'), rows: differs.code },
    { title: trans.__('Environment'), rows: differs.environment },
    { title: trans.__('Not comparable'), rows: comparison.unknown }
  ].filter(group => group.rows.length > 0);
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
                <RunHeading run={run} />
              </th>
            ))}
          </tr>
        </thead>
        {groups.map(group => (
          <tbody key={group.title}>
            <tr>
              <th
                scope="rowgroup"
                colSpan={runs.length + 1}
                className="jp-mlops-Differences-group"
              >
                {group.title}
              </th>
            </tr>
            {group.rows.map((row, index) => (
              <Row key={index} row={row} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
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

function Row(props: { row: IRow }): JSX.Element {
  const { trans } = useServices();
  const { what, cell, values, detail } = props.row;
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
        <td key={index} title={value === null ? '' : wholeValue(value)}>
          {value === null ? (
            <span className="jp-mlops-mod-quiet">{trans.__('none')}</span>
          ) : (
            <Value value={value} />
          )}
        </td>
      ))}
    </tr>
  );
}

const DIGEST = /^[a-z0-9-]+:[0-9a-f]{16,}$/;

function Value(props: { value: unknown }): JSX.Element {
  const text = formatValue(props.value);
  if (DIGEST.test(text)) {
    return <code>{shorten(text)}</code>;
  }
  return text.includes('\n') ? <pre>{text}</pre> : <>{text}</>;
}

/** The server lists every metric; shown are those without the same value in every run. */
function differingMetrics(comparison: Comparison): Difference[] {
  return Object.entries(comparison.metrics)
    .filter(([, values]) => new Set(values).size > 1)
    .map(([what, values]) => ({ what, cell: null, values, detail: '' }));
}

/** A run as a column's heading: when, and a button that opens its executed notebook. */
export function RunHeading(props: { run: Run }): JSX.Element {
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
