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

/** What the user did with a notebook's list, kept while another one is active. */
interface IView {
  /** The run that was chosen by hand. */
  chosen: string | null;
  selected: ReadonlySet<string>;
  limit: number;
}

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
      .filter(id => this._view.selected.has(id));
  }

  /** The run to show in detail: the one that was chosen, else the one in which most news is. */
  get shown(): string | null {
    return this._view.chosen ?? this._latest;
  }

  /** The listed reproductions of `run` that are under way; of one that is itself, that one. */
  reproducing(run: string | null): RunSummary[] {
    return (this._list ?? []).filter(
      ({ id, parent, trigger, status }) =>
        trigger === 'reproduce' &&
        status === 'running' &&
        (parent === run || id === run)
    );
  }

  /** Runs were removed for good, by their ids: what shows one of them should go too. */
  get forgotten(): ISignal<this, readonly string[]> {
    return this._forgotten;
  }

  get settings(): ISettings {
    return this._settings;
  }

  set settings(settings: ISettings) {
    const pages = settings.runsPerPage !== this._settings.runsPerPage;
    this._settings = settings;
    this._changed.emit();
    if (pages) {
      this._view.limit = settings.runsPerPage;
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
    this._view.limit += this._settings.runsPerPage;
    return this.refresh();
  }

  /** Show a run and stay with it; the latest one is left again for the next. */
  choose(run: string | null): void {
    this._view.chosen = run === this._latest ? null : run;
    this._changed.emit();
  }

  select(runs: Iterable<string>): void {
    this._view.selected = new Set(runs);
    this._changed.emit();
  }

  toggle(run: string): void {
    const rest = this.selected.filter(id => id !== run);
    this.select(this._view.selected.has(run) ? rest : [...rest, run]);
  }

  /** Let go of runs that are no more; in place of a chosen one comes the next older one. */
  forget(gone: readonly string[]): void {
    const list = this._list ?? [];
    const { chosen } = this._view;
    const stays = ({ id }: RunSummary): boolean => !gone.includes(id);
    if (chosen !== null && gone.includes(chosen)) {
      const at = list.findIndex(({ id }) => id === chosen);
      const near = [...list.slice(at + 1), ...list.slice(0, at).reverse()];
      this._view.chosen = near.find(stays)?.id ?? null;
    }
    this._list = this._list && list.filter(stays);
    if (this._latest !== null && gone.includes(this._latest)) {
      this._latest = latest(list, this._list ?? [], null);
    }
    this.select(this.selected);
    this._forgotten.emit(gone);
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
      if (!isRenamed) {
        this._leave(path);
      }
      this._path = path;
      this._panel = this.notebook.panel;
      void this.refresh();
    }
    this._changed.emit();
  }

  /** Forget the list for that of `path`, but not what was chosen and selected in it. */
  private _leave(path: string | null): void {
    if (this._path !== null) {
      this._views.set(this._path, this._view);
    }
    this._view = (path !== null && this._views.get(path)) || this._newView();
    this._list = null;
    this._latest = null;
    this._draft = null;
    this._next = null;
    this._error = null;
  }

  private _newView(): IView {
    const limit = this._settings.runsPerPage;
    return { chosen: null, selected: new Set(), limit };
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
      this._latest = latest(this._list, runs, this._latest);
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
    const query = (count: number, page?: string): Promise<RunPage> =>
      this._client.runs({ notebook, limit: Math.min(count, PAGE_LIMIT), page });
    const { limit } = this._view;
    let all = await query(limit);
    while (all.next !== null && all.runs.length < limit) {
      const more = await query(limit - all.runs.length, all.next);
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
  private _latest: string | null = null;
  private _settings = DEFAULT_SETTINGS;
  private _view: IView = this._newView();
  private _views = new Map<string, IView>();
  private _fetching = new Repeater(() => this._fetch());
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
  private _forgotten = new Signal<this, readonly string[]>(this);
}

/**
 * The run with most news: one that is new, or an interactive one that has executed more.
 *
 * A reproduction never is: the run that it repeats shows it.
 */
export function latest(
  before: readonly RunSummary[] | null,
  now: readonly RunSummary[],
  last: string | null
): string | null {
  const known = new Map((before ?? []).map(run => [run.id, run]));
  // Rows below those that were listed are older ones, which somebody asked for.
  const oldest = before?.[before.length - 1]?.started ?? '';
  const isNews = (run: RunSummary): boolean => {
    const was = known.get(run.id);
    return was
      ? run.trigger === 'interactive' && hasExecuted(was, run)
      : run.started >= oldest;
  };
  const own = now.filter(run => run.parent === null);
  const news = before
    ? own.find(isNews)
    : own.find(run => run.executing !== null);
  const stays = now.find(run => run.id === last);
  return (news ?? stays ?? own[0] ?? now[0])?.id ?? null;
}

function hasExecuted(before: RunSummary, now: RunSummary): boolean {
  return (
    before.duration_s !== now.duration_s ||
    (now.executing !== null &&
      before.executing?.started !== now.executing.started)
  );
}
