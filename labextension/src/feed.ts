import type { Event, ServiceManager } from '@jupyterlab/services';
import { type IPoll, Poll } from '@lumino/polling';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { type Client, RequestError } from './client';
import type { KernelCapture, Status } from './schema';

/** What the server part's events are called on Jupyter's event stream. */
export const EVENT_SCHEMA =
  'https://jupyter-mlops.readthedocs.io/events/change/v1';

/** How often to ask while nothing has shown that events arrive, in ms. */
export const POLLING_INTERVAL = 10_000;
/** How often to make sure that events still arrive once they have, in ms. */
export const VERIFYING_INTERVAL = 60_000;
/** So many changes in a row that no event told: then the stream does not reach us. */
const UNTOLD_LIMIT = 2;

/** A hint to fetch; `ids` is null where it is not known what has changed. */
export interface IChange {
  kind: 'runs' | 'reproduction';
  ids: readonly string[] | null;
}

/** What we need of JupyterLab's service manager. */
export type EventSource = Pick<ServiceManager.IManager, 'events'>;

/**
 * Tells that something has changed on the server, and how the server part is.
 *
 * Events carry no data and nothing is replayed after a reconnection; a role may be refused
 * the stream, and JupyterLab does not tell. So the change counter of the server's status is
 * compared with what the events said: an untold change is fetched all the same, and from
 * the second one on `live` is false, until an event arrives again.
 */
export class Feed implements IDisposable {
  constructor(
    private _client: Client,
    source: EventSource,
    standby: Poll.Standby = 'when-hidden'
  ) {
    this._poll = new Poll<void, RequestError>({
      auto: false,
      name: 'jupyter-mlops:status',
      factory: () => this._check(),
      frequency: { ...BACKOFF, interval: POLLING_INTERVAL },
      standby
    });
    source.events.stream.connect(this._onEvent, this);
    this._disconnect = () =>
      source.events.stream.disconnect(this._onEvent, this);
  }

  /** Something changed: whoever shows it should fetch it again. */
  get changed(): ISignal<this, IChange> {
    return this._changed;
  }

  /** `status`, `error` or `live` is another than before. */
  get statusChanged(): ISignal<this, void> {
    return this._statusChanged;
  }

  /** What the server part last said of itself; null before it has. */
  get status(): Status | null {
    return this._status;
  }

  /** Whether a kernel records; null if it has executed nothing, as far as the server knows. */
  captureOf(kernel: string | null): KernelCapture | null {
    const kernels = this._status?.kernels ?? [];
    return kernels.find(known => known.kernel === kernel) ?? null;
  }

  /** Why it can't be asked now; null while it can. */
  get error(): RequestError | null {
    return this._error;
  }

  /** Whether changes arrive by themselves, as far as is known. */
  get live(): boolean {
    return this._untold < UNTOLD_LIMIT;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  async start(): Promise<void> {
    await this._poll.start();
  }

  /** Ask at once, and let everything shown be fetched again. */
  async refresh(): Promise<void> {
    this._changed.emit({ kind: 'runs', ids: null });
    await this._poll.refresh();
    await this._poll.tick;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._disconnect();
    this._poll.dispose();
    Signal.clearData(this);
  }

  private _onEvent(_: Event.IManager, event: Event.Emission): void {
    if (event.schema_id !== EVENT_SCHEMA) {
      return;
    }
    const { sequence, kind, ids } = event as unknown as {
      sequence: number;
      kind: IChange['kind'] | 'status';
      ids: string[];
    };
    const skipped = sequence > this._sequence + Math.max(1, ids.length);
    this._sequence = sequence;
    this._setUntold(0);
    this._setInterval(VERIFYING_INTERVAL);
    if (kind === 'status') {
      void this._poll.refresh();
    } else {
      this._changed.emit({ kind, ids: skipped ? null : ids });
    }
  }

  private async _check(): Promise<void> {
    const before = this._sequence;
    let status: Status;
    try {
      status = await this._client.status();
    } catch (error) {
      this._error = error as RequestError;
      this._statusChanged.emit();
      throw error;
    }
    const again = this._error !== null;
    const first = this._status === null;
    // An event that came while the answer was under way has told the change.
    const untold =
      !first && this._sequence === before && status.sequence !== before;
    this._status = status;
    this._error = null;
    this._sequence = status.sequence;
    if (untold) {
      this._setUntold(this._untold + 1);
    }
    // No event tells that a journal, which was only just written, has been taken in.
    if (untold || status.unsynced > 0) {
      this._setInterval(POLLING_INTERVAL);
    }
    this._statusChanged.emit();
    if (untold || again) {
      this._changed.emit({ kind: 'runs', ids: null });
    }
  }

  private _setUntold(untold: number): void {
    const wasLive = this.live;
    this._untold = untold;
    if (this.live !== wasLive) {
      this._statusChanged.emit();
    }
  }

  private _setInterval(interval: number): void {
    if (this._poll.frequency.interval !== interval) {
      this._poll.frequency = { ...BACKOFF, interval };
    }
  }

  private _poll: Poll<void, RequestError>;
  private _disconnect: () => void;
  private _status: Status | null = null;
  private _error: RequestError | null = null;
  private _sequence = 0;
  private _untold = 0;
  private _changed = new Signal<this, IChange>(this);
  private _statusChanged = new Signal<this, void>(this);
}

const BACKOFF: Pick<IPoll.Frequency, 'backoff' | 'max'> = {
  backoff: true,
  max: 120_000
};
