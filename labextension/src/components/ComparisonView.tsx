import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Comparison, MetricCause, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { kindName } from './Causes';
import { areOfMany, DifferenceTable, Dot, RunHeading } from './DifferenceTable';
import { DifferingOutputs } from './DifferingOutputs';
import { Figure, type IFigure, isDrawable } from './Figure';
import { Failure, Loading } from './Notices';
import { useCommand, useFetched, useServices } from './services';
import { notebookName } from './VerdictPage';
import { Tag } from './Tag';

interface ICompared {
  comparison: Comparison;
  runs: Run[];
}

/** What differs between runs: figures, causes and a table. */
export function ComparisonView(props: {
  runs: readonly string[];
  /** Told what a tab of this should be called, once that is known. */
  onTitle?: (title: string) => void;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const { onTitle } = props;
  const { client, feed } = mlops;
  const ids = props.runs;
  const { value, error, refetch } = useFetched<ICompared>(
    ids.join(),
    async () => {
      const [comparison, ...runs] = await Promise.all([
        client.compare(ids),
        ...ids.map(id => client.run(id))
      ]);
      return { comparison, runs };
    },
    feed,
    change => change.ids?.some(id => ids.includes(id)) ?? true
  );
  React.useEffect(() => {
    if (value) {
      onTitle?.(title(value.runs, trans));
    }
  }, [value, onTitle, trans]);
  const what = trans.__('Comparing the runs');
  if (value === null) {
    return error ? (
      <Failure error={error} what={what} onRetry={refetch} />
    ) : (
      <Loading label={trans.__('Comparing %1 runs…', ids.length)} lines={12} />
    );
  }
  return (
    <div className="jp-mlops-Comparison">
      {error && <Failure inline error={error} what={what} onRetry={refetch} />}
      <Compared {...value} />
    </div>
  );
}

/** Of two runs short forms of both ids, then the notebooks: tabs soon have room for little. */
function title(runs: Run[], trans: TranslationBundle): string {
  const names = new Set(runs.map(notebookName).filter(Boolean));
  return [
    comparisonName(
      runs.map(run => run.id),
      trans
    ),
    ...names
  ].join(' · ');
}

/** What tells a comparison from others, in a few characters. */
export function comparisonName(
  runs: readonly string[],
  trans: TranslationBundle
): string {
  return runs.length === 2
    ? runs.map(id => id.slice(0, 4)).join(' ↔ ')
    : trans._n('%1 run %2…', '%1 runs %2…', runs.length, runs[0].slice(0, 8));
}

function Compared(props: ICompared): JSX.Element {
  const { trans } = useServices();
  const { comparison, runs } = props;
  const notebooks = Array.from(new Set(runs.map(run => run.notebook)));
  const all = Object.entries(comparison.figures as Record<string, IFigure>);
  const figures = all.filter(
    // Two lines show nothing that the dots and the table do not.
    ([name, figure]) =>
      isDrawable(figure) && (runs.length > 2 || name !== 'parallel_coordinates')
  );
  const colors = colorsOf(all.map(([, figure]) => figure));
  return (
    <>
      <header>
        <h2>{trans.__('%1 runs compared', runs.length)}</h2>
        <p className="jp-mlops-mod-quiet">
          {notebooks
            .map(path =>
              path ? PathExt.basename(path) : trans.__('unknown notebook')
            )
            .join(', ')}
        </p>
        {areOfMany(runs) && (
          <p>
            {trans.__(
              'The runs are of different notebooks: a cell has its number in the first of them that has it.'
            )}
          </p>
        )}
      </header>
      {figures.length > 0 && <Legend runs={runs} colors={colors} />}
      {figures.map(([name, figure]) => (
        <section key={name}>
          <h3>{figureTitle(name, trans)}</h3>
          <OneFigure figure={figure} comparison={comparison} />
        </section>
      ))}
      <Causes comparison={comparison} />
      <section>
        <h3>{trans.__('What differs')}</h3>
        <DifferenceTable comparison={comparison} runs={runs} colors={colors} />
      </section>
      <DifferingOutputs
        differences={comparison.differs.output}
        runs={runs}
        colors={colors}
      />
    </>
  );
}

/** The runs' own colours, where they are few enough to have some. */
function colorsOf(figures: IFigure[]): string[] {
  for (const { layout } of figures) {
    const { colors } = (layout.meta ?? {}) as { colors?: string[] };
    if (colors) {
      return colors;
    }
  }
  return [];
}

function figureTitle(name: string, trans: TranslationBundle): string {
  const titles: Record<string, string> = {
    parallel_coordinates: trans.__(
      'Parameters and metrics, a line for each run'
    ),
    metrics: trans.__(
      'Metrics that differ; each axis spans its own values and need not begin at 0'
    ),
    scatter: trans.__('Metric over parameter')
  };
  return titles[name] ?? name;
}

/** Which colour is which run. */
function Legend(props: { runs: Run[]; colors: string[] }): JSX.Element {
  const { trans } = useServices();
  if (props.colors.length === 0) {
    return (
      <p className="jp-mlops-mod-quiet">
        {trans.__(
          'So many runs have no colours of their own: a line’s colour is the value on the scale beside the figure.'
        )}
      </p>
    );
  }
  return (
    <ul
      className="jp-mlops-Legend"
      aria-label={trans.__('Colours of the runs')}
    >
      {props.runs.map((run, place) => (
        <li key={run.id}>
          <Dot color={props.colors[place]} />
          <RunHeading run={run} withNotebook={areOfMany(props.runs)} />
        </li>
      ))}
    </ul>
  );
}

function OneFigure(props: {
  figure: IFigure;
  comparison: Comparison;
}): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const { figure, comparison } = props;
  const label = trans.__(
    '%1 runs as a figure; the table below holds the same values',
    comparison.runs.length
  );
  if (!figure.data.some(trace => trace.type === 'parcoords')) {
    return <Figure figure={figure} label={label} />;
  }
  return (
    <>
      <Figure
        figure={figure}
        label={label}
        onPick={line =>
          execute(CommandIDs.openNotebook, { run: comparison.runs[line] })
        }
      />
      <p className="jp-mlops-mod-quiet">
        {trans.__(
          'Drag along an axis to pick out a range; click a line or a run’s heading to open its executed notebook.'
        )}
      </p>
    </>
  );
}

/** Each cause once, with all the metrics that it can have changed. */
function Causes(props: { comparison: Comparison }): JSX.Element {
  const { trans } = useServices();
  const causes = new Map<string, MetricCause[]>();
  for (const cause of props.comparison.causes) {
    const { kind, what, cell, detail } = cause;
    const key = JSON.stringify([kind, what, cell, detail]);
    causes.set(key, [...(causes.get(key) ?? []), cause]);
  }
  if (causes.size === 0) {
    return <></>;
  }
  return (
    <section>
      <h3>{trans.__('What can have made a metric differ')}</h3>
      <ul className="jp-mlops-Comparison-causes">
        {[...causes].map(([key, [cause, ...more]]) => (
          <li key={key}>
            <Tag>{kindName(cause.kind, trans)}</Tag> <code>{cause.what}</code>{' '}
            <span className="jp-mlops-mod-quiet">{cause.detail}</span> →{' '}
            <strong>
              {[cause, ...more].map(({ metric }) => metric).join(', ')}
            </strong>
          </li>
        ))}
      </ul>
    </section>
  );
}
