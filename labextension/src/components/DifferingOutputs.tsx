import * as React from 'react';

import type { CellDetail, Difference, Run } from '../schema';
import { Dot, RunHeading } from './DifferenceTable';
import { Failure, Loading } from './Notices';
import { useFetched, useServices } from './services';
import { SideBySide } from './SideBySide';

/** The outputs that differ, cell by cell: the first is open, the others at a press. */
export function DifferingOutputs(props: {
  differences: Difference[];
  runs: Run[];
  colors: string[];
}): JSX.Element {
  const { trans } = useServices();
  const { differences, ...others } = props;
  if (differences.length === 0) {
    return <></>;
  }
  return (
    <section>
      <h3>{trans.__('Outputs that differ')}</h3>
      {differences.map((difference, index) => (
        <OneCell
          key={index}
          difference={difference}
          isFirst={index === 0}
          {...others}
        />
      ))}
    </section>
  );
}

function OneCell(props: {
  difference: Difference;
  runs: Run[];
  colors: string[];
  isFirst: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const { difference, runs, colors } = props;
  const [isOpen, setOpen] = React.useState(props.isFirst);
  return (
    <details
      className="jp-mlops-Outputs-cell"
      open={isOpen}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        {difference.cell === null
          ? trans.__('a cell without position')
          : trans.__('cell %1', difference.cell)}
      </summary>
      {isOpen && <Sides difference={difference} runs={runs} colors={colors} />}
    </details>
  );
}

function Sides(props: {
  difference: Difference;
  runs: Run[];
  colors: string[];
}): JSX.Element {
  const { mlops, trans } = useServices();
  const { difference, runs, colors } = props;
  const { cell } = difference;
  const { value, error, refetch } = useFetched<CellDetail[][]>(
    `${runs.map(({ id }) => id).join()}/${cell}`,
    () =>
      cell === null
        ? Promise.resolve([])
        : Promise.all(runs.map(({ id }) => mlops.client.cells(id, cell))),
    mlops.feed,
    () => false
  );
  const outputs = React.useMemo(
    () =>
      value && areOfOneCell(value)
        ? value.map(details => details.flatMap(one => one.outputs))
        : runs.map((_, place) => String(difference.values[place] ?? '')),
    [value, runs, difference]
  );
  if (error) {
    const what = trans.__('Fetching the outputs');
    return <Failure inline error={error} what={what} onRetry={refetch} />;
  }
  if (!value) {
    return <Loading label={trans.__('Loading the outputs…')} />;
  }
  return (
    <SideBySide
      captions={runs.map((run, place) => (
        <>
          {place in colors && <Dot color={colors[place]} />}
          <RunHeading run={run} />
        </>
      ))}
      outputs={outputs}
      isMarked={runs.length === 2}
    />
  );
}

/**
 * Whether what stands at one position in every run is the same cell: by its id, or its code.
 *
 * Where cells were moved between the runs it is not, and the server's excerpts are shown.
 */
export function areOfOneCell(sides: CellDetail[][]): boolean {
  const keys = (key: (detail: CellDetail) => string | null): Set<unknown> =>
    new Set(sides.map(details => (details.length ? key(details[0]) : null)));
  return [keys(one => one.execution.id), keys(one => one.source)].some(
    found => found.size === 1 && !found.has(null)
  );
}
