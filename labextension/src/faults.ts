import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { Feed } from './feed';

/** A notification about kernels that should record and do not, for one reason. */
interface ITold {
  id: string;
  kernels: readonly string[];
}

/**
 * Tells once why kernels of open notebooks do not record although they should, and that they
 * do again; until then it stays, and a user who puts it away is not told the same again.
 */
export class FaultTeller implements IDisposable {
  constructor(
    private _feed: Feed,
    private _trans: TranslationBundle,
    /** The names of the open notebooks, by the ids of their kernels. */
    private _notebooks: () => ReadonlyMap<string, string>,
    /** Shows what to do. */
    private _showWhy: () => void
  ) {
    _feed.statusChanged.connect(this._look, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._feed.statusChanged.disconnect(this._look, this);
  }

  private _look(): void {
    if (this._feed.error !== null) {
      return; // nothing is known now, so nothing has changed
    }
    const faults = this._faults();
    for (const [reason, told] of this._told) {
      if (!faults.has(reason)) {
        this._told.delete(reason);
        this._end(told);
      }
    }
    for (const [reason, kernels] of faults) {
      const told = this._told.get(reason);
      if (told?.kernels.join() !== kernels.join()) {
        this._told.set(reason, this._tell(reason, kernels, told));
      }
    }
  }

  /** The kernels of open notebooks that should record and do not, by reason. */
  private _faults(): Map<string, string[]> {
    const notebooks = this._notebooks();
    const faults = new Map<string, string[]>();
    for (const { kernel, fault, reason } of this._feed.status?.kernels ?? []) {
      if (fault && notebooks.has(kernel)) {
        const known = faults.get(reason ?? '') ?? [];
        faults.set(reason ?? '', [...known, kernel]);
      }
    }
    return faults;
  }

  private _tell(reason: string, kernels: string[], told?: ITold): ITold {
    const trans = this._trans;
    const message = trans.__(
      'Not recording %1: %2',
      this._names(kernels),
      reason
    );
    if (told) {
      // One that was put away stays away.
      Notification.update({ id: told.id, message });
      return { id: told.id, kernels };
    }
    const id = Notification.warning(message, {
      autoClose: false,
      actions: [{ label: trans.__('Show Why'), callback: this._showWhy }]
    });
    return { id, kernels };
  }

  private _end({ id, kernels }: ITold): void {
    const again = kernels.filter(
      kernel => this._feed.captureOf(kernel)?.recording
    );
    Notification.dismiss(id);
    if (again.length > 0) {
      Notification.success(
        this._trans.__('Recording %1 again.', this._names(again)),
        { autoClose: 5000 }
      );
    }
  }

  private _names(kernels: readonly string[]): string {
    const notebooks = this._notebooks();
    return kernels
      .map(kernel => notebooks.get(kernel))
      .filter(Boolean)
      .join(', ');
  }

  private _told = new Map<string, ITold>();
  private _isDisposed = false;
}
