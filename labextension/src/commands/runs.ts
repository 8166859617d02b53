import { Clipboard, Notification } from '@jupyterlab/apputils';
import { refreshIcon } from '@jupyterlab/ui-components';

import { mlopsIcon } from '../icons';
import { CommandIDs } from '../tokens';
import {
  BRIEF,
  describe,
  type ICommandContext,
  RUN_ARGS,
  runFor,
  telling
} from './context';

/** Commands on the sidebar. */
export function addPanelCommands(context: ICommandContext): void {
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

/** Commands on what a run says. */
export function addRunCommands(context: ICommandContext): void {
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
