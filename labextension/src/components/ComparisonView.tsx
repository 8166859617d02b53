import { PathExt } from '@jupyterlab/coreutils';
import * as React from 'react';

import type { Comparison, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { DifferenceTable } from './DifferenceTable';
import { Figure, type IFigure, isDrawable } from './Figure';
import { Failure, Loading } from './Notices';
import { useCommand, useFetched, useServices } from './services';
import { kindName } from './VerdictView';

interface ICompared {
  comparison: Comparison;
  runs: Run[];
}

/** What differs between runs: figures, causes and a table. */
export function ComparisonView(props: {
  runs: readonly string[];
}): JSX.Element {
  const { mlops, trans } = useServices();
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
    change => change.ids?.some(id => ids.includes(id)) ?? false
  );
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

function Compared(props: ICompared): JSX.Element {
  const { trans } = useServices();
  const { comparison, runs } = props;
  const notebooks = Array.from(new Set(runs.map(run => run.notebook)));
  const figures = Object.entries(
    comparison.figures as Record<string, IFigure>
  ).filter(([, figure]) => isDrawable(figure));
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
      </header>
      {figures.map(([name, figure]) => (
        <OneFigure key={name} figure={figure} comparison={comparison} />
      ))}
      <Causes comparison={comparison} />
      <h3>{trans.__('What differs')}</h3>
      <DifferenceTable comparison={comparison} runs={runs} />
    </>
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
    <section>
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
    </section>
  );
}

function Causes(props: { comparison: Comparison }): JSX.Element {
  const { trans } = useServices();
  const { causes } = props.comparison;
  if (causes.length === 0) {
    return <></>;
  }
  return (
    <section>
      <h3>{trans.__('What can have made a metric differ')}</h3>
      <ul className="jp-mlops-Comparison-causes">
        {causes.map((cause, index) => (
          <li key={index}>
            <strong>{cause.metric}</strong>: {kindName(cause.kind, trans)}{' '}
            <code>{cause.what}</code>{' '}
            <span className="jp-mlops-mod-quiet">{cause.detail}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
