import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';

import type { Client } from './client';
import { relativeToServer, serverPath } from './notebook';
import type { Run } from './schema';

/** Why the file of an open notebook does not hold what is on the screen. */
export type Unsaved = 'read only' | 'not saved';

/** Writes what was changed in an open notebook into its file, which is what the server executes. */
export class Saver {
  constructor(
    private _tracker: INotebookTracker,
    private _contents: Contents.IManager,
    private _client: Client
  ) {}

  /** Save the notebook of `run` if it has changes; null if its file holds them now. */
  async save(run: Run): Promise<Unsaved | null> {
    const context = (await this._open(run))?.context;
    if (!context?.model.dirty) {
      return null;
    }
    if (!context.contentsModel?.writable) {
      return 'read only';
    }
    try {
      await context.save();
    } catch {
      // JupyterLab has told why, or the user has decided against it in its dialog.
      return 'not saved';
    }
    return null;
  }

  private async _open(run: Run): Promise<NotebookPanel | undefined> {
    const { root } = await this._client.status();
    const path = root && run.notebook && relativeToServer(run.notebook, root);
    return path
      ? this._tracker.find(
          panel => serverPath(this._contents, panel.context.path) === path
        )
      : undefined;
  }
}
