import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { newestFirst } from '../components/Reproductions';
import type { TabContent } from '../panels/tabs';
import { CommandIDs } from '../tokens';
import {
  describe,
  RUN_ARGS,
  runFor,
  type TabCommandContext,
  telling
} from './context';

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
