import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

/** How often what is under way is told anew, in ms. */
const INTERVAL = 1000;

/** One timer for all that ticks in a panel; it stands still where nobody can see it. */
export class Clock implements IDisposable {
  constructor() {
    document.addEventListener('visibilitychange', this._arrange);
  }

  get ticked(): ISignal<this, void> {
    return this._ticked;
  }

  /** Whether what it moves can be seen. */
  set isShown(isShown: boolean) {
    this._isShown = isShown;
    this._arrange();
  }

  get isRunning(): boolean {
    return this._timer !== null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Tick until the returned function is called. */
  hold(): () => void {
    this._holders += 1;
    this._arrange();
    return () => {
      this._holders -= 1;
      this._arrange();
    };
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    document.removeEventListener('visibilitychange', this._arrange);
    this._arrange();
    Signal.clearData(this);
  }

  private _arrange = (): void => {
    const isNeeded =
      !this._isDisposed &&
      this._isShown &&
      this._holders > 0 &&
      document.visibilityState !== 'hidden';
    if (isNeeded && this._timer === null) {
      // It stood still until now.
      this._ticked.emit();
      this._timer = window.setInterval(() => this._ticked.emit(), INTERVAL);
    } else if (!isNeeded && this._timer !== null) {
      window.clearInterval(this._timer);
      this._timer = null;
    }
  };

  private _holders = 0;
  private _isShown = true;
  private _isDisposed = false;
  private _timer: number | null = null;
  private _ticked = new Signal<this, void>(this);
}
