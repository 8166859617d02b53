import { URLExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

import type {
  CellDetail,
  Comparison,
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
    readonly reason: string | null = null
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
}

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
      in_place: options.inPlace ?? false
    });
  }

  async cancelReproduction(run: string, reproduction: string): Promise<void> {
    await this._request(
      'DELETE',
      join('runs', run, 'reproductions', reproduction)
    );
  }

  compare(runs: readonly string[]): Promise<Comparison> {
    const query = runs.map(run => `run=${encodeURIComponent(run)}`).join('&');
    return this._request('GET', `comparisons?${query}`);
  }

  private _get<T>(
    path: string,
    query: Record<string, string> = {}
  ): Promise<T> {
    return this._request('GET', path + URLExt.objectToQueryString(query));
  }

  private async _request<T>(
    method: string,
    path: string,
    body?: object
  ): Promise<T> {
    const url = `${URLExt.join(this.serverSettings.baseUrl, 'mlops')}/${path}`;
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
    return response.status === 204
      ? (undefined as T)
      : ((await response.json()) as T);
  }
}

function join(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

async function refusal(response: Response): Promise<RequestError> {
  const { status, statusText } = response;
  try {
    const { message, reason } = await response.json();
    return new RequestError(status, message || statusText, reason ?? null);
  } catch {
    // A proxy or a server without our part answers with a page instead of JSON.
    return new RequestError(status, statusText || `HTTP ${status}`);
  }
}
