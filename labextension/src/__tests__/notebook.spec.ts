import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { type Contents, ContentsManager } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { Client } from '../client';
import {
  ActiveNotebook,
  CellFinder,
  relativeToServer,
  serverPath
} from '../notebook';
import type { Run } from '../schema';
import { runOf, Server, summaryOf } from './server';

/** A notebook panel as far as we look at one. */
class Panel {
  readonly pathChanged = new Signal<this, string>(this);
  readonly metadataChanged = new Signal<this, void>(this);
  readonly cells: {
    id: string;
    type: string;
    sharedModel: { getSource: () => string };
  }[];
  readonly content = {
    activeCellIndex: 0,
    deselectAll: jest.fn(),
    scrollToItem: jest.fn(() => Promise.resolve()),
    widgets: [] as { node: HTMLElement }[]
  };
  readonly isDisposed = false;
  readonly revealed = Promise.resolve();
  metadata: object | undefined;

  constructor(
    public path: string,
    sources: Record<string, string> = {}
  ) {
    this.cells = Object.entries(sources).map(([id, source]) => {
      const type = source.startsWith('#') ? 'markdown' : 'code';
      return { id, type, sharedModel: { getSource: () => source } };
    });
    this.content.widgets = this.cells.map(() => ({
      node: document.createElement('div')
    }));
  }

  readonly sessionContext = {
    iopubMessage: new Signal<object, unknown>({}),
    kernelChanged: new Signal<object, unknown>({}),
    session: null as { kernel: { id: string } } | null
  };

  get context(): object {
    return {
      path: this.path,
      pathChanged: this.pathChanged,
      ready: Promise.resolve()
    };
  }

  get model(): object {
    const { cells, metadataChanged } = this;
    return { cells, metadataChanged, getMetadata: () => this.metadata };
  }
}

class Tracker {
  readonly currentChanged = new Signal<this, unknown>(this);
  readonly panels: Panel[] = [];
  currentWidget: Panel | null = null;

  find(test: (panel: Panel) => boolean): Panel | undefined {
    return this.panels.find(test);
  }

  activate(panel: Panel | null): void {
    this.currentWidget = panel;
    this.currentChanged.emit(panel);
  }
}

const contents = new ContentsManager({ serverSettings: new Server().settings });

describe('ActiveNotebook', () => {
  let tracker: Tracker;
  let notebook: ActiveNotebook;
  let changes: number;

  beforeEach(() => {
    tracker = new Tracker();
    notebook = new ActiveNotebook(
      tracker as unknown as INotebookTracker,
      contents
    );
    changes = 0;
    notebook.changed.connect(() => {
      changes += 1;
    });
  });

  it('follows the active notebook and its renames', () => {
    expect(notebook.path).toBeNull();
    const panel = new Panel('work/a.ipynb');
    tracker.activate(panel);
    expect([notebook.path, notebook.name]).toEqual(['work/a.ipynb', 'a.ipynb']);
    const before = changes;
    panel.path = 'work/b.ipynb';
    panel.pathChanged.emit(panel.path);
    expect(notebook.path).toBe('work/b.ipynb');
    expect(changes).toBe(before + 1);
  });

  it('knows the kernel, and tells that there is another', () => {
    const panel = new Panel('a.ipynb');
    tracker.activate(panel);
    expect(notebook.kernel).toBeNull();
    const before = changes;
    panel.sessionContext.session = { kernel: { id: 'k' } };
    panel.sessionContext.kernelChanged.emit({});
    expect(notebook.kernel).toBe('k');
    expect(changes).toBe(before + 1);
  });

  it('hears whether code is executed, and not what else the kernel does', () => {
    const panel = new Panel('a.ipynb');
    tracker.activate(panel);
    const hear = (type: string, parent: string, state?: string): boolean => {
      panel.sessionContext.iopubMessage.emit({
        header: { msg_type: type },
        parent_header: { msg_type: parent },
        content: { execution_state: state }
      });
      return notebook.isExecuting;
    };
    expect(hear('status', 'kernel_info_request', 'busy')).toBe(false);
    expect(hear('execute_input', 'execute_request')).toBe(true);
    expect(hear('status', 'comm_msg', 'idle')).toBe(true);
    expect(hear('status', 'execute_request', 'idle')).toBe(false);
    expect(hear('execute_input', 'execute_request')).toBe(true);
    expect(hear('status', '', 'restarting')).toBe(false);
    hear('execute_input', 'execute_request');
    tracker.activate(new Panel('b.ipynb'));
    expect(notebook.isExecuting).toBe(false);
  });

  it('no longer listens to a notebook that was left', () => {
    const left = new Panel('a.ipynb');
    tracker.activate(left);
    tracker.activate(new Panel('b.ipynb'));
    const before = changes;
    left.pathChanged.emit('c.ipynb');
    expect(changes).toBe(before);
  });

  it('does not begin to listen to one that was left while it loaded', async () => {
    const left = new Panel('a.ipynb');
    tracker.activate(left);
    tracker.activate(new Panel('b.ipynb'));
    await new Promise(resolve => setTimeout(resolve));
    const before = changes;
    left.metadataChanged.emit();
    expect(changes).toBe(before);
  });

  it('sees that the metadata switches capture off', () => {
    const panel = new Panel('a.ipynb');
    tracker.activate(panel);
    expect(notebook.optedOut).toBe(false);
    panel.metadata = { capture: false };
    expect(notebook.optedOut).toBe(true);
  });
});

describe('Paths', () => {
  for (const name of ['RTC', 'Extra']) {
    contents.addDrive({
      name,
      fileChanged: new Signal({})
    } as unknown as Contents.IDrive);
  }

  it.each([
    ['work/a.ipynb', 'work/a.ipynb'],
    ['RTC:work/a.ipynb', 'work/a.ipynb'],
    ['Extra:a.ipynb', null]
  ])('%p is the server’s %p', (path, expected) => {
    expect(serverPath(contents, path)).toBe(expected);
  });

  it('knows what lies below the server’s root', () => {
    expect(relativeToServer('/srv/work/a.ipynb', '/srv')).toBe('work/a.ipynb');
    expect(relativeToServer('/srv/work/a.ipynb', '/')).toBe('srv/work/a.ipynb');
    expect(relativeToServer('/srv-other/a.ipynb', '/srv')).toBeNull();
  });
});

describe('CellFinder', () => {
  const tracker = new Tracker();
  let server: Server;
  let opened: Panel;

  beforeEach(() => {
    server = new Server();
    tracker.panels.length = 0;
  });

  /** Show cell `cell` of a run that executed it as `recorded`, in `sources` by id. */
  async function show(
    cell: number,
    recorded: { id: string | null; source: string; earlier?: string },
    sources: Record<string, string>
  ): Promise<string> {
    opened = new Panel('work/train.ipynb', sources);
    const documents = {
      openOrReveal: () => opened
    } as unknown as IDocumentManager;
    const cells = [{ cell, id: recorded.id }] as unknown as Run['cells'];
    const earlier = recorded.earlier ? [{ source: recorded.earlier }] : [];
    server.on('GET', 'runs/a/cells', () => ({
      body: { cells: [...earlier, { source: recorded.source }] }
    }));
    const client = new Client(server.settings);
    const finder = new CellFinder(
      tracker as never,
      documents,
      contents,
      client
    );
    return finder.show(runOf(summaryOf('a'), { cells }), cell);
  }

  it('finds a cell by its id wherever it is now', async () => {
    const place = await show(
      1,
      { id: 'x', source: 'fit()' },
      { n: '# new', o: 'a', x: 'fit()' }
    );
    expect(place).toBe('same');
    expect(opened.content.activeCellIndex).toBe(2);
    expect(opened.content.scrollToItem).toHaveBeenCalledWith(2, 'center');
    expect(opened.content.widgets[2].node.className).toContain(
      'jp-mlops-mod-found'
    );
  });

  it('says that a cell was edited since', async () => {
    const place = await show(
      1,
      { id: 'x', source: 'fit()' },
      { o: 'a', x: 'fit(1)' }
    );
    expect(place).toBe('edited');
    expect(opened.content.activeCellIndex).toBe(1);
  });

  it('compares with the last execution of a cell that was repeated', async () => {
    const repeated = { id: 'x', source: 'fit(2)', earlier: 'fit(1)' };
    const sources = { o: 'a', x: 'fit(2)' };
    expect(await show(1, repeated, sources)).toBe('same');
    expect(await show(1, repeated, { o: 'a', x: 'fit(1)' })).toBe('edited');
    expect(await show(1, { ...repeated, id: null }, sources)).toBe('same');
  });

  it('goes by the source where there is no id', async () => {
    const place = await show(
      1,
      { id: null, source: 'fit()' },
      { o: 'a', p: 'b', q: 'fit()' }
    );
    expect(place).toBe('same');
    expect(opened.content.activeCellIndex).toBe(2);
  });

  it('prefers the recorded position among equal sources', async () => {
    await show(
      2,
      { id: null, source: 'fit()' },
      { o: 'fit()', p: 'a', q: 'fit()' }
    );
    expect(opened.content.activeCellIndex).toBe(2);
  });

  it('goes by the position last, and says that the cell was edited', async () => {
    const place = await show(
      1,
      { id: null, source: 'fit()' },
      { o: 'a', p: 'fit(2)' }
    );
    expect(place).toBe('edited');
    expect(opened.content.activeCellIndex).toBe(1);
  });

  it('says that a cell is gone and scrolls nowhere', async () => {
    const place = await show(
      1,
      { id: 'x', source: 'fit()' },
      { o: 'a', p: 'b' }
    );
    expect(place).toBe('gone');
    expect(opened.content.scrollToItem).not.toHaveBeenCalled();
  });

  it('does not open what lies outside the server’s root', async () => {
    const finder = new CellFinder(
      tracker as never,
      {} as never,
      contents,
      new Client(server.settings)
    );
    const elsewhere = runOf(summaryOf('a'), {
      notebook: '/home/b/train.ipynb'
    });
    await expect(finder.show(elsewhere, 1)).resolves.toBe('elsewhere');
    // Nor where the server's files are not local ones.
    server.status = { ...server.status, root: null };
    const run = runOf(summaryOf('a'));
    await expect(finder.show(run, 1)).resolves.toBe('elsewhere');
  });
});
