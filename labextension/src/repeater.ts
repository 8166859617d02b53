/**
 * Runs a task one at a time. Called while one is under way, it runs once more after that, so
 * that whoever waits gets an answer which was asked for after the call, however often it comes.
 */
export class Repeater {
  constructor(private _task: () => Promise<void>) {}

  invoke(): Promise<void> {
    if (this._current === null) {
      this._current = this._task().finally(() => {
        this._current = null;
      });
      return this._current;
    }
    this._next ??= this._current.then(this._again, this._again);
    return this._next;
  }

  private _again = (): Promise<void> => {
    this._next = null;
    return this.invoke();
  };

  private _current: Promise<void> | null = null;
  private _next: Promise<void> | null = null;
}
