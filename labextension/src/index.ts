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
import { addCommands, addTabCommands } from './commands';
import type { INotebookParts } from './components/ExecutedNotebook';
import type { IServices } from './components/services';
import { FaultTeller } from './faults';
import { Feed } from './feed';
import { Kernels } from './kernels';
import { ActiveNotebook, CellFinder } from './notebook';
import { Sidebar, SIDEBAR_ID } from './panels/Sidebar';
import { createStatusItem } from './panels/StatusItem';
import { isOf, Tab, type TabContent, tabName } from './panels/tabs';
import { DEFAULT_SETTINGS, type ISettings, Runs } from './runs';
import { Saver } from './saver';
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
      cells: new CellFinder(notebooks, documents, contents, client),
      saver: new Saver(notebooks, contents, client)
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
    const showPanel = (): void => {
      // Notebook 7 has to unfold the area first; JupyterLab does so by itself.
      labShell?.expandLeft();
      app.shell.activateById(SIDEBAR_ID);
    };
    addCommands({
      commands: app.commands,
      mlops,
      trans: services.trans,
      showPanel,
      goToRuns: () => {
        showPanel();
        panel.goToRuns();
      },
      runAtPointer: () => runAtPointer(app),
      contents: app.serviceManager.contents,
      kernels: new Kernels(app.serviceManager)
    });
    mlops.runs.changed.connect(() => {
      // Each by its name: told without one, every menu and toolbar looks again.
      for (const command of Object.values(CommandIDs)) {
        app.commands.notifyCommandChanged(command);
      }
    });
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
    'Adds tabs for comparisons, verdicts and executed notebooks, restored after a reload.',
  autoStart: true,
  requires: [
    IMlops,
    IRenderMimeRegistry,
    ITranslator,
    NotebookPanel.IContentFactory,
    IEditorServices
  ],
  optional: [IThemeManager, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    mlops: IMlops,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator,
    contentFactory: NotebookPanel.IContentFactory,
    editors: IEditorServices,
    themes: IThemeManager | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const services = createServices(app, mlops, rendermime, translator, themes);
    const { mimeTypeService } = editors;
    const parts = { contentFactory, mimeTypeService, rendermime };
    const show = tabOpener(app, services, parts, restorer);
    addTabCommands(
      { ...services, runAtPointer: () => runAtPointer(app) },
      show
    );
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

const faults: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:faults',
  description:
    'Tells when a kernel of an open notebook does not record although it should.',
  autoStart: true,
  requires: [IMlops, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    mlops: IMlops,
    notebooks: INotebookTracker,
    translator: ITranslator
  ): void => {
    const open = (): Map<string, string> => {
      const names = new Map<string, string>();
      notebooks.forEach(({ sessionContext, title }) => {
        const kernel = sessionContext.session?.kernel?.id;
        if (kernel) {
          names.set(kernel, title.label);
        }
      });
      return names;
    };
    const trans = translator.load('jupyter_mlops');
    // It lives as long as the page.
    new FaultTeller(mlops.feed, trans, open, () => {
      void app.commands.execute(CommandIDs.showPanel);
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
  parts: INotebookParts,
  restorer: ILayoutRestorer | null
): (shows: TabContent) => void {
  const comparison = new WidgetTracker<Tab>({ namespace: 'mlops-comparison' });
  const notebook = new WidgetTracker<Tab>({ namespace: 'mlops-notebook' });
  const verdict = new WidgetTracker<Tab>({ namespace: 'mlops-verdict' });
  const options = {
    args: (tab: Tab) => tab.shows,
    name: (tab: Tab) => tabName(tab.shows)
  };
  void restorer?.restore(comparison, {
    ...options,
    command: CommandIDs.compareRuns
  });
  void restorer?.restore(notebook, {
    ...options,
    command: CommandIDs.openNotebook
  });
  void restorer?.restore(verdict, {
    ...options,
    command: CommandIDs.showVerdict
  });
  const trackers = { comparison, notebook, verdict };
  services.mlops.runs.forgotten.connect((_, gone) => {
    for (const tracker of Object.values(trackers)) {
      tracker
        .filter(tab => isOf(tab.shows, gone))
        .forEach(tab => tab.dispose());
    }
  });
  return shows => {
    const tracker = trackers[shows.kind];
    let tab = tracker.find(open => tabName(open.shows) === tabName(shows));
    if (!tab) {
      // The shell owns it, and closing it disposes it.
      // eslint-disable-next-line jupyter/require-disposable-ownership
      tab = new Tab(services, parts, shows);
      app.shell.add(tab, 'main');
      void tracker.add(tab);
    }
    app.shell.activateById(tab.id);
  };
}

function runAtPointer(app: JupyterFrontEnd): string | null {
  const node = app.contextMenuHitTest(
    ({ dataset }) => dataset.run !== undefined
  );
  return node?.dataset.run ?? null;
}

export { IMlops };
export default [model, sidebar, tabs, statusItem, faults];
