import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ComparisonView } from '../components/ComparisonView';
import {
  ExecutedNotebook,
  type INotebookParts
} from '../components/ExecutedNotebook';
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
  | { kind: 'notebook'; run: string }
  | { kind: 'verdict'; run: string; reproduction: string };

/** A tab that compares runs, or shows one verdict or one executed notebook. */
export class Tab extends MainAreaWidget {
  constructor(
    services: IServices,
    parts: INotebookParts,
    readonly shows: TabContent
  ) {
    super({ content: view(services, <Content shows={shows} parts={parts} />) });
    this.id = `jp-mlops-tab-${shows.kind}-${tabName(shows)}`;
    this.addClass('jp-mlops-Tab');
    this.content.addClass('jp-mlops-Scroll');
    this.toolbar.hide();
    this.title.icon = mlopsIcon;
    this.title.closable = true;
    this.title.label = label(shows, services.trans);
  }
}

/** The same for tabs of one kind that show the same. */
export function tabName(shows: TabContent): string {
  switch (shows.kind) {
    case 'comparison':
      return shows.runs.join('-');
    case 'notebook':
      return shows.run;
    case 'verdict':
      return shows.reproduction;
  }
}

function label(shows: TabContent, trans: TranslationBundle): string {
  switch (shows.kind) {
    case 'comparison':
      return trans._n('Compare %1 run', 'Compare %1 runs', shows.runs.length);
    case 'notebook':
      return trans.__('Notebook of run %1', shows.run.slice(0, 8));
    case 'verdict':
      return trans.__('Verdict on %1', shows.run.slice(0, 8));
  }
}

function Content(props: {
  shows: TabContent;
  parts: INotebookParts;
}): JSX.Element {
  const { shows, parts } = props;
  switch (shows.kind) {
    case 'comparison':
      return <ComparisonView runs={shows.runs} />;
    case 'notebook':
      return <ExecutedNotebook run={shows.run} parts={parts} />;
    case 'verdict':
      return <OneVerdict run={shows.run} reproduction={shows.reproduction} />;
  }
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
