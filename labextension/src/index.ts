/** The front end's plugins: each adds one part, and none needs another's but through a token. */
import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  IThemeManager,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';

import { Client } from './client';
import { addCommands, describe, RUN_ARGS, runFor, telling } from './commands';
import type { IServices } from './components/services';
import { newestFirst } from './components/Reproductions';
import { executedPath, ExecutedNotebooks } from './drive';
import { Feed } from './feed';
import { ActiveNotebook, CellFinder } from './notebook';
import {
  createExecutedFactory,
  EXECUTED_FACTORY,
  EXECUTED_FILE_TYPE
} from './panels/ExecutedNotebook';
import { Sidebar, SIDEBAR_ID } from './panels/Sidebar';
import { createStatusItem } from './panels/StatusItem';
import { Tab, type TabContent, tabName } from './panels/tabs';
import { DEFAULT_SETTINGS, type ISettings, Runs } from './runs';
import { CommandIDs, IMlops } from './tokens';

/** Between JupyterLab's own panels and the end of what is meant for others. */
const SIDEBAR_RANK = 600;

const model: JupyterFrontEndPlugin<IMlops> = {
  id: 'jupyter-mlops:plugin',
  description:
    'Follows the active notebook and fetches its runs from the server part.',
  autoStart: true,
  provides: IMlops,
  requires: [INotebookTracker, IDocumentManager],
  optional: [ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    documents: IDocumentManager,
    settingRegistry: ISettingRegistry | null
  ): IMlops => {
    const { contents, serverSettings } = app.serviceManager;
    const client = new Client(serverSettings);
    const feed = new Feed(client, app.serviceManager);
    const runs = new Runs(
      client,
      feed,
      new ActiveNotebook(notebooks, contents)
    );
    void followSettings(settingRegistry, runs);
    void app.restored.then(() => feed.start());
    return {
      client,
      feed,
      runs,
      cells: new CellFinder(notebooks, documents, contents, client)
    };
  }
};

const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:sidebar',
  description:
    'Adds the sidebar with the runs of the active notebook, and its commands.',
  autoStart: true,
  requires: [IMlops, IRenderMimeRegistry, ITranslator],
  optional: [IThemeManager, ICommandPalette, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    mlops: IMlops,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator,
    themes: IThemeManager | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null
  ): void => {
    const services = createServices(app, mlops, rendermime, translator, themes);
    const panel = new Sidebar(services, translator);
    app.shell.add(panel, 'left', { rank: SIDEBAR_RANK });
    restorer?.add(panel, SIDEBAR_ID);
    addCommands({
      commands: app.commands,
      mlops,
      trans: services.trans,
      showPanel: () => {
        // Notebook 7 has to unfold the area first; JupyterLab does so by itself.
        labShell?.expandLeft();
        app.shell.activateById(SIDEBAR_ID);
      },
      runAtPointer: () => runAtPointer(app)
    });
    mlops.runs.changed.connect(() => app.commands.notifyCommandChanged());
    const category = services.trans.__('MLOps');
    palette?.addItem({
      command: CommandIDs.reproduceRun,
      category,
      args: { current: true }
    });
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category });
    }
  }
};

const tabs: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:tabs',
  description:
    'Adds tabs that compare runs and that show a verdict, restored after a reload.',
  autoStart: true,
  requires: [IMlops, IRenderMimeRegistry, ITranslator],
  optional: [IThemeManager, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    mlops: IMlops,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator,
    themes: IThemeManager | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const services = createServices(app, mlops, rendermime, translator, themes);
    const { trans } = services;
    const show = tabOpener(app, services, restorer);
    app.commands.addCommand(CommandIDs.compareRuns, {
      label: trans.__('Compare Selected Runs'),
      caption: trans.__(
        'Show what differs between the runs that are selected in the sidebar'
      ),
      describedBy: {
        args: describe({
          runs: {
            type: 'array',
            items: { type: 'string' },
            description: 'Ids of two runs or more'
          }
        })
      },
      isEnabled: args =>
        ((args.runs as string[]) ?? mlops.runs.selected).length > 1,
      execute: args =>
        show({
          kind: 'comparison',
          runs: (args.runs as string[]) ?? mlops.runs.selected
        })
    });
    app.commands.addCommand(CommandIDs.showVerdict, {
      label: trans.__('Show Latest Verdict'),
      caption: trans.__('Show what a reproduction came to in a tab of its own'),
      describedBy: {
        args: describe({
          ...RUN_ARGS,
          reproduction: {
            type: 'string',
            description: 'Id of one; without it, the latest'
          }
        })
      },
      isEnabled: args => (args.run ?? mlops.runs.shown) !== null,
      execute: args =>
        telling(services, trans.__('Showing the verdict'), async () => {
          const run =
            (args.run as string | undefined) ?? mlops.runs.shown ?? '';
          const reproduction =
            (args.reproduction as string) ?? (await latestOf(services, run));
          show({ kind: 'verdict', run, reproduction });
        })
    });
  }
};

const executedNotebooks: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:executed-notebooks',
  description:
    'Opens the executed notebook of a run as a read-only notebook without a kernel.',
  autoStart: true,
  requires: [
    IMlops,
    IDocumentManager,
    IRenderMimeRegistry,
    NotebookPanel.IContentFactory,
    IEditorServices,
    ITranslator
  ],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    mlops: IMlops,
    documents: IDocumentManager,
    rendermime: IRenderMimeRegistry,
    contentFactory: NotebookPanel.IContentFactory,
    editors: IEditorServices,
    translator: ITranslator,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = translator.load('jupyter_mlops');
    const { commands, docRegistry, serviceManager } = app;
    serviceManager.contents.addDrive(new ExecutedNotebooks(mlops.client));
    docRegistry.addFileType(EXECUTED_FILE_TYPE);
    const factory = createExecutedFactory({
      commands,
      contentFactory,
      editors,
      rendermime,
      trans
    });
    docRegistry.addWidgetFactory(factory);
    const tracker = new WidgetTracker<NotebookPanel>({
      namespace: 'mlops-executed-notebook'
    });
    factory.widgetCreated.connect((_, panel) => void tracker.add(panel));
    void restorer?.restore(tracker, {
      command: 'docmanager:open',
      args: panel => ({ path: panel.context.path, factory: EXECUTED_FACTORY }),
      name: panel => panel.context.path
    });
    const context = { mlops, runAtPointer: () => runAtPointer(app) };
    commands.addCommand(CommandIDs.openNotebook, {
      label: trans.__('Open Executed Notebook'),
      caption: trans.__(
        'Open the notebook as a run executed it, with its outputs, to read'
      ),
      describedBy: { args: describe(RUN_ARGS) },
      isEnabled: args => runFor(context, args) !== null,
      execute: args =>
        telling(
          { trans },
          trans.__('Opening the executed notebook'),
          async () => {
            const run = await mlops.client.run(runFor(context, args) ?? '');
            documents.openOrReveal(executedPath(run), EXECUTED_FACTORY);
          }
        )
    });
  }
};

const statusItem: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:status-item',
  description:
    'Says in the status bar whether the active notebook is being recorded.',
  autoStart: true,
  requires: [IMlops, IStatusBar, IRenderMimeRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    mlops: IMlops,
    statusBar: IStatusBar,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator
  ): void => {
    const { notebook } = mlops.runs;
    statusBar.registerStatusItem('jupyter-mlops:status-item', {
      item: createStatusItem(
        createServices(app, mlops, rendermime, translator, null)
      ),
      align: 'left',
      rank: 500,
      isActive: () => notebook.panel !== null,
      activeStateChanged: notebook.changed
    });
  }
};

function createServices(
  app: JupyterFrontEnd,
  mlops: IMlops,
  rendermime: IRenderMimeRegistry,
  translator: ITranslator,
  themes: IThemeManager | null
): IServices {
  const { commands } = app;
  const trans = translator.load('jupyter_mlops');
  const locale = translator.languageCode?.replace('_', '-');
  return { commands, mlops, rendermime, themes, trans, locale };
}

async function followSettings(
  registry: ISettingRegistry | null,
  runs: Runs
): Promise<void> {
  const settings = await registry?.load(model.id);
  const read = (): void => {
    runs.settings = {
      ...DEFAULT_SETTINGS,
      ...(settings?.composite as Partial<ISettings>)
    };
  };
  settings?.changed.connect(read);
  read();
}

/** Opens tabs, each thing in one tab only, and restores them after a reload. */
function tabOpener(
  app: JupyterFrontEnd,
  services: IServices,
  restorer: ILayoutRestorer | null
): (shows: TabContent) => void {
  const comparison = new WidgetTracker<Tab>({ namespace: 'mlops-comparison' });
  const verdict = new WidgetTracker<Tab>({ namespace: 'mlops-verdict' });
  const options = {
    args: (tab: Tab) => tab.shows,
    name: (tab: Tab) => tabName(tab.shows)
  };
  void restorer?.restore(comparison, {
    ...options,
    command: CommandIDs.compareRuns
  });
  void restorer?.restore(verdict, {
    ...options,
    command: CommandIDs.showVerdict
  });
  const trackers = { comparison, verdict };
  return shows => {
    const tracker = trackers[shows.kind];
    let tab = tracker.find(open => tabName(open.shows) === tabName(shows));
    if (!tab) {
      // The shell owns it, and closing it disposes it.
      // eslint-disable-next-line jupyter/require-disposable-ownership
      tab = new Tab(services, shows);
      app.shell.add(tab, 'main');
      void tracker.add(tab);
    }
    app.shell.activateById(tab.id);
  };
}

async function latestOf(
  { mlops, trans }: IServices,
  run: string
): Promise<string> {
  const [latest] = newestFirst(await mlops.client.reproductions(run));
  if (latest === undefined) {
    throw new Error(trans.__('this run was not reproduced yet'));
  }
  return latest.id;
}

function runAtPointer(app: JupyterFrontEnd): string | null {
  const node = app.contextMenuHitTest(
    ({ dataset }) => dataset.run !== undefined
  );
  return node?.dataset.run ?? null;
}

export { IMlops };
export default [model, sidebar, tabs, executedNotebooks, statusItem];
