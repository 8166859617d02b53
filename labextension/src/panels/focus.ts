import type { IDisposable } from '@lumino/disposable';

/** The row that Tab reaches. */
const ROW = '[role="option"][tabindex="0"]';

/**
 * Keeps the focus of people who work by keyboard inside a panel: it goes to the list when the
 * panel is asked for, and to a place nearby when what has it goes away.
 */
export class FocusKeeper implements IDisposable {
  constructor(private _panel: HTMLElement) {
    _panel.tabIndex = -1;
    _panel.addEventListener('focusin', this._onFocus);
    _panel.addEventListener('focusout', this._onLeave);
    this._observer.observe(_panel, { childList: true, subtree: true });
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Go to the list, to the panel as long as there is none; who is inside stays in place. */
  enter(): void {
    const active = document.activeElement;
    if (active !== this._panel && this._panel.contains(active)) {
      return;
    }
    const hasRow = this.goToList();
    if (!hasRow) {
      this._panel.focus();
    }
    this._isWaiting = !hasRow;
  }

  /** Go to the list from wherever; false if there is none to be seen. */
  goToList(): boolean {
    const row = this._panel.querySelector<HTMLElement>(ROW);
    row?.focus();
    return row !== null && document.activeElement === row;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._observer.disconnect();
    this._panel.removeEventListener('focusin', this._onFocus);
    this._panel.removeEventListener('focusout', this._onLeave);
  }

  private _onFocus = (event: FocusEvent): void => {
    this._last = event.target as HTMLElement;
  };

  private _onLeave = (event: FocusEvent): void => {
    // Browsers say the same when what has the focus is removed; a moment later it is.
    queueMicrotask(() => {
      if (this._last === event.target && this._last?.isConnected) {
        this._last = null;
      }
    });
  };

  private _onChange = (records: MutationRecord[]): void => {
    const active = document.activeElement;
    if (active === this._panel) {
      if (this._isWaiting) {
        this.enter();
      }
      return;
    }
    // What was removed leaves the focus at the body; else the user has gone elsewhere.
    const last = this._last;
    if (active !== document.body || !last || last.isConnected) {
      return;
    }
    const record = records.find(({ removedNodes }) =>
      Array.from(removedNodes).some(node => node.contains(last))
    );
    this._last = null;
    const near =
      record?.target.isConnected &&
      (record.target as HTMLElement).closest<HTMLElement>('[tabindex]');
    if (near && near !== this._panel && this._panel.contains(near)) {
      near.focus();
    } else {
      this.enter();
    }
  };

  private _observer = new MutationObserver(this._onChange);
  private _isWaiting = false;
  private _last: HTMLElement | null = null;
  private _isDisposed = false;
}
