import { URLExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

import type {
  CellDetail,
  Comparison,
  Folder,
  Forgetting,
  Reproduction,
  Run,
  RunPage,
  Status
} from './schema';

/** Why a request brought no answer; `status` is null where no server was reached. */
export class RequestError extends Error {
  constructor(
    readonly status: number | null,
    message: string,
    readonly reason: string | null = null,
    /** What else the server said of it. */
    readonly details: Readonly<Record<string, unknown>> = {}
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

export interface IRunQuery {
  /** Path of a notebook, relative to the server's root. */
  notebook: string;
  limit: number;
  /** Token of the following page. */
  page?: string;
}

export interface IReproduceOptions {
  /** Execute the notebook file as it is now instead of what was recorded. */
  current?: boolean;
  /** Execute in the notebook's own folder instead of a copy of it. */
  inPlace?: boolean;
  /** By name what the recorded code had in place of its redacted values; kept nowhere. */
  secrets?: Readonly<Record<string, string>>;
}

/** Whether the data that a folder's runs read is copied into the store. */
export type KeepData = Folder['keep_data'];

/** The server part's REST interface. Every call rejects with a {@link RequestError} alone. */
export class Client {
  constructor(readonly serverSettings: ServerConnection.ISettings) {}

  status(): Promise<Status> {
    return this._get('status');
  }

  runs(query: IRunQuery): Promise<RunPage> {
    return this._get('runs', {
      notebook: query.notebook,
      limit: String(query.limit),
      ...(query.page ? { page: query.page } : {})
    });
  }

  run(run: string): Promise<Run> {
    return this._get(join('runs', run));
  }

  async cells(run: string, cell: number): Promise<CellDetail[]> {
    const answer = await this._get<{ cells: CellDetail[] }>(
      join('runs', run, 'cells'),
      {
        cell: String(cell)
      }
    );
    return answer.cells;
  }

  executedNotebook(run: string): Promise<INotebookContent> {
    return this._get(join('runs', run, 'notebook'));
  }

  async reproductions(run: string): Promise<Reproduction[]> {
    const answer = await this._get<{ reproductions: Reproduction[] }>(
      join('runs', run, 'reproductions')
    );
    return answer.reproductions;
  }

  reproduction(run: string, reproduction: string): Promise<Reproduction> {
    return this._get(join('runs', run, 'reproductions', reproduction));
  }

  reproduce(
    run: string,
    options: IReproduceOptions = {}
  ): Promise<Reproduction> {
    return this._request('POST', join('runs', run, 'reproductions'), {
      current: options.current ?? false,
      in_place: options.inPlace ?? false,
      ...(options.secrets ? { secrets: options.secrets } : {})
    });
  }

  async cancelReproduction(run: string, reproduction: string): Promise<void> {
    await this._request(
      'DELETE',
      join('runs', run, 'reproductions', reproduction)
    );
  }

  /** What {@link forget} would take, the runs that depend on it included. */
  forgetting(run: string): Promise<Forgetting> {
    return this._get(join('runs', run, 'forgetting'), WITH_DEPENDENTS);
  }

  /** Remove a run for good; refused while others depend on it, unless they go as well. */
  async forget(run: string, withDependents: boolean): Promise<void> {
    const query = withDependents ? WITH_DEPENDENTS : {};
    const path = join('runs', run) + URLExt.objectToQueryString(query);
    await this._request('DELETE', path);
  }

  /** What was answered for a folder, whose path is relative to the server's root. */
  folder(path: string): Promise<Folder> {
    return this._get(folderPath(path));
  }

  /** Whether the user's roles allow to change what is kept. */
  async mayWrite(): Promise<boolean> {
    const asked = JSON.stringify({ mlops: ['write'] });
    const query = URLExt.objectToQueryString({ permissions: asked });
    const answer = await this._ask<{ permissions?: { mlops?: string[] } }>(
      'GET',
      `api/me${query}`
    );
    return answer.permissions?.mlops?.includes('write') ?? false;
  }

  setKeepData(path: string, keepData: KeepData): Promise<Folder> {
    return this._request('PUT', folderPath(path), {
      keep_data: keepData
    });
  }

  compare(runs: readonly string[]): Promise<Comparison> {
    const query = runs.map(run => `run=${encodeURIComponent(run)}`).join('&');
    return this._request('GET', `comparisons?${query}`);
  }

  /** The content of one artifact of a run, such as a data file that was copied. */
  async artifact(run: string, digest: string): Promise<ArrayBuffer> {
    const path = `mlops/${join('runs', run, 'artifacts', digest)}`;
    return (await this._answered('GET', path)).arrayBuffer();
  }

  private _get<T>(
    path: string,
    query: Record<string, string> = {}
  ): Promise<T> {
    return this._request('GET', path + URLExt.objectToQueryString(query));
  }

  private _request<T>(method: string, path: string, body?: object): Promise<T> {
    return this._ask(method, `mlops/${path}`, body);
  }

  private async _ask<T>(
    method: string,
    path: string,
    body?: object
  ): Promise<T> {
    const response = await this._answered(method, path, body);
    return response.status === 204
      ? (undefined as T)
      : ((await response.json()) as T);
  }

  private async _answered(
    method: string,
    path: string,
    body?: object
  ): Promise<Response> {
    const url = `${this.serverSettings.baseUrl.replace(/\/*$/, '')}/${path}`;
    const init: RequestInit = { method, body: body && JSON.stringify(body) };
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        url,
        init,
        this.serverSettings
      );
    } catch (error) {
      throw new RequestError(
        null,
        error instanceof Error ? error.message : String(error)
      );
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return response;
  }
}

const WITH_DEPENDENTS = { with_dependents: '1' };

/** Of the server's root there is no last part. */
function folderPath(path: string): string {
  return join('folders', ...path.split('/').filter(Boolean));
}

function join(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

async function refusal(response: Response): Promise<RequestError> {
  const { status, statusText } = response;
  try {
    const { message, reason, ...details } = await response.json();
    return new RequestError(
      status,
      message || statusText,
      reason ?? null,
      details
    );
  } catch {
    // A proxy or a server without our part answers with a page instead of JSON.
    return new RequestError(status, statusText || `HTTP ${status}`);
  }
}
