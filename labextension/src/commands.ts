import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import { type IReproduceOptions, RequestError } from './client';
import { newestFirst } from './components/Reproductions';
import { mlopsIcon } from './icons';
import type { TabContent } from './panels/tabs';
import { CommandIDs, type IMlops } from './tokens';

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
}

type TabCommandContext = Omit<ICommandContext, 'showPanel' | 'goToRuns'>;

/** Commands on the sidebar and on single runs. Those that open a tab are added with the tab. */
export function addCommands(context: ICommandContext): void {
  addPanelCommands(context);
  addRunCommands(context);
  addReproduceCommand(context);
  addCancelCommand(context);
}

/** The run that a command is about; null if there is none. */
export function runFor(
  context: Pick<ICommandContext, 'mlops' | 'runAtPointer'>,
  args: ReadonlyPartialJSONObject
): string | null {
  const here = args.here ? context.runAtPointer() : null;
  return (args.run as string | undefined) ?? here ?? context.mlops.runs.shown;
}

function addPanelCommands(context: ICommandContext): void {
  const { commands, mlops, trans } = context;
  commands.addCommand(CommandIDs.showPanel, {
    label: trans.__('Show Runs'),
    caption: trans.__('Show the runs of the active notebook in the sidebar'),
    icon: mlopsIcon,
    describedBy: { args: describe({}) },
    execute: context.goToRuns
  });
  commands.addCommand(CommandIDs.refreshRuns, {
    label: trans.__('Refresh Runs'),
    caption: trans.__('Ask the server for the runs of the active notebook'),
    icon: refreshIcon,
    describedBy: { args: describe({}) },
    execute: () => mlops.feed.refresh()
  });
  commands.addCommand(CommandIDs.showRun, {
    label: trans.__('Show Run in Sidebar'),
    caption: trans.__('Show what a run used and produced'),
    describedBy: { args: describe(RUN_ARGS) },
    isEnabled: args => runFor(context, args) !== null,
    execute: args => {
      mlops.runs.choose(runFor(context, args));
      context.showPanel();
    }
  });
}

function addRunCommands(context: ICommandContext): void {
  const { commands, mlops, trans } = context;
  commands.addCommand(CommandIDs.copyRunId, {
    label: trans.__('Copy Run Id'),
    caption: trans.__(
      'Copy the id by which the command line and Python know the run'
    ),
    describedBy: { args: describe(RUN_ARGS) },
    isEnabled: args => runFor(context, args) !== null,
    execute: args => Clipboard.copyToSystem(runFor(context, args) ?? '')
  });
  commands.addCommand(CommandIDs.showCell, {
    label: trans.__('Scroll to the Cell of a Run'),
    caption: trans.__('Scroll to the notebook cell that a run names'),
    describedBy: {
      args: describe({
        ...RUN_ARGS,
        cell: {
          type: 'integer',
          description: 'Position of the cell in the run, from 0'
        }
      })
    },
    isEnabled: args => runFor(context, args) !== null,
    // It needs to be told which cell, so it is no entry of the palette.
    isVisible: args => args.cell !== undefined,
    execute: args =>
      telling(context, trans.__('Scrolling to the cell'), async () => {
        const cell = args.cell as number;
        const run = await mlops.client.run(runFor(context, args) ?? '');
        const place = await mlops.cells.show(run, cell);
        if (place === 'edited') {
          Notification.info(
            trans.__('Cell %1 was edited after that run.', cell),
            BRIEF
          );
        } else if (place === 'gone') {
          Notification.warning(
            trans.__('Cell %1 of that run is no longer in the notebook.', cell),
            BRIEF
          );
        } else if (place === 'elsewhere') {
          Notification.warning(
            trans.__(
              'The notebook of that run is not below this server’s folder.'
            ),
            BRIEF
          );
        }
      })
  });
}

function addReproduceCommand(context: ICommandContext): void {
  const { commands, mlops, trans } = context;
  commands.addCommand(CommandIDs.reproduceRun, {
    label: args =>
      args.current
        ? trans.__('Reproduce With the Notebook as It Is Now')
        : trans.__('Reproduce Run'),
    caption: trans.__(
      'Execute a run again in a clean kernel and compare every output'
    ),
    describedBy: {
      args: describe({
        ...RUN_ARGS,
        current: {
          type: 'boolean',
          description: 'Save the notebook, and execute it as it is now'
        },
        inPlace: {
          type: 'boolean',
          description: 'Execute in the notebook’s own folder'
        }
      })
    },
    isEnabled: args => runFor(context, args) !== null,
    execute: args =>
      telling(context, trans.__('Reproducing the run'), async () => {
        const run = runFor(context, args) ?? '';
        if (args.current) {
          await saveNotebook(context, run);
        }
        mlops.runs.choose(run);
        context.showPanel();
        await reproduce(context, run, {
          current: Boolean(args.current),
          inPlace: Boolean(args.inPlace)
        });
      })
  });
}

function addCancelCommand(context: ICommandContext): void {
  const { commands, mlops, trans } = context;
  commands.addCommand(CommandIDs.cancelReproduction, {
    label: trans.__('Cancel Reproduction'),
    caption: trans.__('Stop the reproductions of a run that are under way'),
    describedBy: {
      args: describe({
        ...RUN_ARGS,
        reproduction: {
          type: 'string',
          description: 'Id of one; without it, all of the run'
        }
      })
    },
    isEnabled: args => mlops.runs.reproducing(runFor(context, args)).length > 0,
    execute: args =>
      telling(context, trans.__('Cancelling the reproduction'), async () => {
        const shown = runFor(context, args) ?? '';
        const itself = mlops.runs
          .reproducing(shown)
          .find(({ id }) => id === shown);
        const run = itself?.parent ?? shown;
        const only = (args.reproduction as string | undefined) ?? itself?.id;
        // The list may be older than the press of a button.
        const running = (await mlops.client.reproductions(run)).filter(
          ({ id, state }) => state === 'running' && id === (only ?? id)
        );
        if (running.length === 0) {
          Notification.info(trans.__('No reproduction is under way.'), BRIEF);
        }
        await Promise.all(
          running.map(({ id }) => mlops.client.cancelReproduction(run, id))
        );
        await mlops.feed.refresh();
      })
  });
}

/** Commands that open a tab; `show` opens it. */
export function addTabCommands(
  context: TabCommandContext,
  show: (content: TabContent) => void
): void {
  const { commands, mlops, trans } = context;
  // Oldest first: a comparison reads from left to right.
  const runsFor = (args: ReadonlyPartialJSONObject): string[] =>
    (args.runs as string[] | undefined) ?? [...mlops.runs.selected].reverse();
  commands.addCommand(CommandIDs.compareRuns, {
    label: trans.__('Compare Selected Runs'),
    caption: trans.__(
      'Show what differs between the runs that are selected in the sidebar'
    ),
    describedBy: {
      args: describe({
        runs: {
          type: 'array',
          items: { type: 'string' },
          description: 'Ids of two runs or more'
        }
      })
    },
    isEnabled: args => runsFor(args).length > 1,
    execute: args => show({ kind: 'comparison', runs: runsFor(args) })
  });
  commands.addCommand(CommandIDs.openNotebook, {
    label: trans.__('Open Executed Notebook'),
    caption: trans.__(
      'Open the notebook as a run executed it, with its outputs, to read'
    ),
    describedBy: { args: describe(RUN_ARGS) },
    isEnabled: args => runFor(context, args) !== null,
    execute: args =>
      show({ kind: 'notebook', run: runFor(context, args) ?? '' })
  });
  commands.addCommand(CommandIDs.showVerdict, {
    label: trans.__('Show Latest Verdict'),
    caption: trans.__('Show what a reproduction came to in a tab of its own'),
    describedBy: {
      args: describe({
        ...RUN_ARGS,
        reproduction: {
          type: 'string',
          description: 'Id of one; without it, the latest'
        }
      })
    },
    isEnabled: args => runFor(context, args) !== null,
    execute: args =>
      telling(context, trans.__('Showing the verdict'), async () => {
        const run = runFor(context, args) ?? '';
        const given = args.reproduction as string | undefined;
        const reproduction = given ?? (await latestReproduction(context, run));
        show({ kind: 'verdict', run, reproduction });
      })
  });
}

async function latestReproduction(
  context: TabCommandContext,
  run: string
): Promise<string> {
  const [latest] = newestFirst(await context.mlops.client.reproductions(run));
  if (latest === undefined) {
    throw new Error(context.trans.__('this run was not reproduced yet'));
  }
  return latest.id;
}

/** The server executes the file: what is on the screen has to be in it. */
async function saveNotebook(
  { mlops, trans }: ICommandContext,
  id: string
): Promise<void> {
  const unsaved = await mlops.saver.save(await mlops.client.run(id));
  if (unsaved !== null) {
    throw new Error(
      unsaved === 'read only'
        ? trans.__('the notebook has changes, and its file may not be written')
        : trans.__('the notebook has changes that were not saved')
    );
  }
}

/** Start a reproduction; where no copy of the folder can be made, ask before using the folder. */
async function reproduce(
  context: ICommandContext,
  run: string,
  options: IReproduceOptions
): Promise<void> {
  const { mlops, trans } = context;
  try {
    await mlops.client.reproduce(run, options);
  } catch (error) {
    const needsInPlace =
      error instanceof RequestError &&
      error.status === 409 &&
      error.reason === 'NeedsInPlaceError';
    if (!needsInPlace || options.inPlace) {
      throw error;
    }
    const answer = await showDialog({
      title: trans.__('Reproduce in the folder itself?'),
      body: trans.__(
        '%1 Files that the notebook writes would be overwritten.',
        (error as RequestError).message
      ),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Reproduce There') })
      ]
    });
    if (answer.button.accept) {
      await mlops.client.reproduce(run, { ...options, inPlace: true });
    }
  }
  await mlops.feed.refresh();
}

const BRIEF = { autoClose: 5000 } as const;

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
