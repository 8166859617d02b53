import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { comparisonName, ComparisonView } from '../components/ComparisonView';
import {
  ExecutedNotebook,
  type INotebookParts
} from '../components/ExecutedNotebook';
import type { IServices } from '../components/services';
import { VerdictPage } from '../components/VerdictPage';
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
    // The tab follows the title of its content, which is known only once that is fetched.
    const onTitle = (title: string): void => {
      content.title.label = title;
    };
    const content = view(
      services,
      <Content shows={shows} parts={parts} onTitle={onTitle} />
    );
    super({ content });
    this.id = `jp-mlops-tab-${shows.kind}-${tabName(shows)}`;
    this.addClass('jp-mlops-Tab');
    this.content.addClass('jp-mlops-Scroll');
    this.toolbar.hide();
    this.title.icon = mlopsIcon;
    this.title.closable = true;
    this.title.label = label(shows, services.trans);
    this.title.caption = caption(shows, services.trans);
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

/** Whether what a tab shows is of one of these runs. */
export function isOf(shows: TabContent, runs: readonly string[]): boolean {
  const shown =
    shows.kind === 'comparison' ? shows.runs : [shows.run, tabName(shows)];
  return shown.some(run => runs.includes(run));
}

/** What a tab is called until its content tells more. */
function label(shows: TabContent, trans: TranslationBundle): string {
  switch (shows.kind) {
    case 'comparison':
      return comparisonName(shows.runs, trans);
    case 'notebook':
      return trans.__('Run %1', shows.run.slice(0, 8));
    case 'verdict':
      return trans.__('Verdict %1', shows.run.slice(0, 8));
  }
}

function caption(shows: TabContent, trans: TranslationBundle): string {
  switch (shows.kind) {
    case 'comparison':
      return trans.__('Comparison of the runs %1', shows.runs.join(', '));
    case 'notebook':
      return trans.__('The notebook as run %1 executed it', shows.run);
    case 'verdict':
      return trans.__(
        'Verdict on the reproduction %2 of run %1',
        shows.run,
        shows.reproduction
      );
  }
}

function Content(props: {
  shows: TabContent;
  parts: INotebookParts;
  onTitle: (title: string) => void;
}): JSX.Element {
  const { shows, parts, onTitle } = props;
  switch (shows.kind) {
    case 'comparison':
      return <ComparisonView runs={shows.runs} onTitle={onTitle} />;
    case 'notebook':
      return (
        <ExecutedNotebook run={shows.run} parts={parts} onTitle={onTitle} />
      );
    case 'verdict':
      return <VerdictPage {...shows} onTitle={onTitle} />;
  }
}
