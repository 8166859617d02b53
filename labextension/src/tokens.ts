import { Token } from '@lumino/coreutils';

import type { Client } from './client';
import type { Feed } from './feed';
import type { CellFinder } from './notebook';
import type { Runs } from './runs';
import type { Saver } from './saver';

/** What other extensions may use: the server part, its changes and the runs on show. */
export interface IMlops {
  /** Requests to the server part. */
  readonly client: Client;
  /** Tells when something changed on the server, and how the server part is. */
  readonly feed: Feed;
  /** The runs of the active notebook, their selection, and the run shown in detail. */
  readonly runs: Runs;
  /** Shows a recorded cell in its notebook. */
  readonly cells: CellFinder;
  /** Saves a run's notebook before its file is executed. */
  readonly saver: Saver;
}

export const IMlops = new Token<IMlops>(
  'jupyter-mlops:IMlops',
  'Runs of the active notebook, and requests to the server part that keeps them.'
);

/** Every command of ours; another extension may execute any of them. */
export namespace CommandIDs {
  export const showPanel = 'mlops:show-panel';
  export const refreshRuns = 'mlops:refresh-runs';
  export const showRun = 'mlops:show-run';
  export const openNotebook = 'mlops:open-notebook';
  export const reproduceRun = 'mlops:reproduce-run';
  export const cancelReproduction = 'mlops:cancel-reproduction';
  export const showVerdict = 'mlops:show-verdict';
  export const compareRuns = 'mlops:compare-runs';
  export const showCell = 'mlops:show-cell';
  export const keepData = 'mlops:keep-data';
  export const forgetRun = 'mlops:forget-run';
  export const restoreData = 'mlops:restore-data';
  export const copyRunId = 'mlops:copy-run-id';
}
