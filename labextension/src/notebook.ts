import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Client } from './client';
import type { Run } from './schema';

/** Drives whose files are the server's own: the default one, and the one for co-editing. */
const SERVER_DRIVES = ['', 'RTC'];

/** The notebook that the user works in, through renames and moves. */
export class ActiveNotebook implements IDisposable {
  constructor(
    private _tracker: INotebookTracker,
    private _contents: Contents.IManager
  ) {
    _tracker.currentChanged.connect(this._follow, this);
    this._follow();
  }

  /** Another notebook is active, or the active one has another path. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get panel(): NotebookPanel | null {
    return this._panel;
  }

  /** Its path relative to the server's root; null without one, or if it lies elsewhere. */
  get path(): string | null {
    return this._panel && serverPath(this._contents, this._panel.context.path);
  }

  get name(): string | null {
    return (
      this._panel &&
      PathExt.basename(this._contents.localPath(this._panel.context.path))
    );
  }

  /** The id of its kernel, as the server has it; null while it has none. */
  get kernel(): string | null {
    return this._panel?.sessionContext.session?.kernel?.id ?? null;
  }

  /** Shut its kernel down; what it held is lost. */
  async shutDownKernel(): Promise<void> {
    await this._panel?.sessionContext.shutdown();
  }

  /** Whether the notebook's own metadata switches capture off. */
  get optedOut(): boolean {
    const ours = this._panel?.model?.getMetadata('jupyter_mlops');
    return ours?.capture === false;
  }

  /** Whether its kernel executes code, as far as was heard since it became active. */
  get isExecuting(): boolean {
    return this._isExecuting;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._tracker.currentChanged.disconnect(this._follow, this);
    this._leave();
    Signal.clearData(this);
  }

  private _follow(): void {
    const panel = this._tracker.currentWidget;
    if (panel === this._panel) {
      return;
    }
    this._leave();
    this._panel = panel;
    this._isExecuting = false;
    if (panel) {
      panel.context.pathChanged.connect(this._tell, this);
      panel.sessionContext.iopubMessage.connect(this._hear, this);
      panel.sessionContext.kernelChanged.connect(this._tell, this);
      panel.context.ready.then(
        () => {
          // It may have been left, or this been disposed of, while it loaded.
          if (panel === this._panel && !this._isDisposed) {
            panel.model?.metadataChanged.connect(this._tell, this);
            this._tell();
          }
        },
        () => undefined // JupyterLab says itself that it could not be read
      );
    }
    this._tell();
  }

  private _leave(): void {
    if (this._panel && !this._panel.isDisposed) {
      this._panel.context.pathChanged.disconnect(this._tell, this);
      this._panel.model?.metadataChanged.disconnect(this._tell, this);
      this._panel.sessionContext.iopubMessage.disconnect(this._hear, this);
      this._panel.sessionContext.kernelChanged.disconnect(this._tell, this);
    }
  }

  /** A kernel is busy with other things than code as well; only code has an echo. */
  private _hear(_: unknown, message: KernelMessage.IMessage): void {
    const was = this._isExecuting;
    const parent = message.parent_header as Partial<KernelMessage.IHeader>;
    if (message.header.msg_type === 'execute_input') {
      this._isExecuting = true;
    } else if (message.header.msg_type === 'status') {
      const { execution_state: state } =
        message.content as KernelMessage.IStatusMsg['content'];
      const isOthers =
        state === 'idle' && parent.msg_type !== 'execute_request';
      this._isExecuting &&= state === 'busy' || isOthers;
    }
    if (this._isExecuting !== was) {
      this._tell();
    }
  }

  private _tell(): void {
    this._changed.emit();
  }

  private _panel: NotebookPanel | null = null;
  private _isExecuting = false;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** How well the place of a recorded cell was found in the notebook as it is now. */
export type Place = 'same' | 'edited' | 'gone' | 'elsewhere';

/** Finds the cells of a run in the notebook it came from, and shows them. */
export class CellFinder {
  constructor(
    private _tracker: INotebookTracker,
    private _documents: IDocumentManager,
    private _contents: Contents.IManager,
    private _client: Client
  ) {}

  /** Scroll to what was cell `cell` in `run`, opening the notebook if it is not open. */
  async show(run: Run, cell: number): Promise<Place> {
    const panel = await this._open(run);
    if (!panel) {
      return 'elsewhere';
    }
    const [index, place] = await this._find(panel, run, cell);
    if (index === null) {
      return place;
    }
    const notebook = panel.content;
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    await notebook.scrollToItem(index, 'center');
    flash(notebook.widgets[index].node);
    return place;
  }

  private async _find(
    panel: NotebookPanel,
    run: Run,
    cell: number
  ): Promise<[number | null, Place]> {
    const models = Array.from(panel.model?.cells ?? []);
    const recorded = run.cells.find(execution => execution.cell === cell);
    const byId = models.findIndex(
      model => recorded?.id && model.id === recorded.id
    );
    // Without ids, as outside JupyterLab, the source as it was executed last tells the cell.
    const details = recorded ? await this._client.cells(run.id, cell) : [];
    const source = details[details.length - 1]?.source;
    const isSame = (index: number): boolean =>
      models[index]?.sharedModel.getSource() === source;
    if (byId >= 0) {
      return [byId, isSame(byId) ? 'same' : 'edited'];
    }
    const sameSource = models.findIndex((_, index) => isSame(index));
    if (sameSource >= 0) {
      return [isSame(cell) ? cell : sameSource, 'same'];
    }
    return models[cell]?.type === 'code' && !recorded?.id
      ? [cell, 'edited']
      : [null, 'gone'];
  }

  private async _open(run: Run): Promise<NotebookPanel | null> {
    // Not the page's own option: that says ~ for the home folder.
    const { root } = await this._client.status();
    const path = root && run.notebook && relativeToServer(run.notebook, root);
    if (!path) {
      return null;
    }
    const open = this._tracker.find(
      panel => serverPath(this._contents, panel.context.path) === path
    );
    const panel = this._documents.openOrReveal(
      open?.context.path ?? path,
      'Notebook'
    ) as NotebookPanel | undefined;
    await panel?.revealed;
    await panel?.context.ready;
    return panel ?? null;
  }
}

/** `path` without its drive if the file is the server's own, else null. */
export function serverPath(
  contents: Contents.IManager,
  path: string
): string | null {
  return SERVER_DRIVES.includes(contents.driveName(path))
    ? contents.localPath(path)
    : null;
}

/** An absolute path of the server's machine, relative to the server's root; null if outside. */
export function relativeToServer(path: string, root: string): string | null {
  const folder = root.replace(/\/+$/, '') + '/';
  return path.startsWith(folder) ? path.slice(folder.length) : null;
}

function flash(node: HTMLElement): void {
  node.classList.remove('jp-mlops-mod-found');
  // Reading the size makes the browser see the removal, so that the animation starts again.
  void node.offsetWidth;
  node.classList.add('jp-mlops-mod-found');
  node.addEventListener(
    'animationend',
    () => node.classList.remove('jp-mlops-mod-found'),
    { once: true }
  );
}
