import { PathExt } from '@jupyterlab/coreutils';
import type { ICell, INotebookContent } from '@jupyterlab/nbformat';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Client } from './client';
import type { Run } from './schema';

/** Files of this drive are `MLOps:<run id>/<name>.ipynb`. */
export const DRIVE_NAME = 'MLOps';

/** The executed notebooks of runs as files that can be read and nothing else. */
export class ExecutedNotebooks implements Contents.IDrive {
  constructor(private _client: Client) {}

  readonly name = DRIVE_NAME;

  get serverSettings(): ServerConnection.ISettings {
    return this._client.serverSettings;
  }

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  async get(
    localPath: string,
    options?: Contents.IFetchOptions
  ): Promise<Contents.IModel> {
    const run = runOf(localPath);
    if (run === null) {
      return folder(localPath);
    }
    const { started } = await this._client.run(run);
    const content =
      options?.content === false
        ? null
        : readOnly(await this._client.executedNotebook(run));
    return {
      name: PathExt.basename(localPath),
      path: localPath,
      type: 'notebook',
      format: 'json',
      mimetype: '',
      writable: false,
      created: started,
      last_modified: started,
      content
    };
  }

  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  getDownloadUrl = refuse;
  newUntitled = refuse;
  delete = refuse;
  rename = refuse;
  save = refuse;
  copy = refuse;
  createCheckpoint = refuse;
  restoreCheckpoint = refuse;
  deleteCheckpoint = refuse;

  private _isDisposed = false;
  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
}

/** The path under which a run's executed notebook opens. */
export function executedPath(run: Run): string {
  const file = PathExt.basename(run.notebook ?? 'notebook.ipynb');
  const stem = PathExt.basename(file, PathExt.extname(file));
  return `${DRIVE_NAME}:${run.id}/${stem} (run ${run.id.slice(0, 8)}).ipynb`;
}

/** The run whose executed notebook has this path, with or without the drive; null for a folder. */
export function runOf(path: string): string | null {
  const match = /^(?:MLOps:)?\/?([^/]+)\/[^/]+\.ipynb$/.exec(path);
  return match && match[1];
}

function refuse(): Promise<never> {
  return Promise.reject(
    new Error('An executed notebook is a record and can only be read.')
  );
}

function folder(localPath: string): Contents.IModel {
  return {
    name: PathExt.basename(localPath),
    path: localPath,
    type: 'directory',
    format: 'json',
    mimetype: '',
    writable: false,
    created: '',
    last_modified: '',
    content: []
  };
}

function readOnly(notebook: INotebookContent): INotebookContent {
  const locked = (cell: ICell): ICell => {
    // A record from the store must not run scripts of its outputs in the page.
    const shut = { trusted: false, editable: false, deletable: false };
    return { ...cell, metadata: { ...cell.metadata, ...shut } };
  };
  return { ...notebook, cells: notebook.cells.map(locked) };
}
