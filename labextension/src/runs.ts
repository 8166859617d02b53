import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Client, RequestError } from './client';
import type { Feed } from './feed';
import type { ActiveNotebook } from './notebook';
import { Repeater } from './repeater';
import type { Draft, RunPage, RunSummary } from './schema';

/** So many runs the server gives at once. */
const PAGE_LIMIT = 500;

/** What the user may set. */
export interface ISettings {
  runsPerPage: number;
  parametersPerRun: number;
  metricsPerRun: number;
}

export const DEFAULT_SETTINGS: ISettings = {
  runsPerPage: 50,
  parametersPerRun: 3,
  metricsPerRun: 3
};

/** The runs of the active notebook, which of them are selected, and which one is shown. */
export class Runs implements IDisposable {
  constructor(
    private _client: Client,
    private _feed: Feed,
    readonly notebook: ActiveNotebook
  ) {
    // Whatever changed: a reproduction is a run of its own and has its row.
    _feed.changed.connect(this._onFeed, this);
    notebook.changed.connect(this._onNotebook, this);
    this._onNotebook();
  }

  /** Anything below is another than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Newest first; null before the first answer, and without a notebook. */
  get list(): readonly RunSummary[] | null {
    return this._list;
  }

  get draft(): Draft | null {
    return this._draft;
  }

  /** Why the list could not be fetched; what it held before stays. */
  get error(): RequestError | null {
    return this._error;
  }

  get hasMore(): boolean {
    return this._next !== null;
  }

  /** Ids of the selected runs, in the list's order. */
  get selected(): string[] {
    return (this._list ?? [])
      .map(run => run.id)
      .filter(id => this._selected.has(id));
  }

  /** The run to show in detail: the one that was chosen, else the newest. */
  get shown(): string | null {
    return this._chosen ?? this._list?.[0]?.id ?? null;
  }

  get settings(): ISettings {
    return this._settings;
  }

  set settings(settings: ISettings) {
    const pages = settings.runsPerPage !== this._settings.runsPerPage;
    this._settings = settings;
    this._changed.emit();
    if (pages) {
      this._limit = settings.runsPerPage;
      void this.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  refresh(): Promise<void> {
    return this._fetching.invoke();
  }

  /** Show older runs as well. */
  showMore(): Promise<void> {
    this._limit += this._settings.runsPerPage;
    return this.refresh();
  }

  choose(run: string | null): void {
    this._chosen = run;
    this._changed.emit();
  }

  select(runs: Iterable<string>): void {
    this._selected = new Set(runs);
    this._changed.emit();
  }

  toggle(run: string): void {
    const rest = this.selected.filter(id => id !== run);
    this.select(this._selected.has(run) ? rest : [...rest, run]);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._feed.changed.disconnect(this._onFeed, this);
    this.notebook.changed.disconnect(this._onNotebook, this);
    Signal.clearData(this);
  }

  private _onFeed(): void {
    void this.refresh();
  }

  private _onNotebook(): void {
    const { path } = this.notebook;
    if (path !== this._path) {
      // A renamed notebook keeps its runs: what is shown stays until the answer is there.
      const isRenamed = path !== null && this.notebook.panel === this._panel;
      this._path = path;
      this._panel = this.notebook.panel;
      if (!isRenamed) {
        this._clear();
      }
      void this.refresh();
    }
    this._changed.emit();
  }

  private _clear(): void {
    this._list = null;
    this._draft = null;
    this._next = null;
    this._error = null;
    this._chosen = null;
    this._selected = new Set();
    this._limit = this._settings.runsPerPage;
  }

  private async _fetch(): Promise<void> {
    const path = this._path;
    if (path === null) {
      return;
    }
    try {
      const { runs, draft, next } = await this._pages(path);
      if (path !== this._path) {
        return;
      }
      this._list = runs;
      this._draft = draft;
      this._next = next;
      this._error = null;
    } catch (error) {
      if (path !== this._path) {
        return;
      }
      this._error = error as RequestError;
    }
    this._changed.emit();
  }

  /** As many runs as are shown, page after page: their state may have changed on any. */
  private async _pages(notebook: string): Promise<RunPage> {
    const query = (limit: number, page?: string): Promise<RunPage> =>
      this._client.runs({ notebook, limit: Math.min(limit, PAGE_LIMIT), page });
    let all = await query(this._limit);
    while (all.next !== null && all.runs.length < this._limit) {
      const more = await query(this._limit - all.runs.length, all.next);
      all = { ...all, runs: [...all.runs, ...more.runs], next: more.next };
    }
    return all;
  }

  private _path: string | null = null;
  private _panel: ActiveNotebook['panel'] = null;
  private _list: readonly RunSummary[] | null = null;
  private _draft: Draft | null = null;
  private _next: string | null = null;
  private _error: RequestError | null = null;
  private _chosen: string | null = null;
  private _selected = new Set<string>();
  private _settings = DEFAULT_SETTINGS;
  private _limit = DEFAULT_SETTINGS.runsPerPage;
  private _fetching = new Repeater(() => this._fetch());
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
