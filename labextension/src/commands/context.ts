/** What every command of ours needs. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Contents } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import { RequestError } from '../client';
import type { Kernels } from '../kernels';
import type { IMlops } from '../tokens';

const RUN = {
  type: 'string',
  description: 'Id of a run; without it, the one shown in the sidebar.'
};
const HERE = {
  type: 'boolean',
  description: 'The run on whose row the context menu was opened'
};
/** The arguments by which a command knows its run. */
export const RUN_ARGS = { run: RUN, here: HERE };

/** What the commands need beside the runs. */
export interface ICommandContext {
  commands: CommandRegistry;
  mlops: IMlops;
  trans: TranslationBundle;
  /** Brings the sidebar to the front. */
  showPanel: () => void;
  /** The same, with the focus in the list. */
  goToRuns: () => void;
  /** The run of the row on which a context menu was opened. */
  runAtPointer: () => string | null;
  /** Where files are written. */
  contents: Contents.IManager;
  /** What may have to be shut down first. */
  kernels: Kernels;
}

/** What those that open a tab need of it. */
export type TabCommandContext = Omit<
  ICommandContext,
  'showPanel' | 'goToRuns' | 'contents' | 'kernels'
>;

/** The run that a command is about; null if there is none. */
export function runFor(
  context: Pick<ICommandContext, 'mlops' | 'runAtPointer'>,
  args: ReadonlyPartialJSONObject
): string | null {
  const here = args.here ? context.runAtPointer() : null;
  return (args.run as string | undefined) ?? here ?? context.mlops.runs.shown;
}

/** For what needs no answer. */
export const BRIEF = { autoClose: 5000 } as const;

/** Do it, and tell the user if it fails: a command may come from the palette or a shortcut. */
export async function telling(
  context: Pick<ICommandContext, 'trans'>,
  what: string,
  task: () => Promise<void>
): Promise<void> {
  const { trans } = context;
  try {
    await task();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isRefused = error instanceof RequestError && error.status === 403;
    Notification.error(
      isRefused
        ? trans.__(
            '%1 was refused: your role on this server does not allow it. %2',
            what,
            reason
          )
        : trans.__('%1 failed: %2', what, reason),
      { autoClose: false }
    );
  }
}

/** The JSON Schema of a command's arguments. */
export function describe(
  properties: Record<string, object>
): ReadonlyJSONObject {
  return { type: 'object', properties } as ReadonlyJSONObject;
}
