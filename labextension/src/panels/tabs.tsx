import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { ComparisonView } from '../components/ComparisonView';
import { Empty, Failure, Loading } from '../components/Notices';
import { useReproductions } from '../components/Reproductions';
import {
  type IServices,
  useFetched,
  useServices
} from '../components/services';
import { VerdictView } from '../components/VerdictView';
import { mlopsIcon } from '../icons';
import { view } from './Sidebar';

/** What a tab of the main area shows; also what it is restored from after a reload. */
export type TabContent =
  | { kind: 'comparison'; runs: string[] }
  | { kind: 'verdict'; run: string; reproduction: string };

/** A tab that compares runs or shows one verdict, wide. */
export class Tab extends MainAreaWidget {
  constructor(
    services: IServices,
    readonly shows: TabContent
  ) {
    super({ content: view(services, <Content {...shows} />) });
    const { trans } = services;
    this.id = `jp-mlops-tab-${tabName(shows)}`;
    this.addClass('jp-mlops-Tab');
    this.content.addClass('jp-mlops-Scroll');
    this.toolbar.hide();
    this.title.icon = mlopsIcon;
    this.title.closable = true;
    this.title.label =
      shows.kind === 'comparison'
        ? trans.__('Compare %1 runs', shows.runs.length)
        : trans.__('Verdict on %1', shows.run.slice(0, 8));
  }
}

/** The same for tabs that show the same. */
export function tabName(shows: TabContent): string {
  return shows.kind === 'comparison'
    ? shows.runs.join('-')
    : shows.reproduction;
}

function Content(shows: TabContent): JSX.Element {
  return shows.kind === 'comparison' ? (
    <ComparisonView runs={shows.runs} />
  ) : (
    <OneVerdict run={shows.run} reproduction={shows.reproduction} />
  );
}

function OneVerdict(props: { run: string; reproduction: string }): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed } = mlops;
  const run = useFetched(
    props.run,
    () => client.run(props.run),
    feed,
    () => false
  );
  const reproductions = useReproductions(props.run);
  const error = run.error ?? reproductions.error;
  if (error) {
    const retry = (): void => {
      run.refetch();
      reproductions.refetch();
    };
    return (
      <Failure
        error={error}
        what={trans.__('Fetching the verdict')}
        onRetry={retry}
      />
    );
  }
  if (!run.value || !reproductions.value) {
    return <Loading label={trans.__('Loading the verdict…')} />;
  }
  const found = reproductions.value.find(({ id }) => id === props.reproduction);
  if (!found?.verdict) {
    return (
      <Empty
        title={trans.__('No verdict')}
        text={
          found?.message ?? trans.__('That reproduction is not in the store.')
        }
      />
    );
  }
  return (
    <div className="jp-mlops-Comparison">
      <VerdictView verdict={found.verdict} run={run.value} isWide />
    </div>
  );
}
