/** What stands in for a Jupyter server, at the one seam where the front end meets it. */
import type { IThemeManager } from '@jupyterlab/apputils';
import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import {
  type Contents,
  type Event,
  ServerConnection
} from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { type ISignal, Signal } from '@lumino/signaling';

import { Client } from '../client';
import type { IServices } from '../components/services';
import { EVENT_SCHEMA, Feed } from '../feed';
import type { Kernels } from '../kernels';
import type { ActiveNotebook, CellFinder } from '../notebook';
import { Runs } from '../runs';
import type { Saver, Unsaved } from '../saver';
import type {
  CellExecution,
  Reproduction,
  Run,
  RunPage,
  RunSummary,
  Status,
  Verdict
} from '../schema';

type Answer = { status?: number; body: unknown } | Error;

/** Answers by method and path, and remembers what it was asked. */
export class Server {
  readonly asked: {
    method: string;
    path: string;
    query: URLSearchParams;
    body: unknown;
  }[] = [];
  readonly answers = new Map<
    string,
    (query: URLSearchParams, body: unknown) => Answer
  >();
  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/ada/',
    fetch: request => this._fetch(request as Request)
  });
  status: Status = {
    version: '0.1.0',
    capture: true,
    capture_reason: 'kernels that this server starts are recorded',
    home: '/home/ada/mlops',
    unsynced: 0,
    sequence: 1,
    root: '/srv',
    kernels: [{ kernel: 'k', recording: true, reason: null, fault: false }],
    problems: [],
    schema: 1
  };

  constructor() {
    this.on('GET', 'status', () => ({ body: this.status }));
  }

  on(
    method: string,
    path: string,
    answer: (query: URLSearchParams, body: unknown) => Answer
  ): void {
    this.answers.set(`${method} ${path}`, answer);
  }

  /** The paths asked for with `method`, in order. */
  paths(method = 'GET'): string[] {
    return this.asked
      .filter(request => request.method === method)
      .map(({ path }) => path);
  }

  private async _fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = decodeURI(url.pathname).replace('/user/ada/mlops/', '');
    const text = await request.text();
    const body: unknown = text ? JSON.parse(text) : undefined;
    const { method } = request;
    this.asked.push({ method, path, query: url.searchParams, body });
    const answer = this.answers.get(`${method} ${path}`)?.(
      url.searchParams,
      body
    );
    if (answer instanceof Error) {
      throw answer;
    }
    if (answer === undefined) {
      return new Response('<html>not here</html>', {
        status: 404,
        statusText: 'Not Found'
      });
    }
    const content = answer.status === 204 ? null : JSON.stringify(answer.body);
    return new Response(content, { status: answer.status ?? 200 });
  }
}

/** Jupyter's event stream, as far as the feed uses it. */
export class Events {
  readonly events = {
    stream: new Signal<unknown, Event.Emission>({})
  } as unknown as Event.IManager;

  emit(data: object, schema: string = EVENT_SCHEMA): void {
    const stream = this.events.stream as unknown as Signal<
      unknown,
      Event.Emission
    >;
    stream.emit({ schema_id: schema, ...data } as Event.Emission);
  }
}

/** An active notebook that a test renames and replaces. */
export class Notebook {
  readonly changed = new Signal<this, void>(this);
  panel: object | null = {};
  path: string | null = 'work/train.ipynb';
  name: string | null = 'train.ipynb';
  kernel: string | null = 'k';
  optedOut = false;
  isExecuting = false;
  shutDown = 0;

  async shutDownKernel(): Promise<void> {
    this.shutDown += 1;
    this.kernel = null;
  }

  activate(path: string | null): void {
    this.panel = path === null ? null : {};
    this.path = path;
    this.name = path;
    this.changed.emit();
  }

  rename(path: string): void {
    this.path = path;
    this.name = path;
    this.changed.emit();
  }
}

/** Everything that the views need, on a server that a test controls. */
export class Stage {
  readonly server = new Server();
  readonly events = new Events();
  readonly notebook = new Notebook();
  readonly client = new Client(this.server.settings);
  readonly feed = new Feed(this.client, this.events as never, 'never');
  readonly executed: [string, unknown][] = [];
  readonly shownCells: [string, number][] = [];
  /** What became of saving a notebook. */
  unsaved: Unsaved | null = null;
  readonly themeChanged = new Signal<object, unknown>({});
  readonly runs: Runs;
  readonly services: IServices;

  constructor(page: RunPage = pageOf()) {
    this.server.on('GET', 'runs', () => ({ body: page }));
    for (const summary of page.runs) {
      this.server.on('GET', `runs/${summary.id}`, () => ({
        body: runOf(summary)
      }));
      this.server.on('GET', `runs/${summary.id}/reproductions`, () => ({
        body: { reproductions: [] }
      }));
    }
    this.runs = new Runs(
      this.client,
      this.feed,
      this.notebook as unknown as ActiveNotebook
    );
    const cells = {
      show: async (run: Run, cell: number) => {
        this.shownCells.push([run.id, cell]);
        return 'same';
      }
    } as unknown as CellFinder;
    const saver = {
      save: () => Promise.resolve(this.unsaved)
    } as unknown as Saver;
    const commands = new CommandRegistry();
    commands.commandExecuted.connect((_, { id, args }) =>
      this.executed.push([id, args])
    );
    this.services = {
      commands,
      locale: 'en',
      mlops: {
        ...{ client: this.client, feed: this.feed, runs: this.runs },
        ...{ cells, saver }
      },
      rendermime: new RenderMimeRegistry({
        initialFactories: standardRendererFactories
      }),
      themes: { themeChanged: this.themeChanged } as unknown as IThemeManager,
      trans: nullTranslator.load('jupyter_mlops')
    };
  }

  /** Let commands be executed that do nothing but be remembered in `executed`. */
  addCommands(...ids: string[]): void {
    for (const id of ids) {
      this.services.commands.addCommand(id, {
        describedBy: { args: null },
        execute: () => undefined
      });
    }
  }

  dispose(): void {
    this.runs.dispose();
    this.feed.dispose();
  }
}

/** For commands that write no file. */
export const NO_FILES = {} as Contents.IManager;

/** For commands that shut no kernel down. */
export const NO_KERNELS = {} as Kernels;

/** The next emission of a signal. */
export function next<T>(signal: ISignal<unknown, T>): Promise<T> {
  return new Promise(resolve => {
    const slot = (_: unknown, args: T): void => {
      signal.disconnect(slot);
      resolve(args);
    };
    signal.connect(slot);
  });
}

export function summaryOf(
  id: string,
  some: Partial<RunSummary> = {}
): RunSummary {
  return {
    id,
    notebook: '/srv/work/train.ipynb',
    status: 'completed',
    trigger: 'interactive',
    started: '2026-01-02T03:04:05Z',
    duration_s: 1.25,
    parameters: { seed: 7, lr: 0.1 },
    metrics: { accuracy: 0.91234567 },
    user: 'ada',
    parent: null,
    error: null,
    executing: null,
    verdict: null,
    cancelled: false,
    disorder: {},
    inferred: [],
    ...some
  };
}

export function cellOf(
  cell: number | null,
  some: Partial<CellExecution> = {}
): CellExecution {
  return {
    ...{ cell, id: null, status: 'ok', started: null, duration_s: 1 },
    ...{ execution_count: null, source_digest: '', outputs: [], error: null },
    ...{ reads: [], writes: [], injected: false, overlapping: false },
    ...{ console: false, variables: null, states: null, entropy: [] },
    ...{ disorder: [], origins: null },
    ...some
  };
}

export function pageOf(...runs: RunSummary[]): RunPage {
  return { runs, draft: null, next: null, schema: 1 };
}

export function runOf(summary: RunSummary, some: Partial<Run> = {}): Run {
  const { id, notebook, status, trigger, started, duration_s } = summary;
  const { user, parent, executing } = summary;
  return {
    ...{ id, notebook, status, trigger, started, duration_s },
    ...{ user, parent, executing },
    session: 'session',
    notebook_digest: null,
    sweep: null,
    parameters: Object.entries(summary.parameters).map(([name, value]) => ({
      ...{
        name,
        value,
        type: 'float',
        cell: 2,
        source: 'literal',
        inherited: false
      }
    })),
    metrics: Object.entries(summary.metrics).map(([name, value]) => ({
      ...{ name, value, step: null, cell: 4, source: 'call', inherited: false }
    })),
    data: [],
    models: [],
    environment: null,
    randomness: [],
    cells: [],
    kept: [],
    unseen: [],
    notices: [],
    schema: 1,
    ...some
  } as Run;
}

export function verdictOf(run: string, some: Partial<Verdict> = {}): Verdict {
  return {
    run,
    reproduction: 'again',
    verdict: 'differs',
    randomness: 'none used',
    unseeded_cells: [],
    unverifiable: 0,
    first_diverging_cell: 7,
    causes: [],
    cells: [{ cell: 7, verdict: 'differs', outputs: [] }],
    sentence: 'differs · cell 7',
    kept: [],
    not_judged: [],
    first_diverging_console: null,
    schema: 1,
    ...some
  };
}

export function reproductionOf(
  run: string,
  some: Partial<Reproduction> = {}
): Reproduction {
  return {
    id: 'again',
    run,
    state: 'running',
    started: '2026-01-02T03:05:00Z',
    user: 'ada',
    progress: null,
    verdict: null,
    message: null,
    schema: 1,
    ...some
  };
}
