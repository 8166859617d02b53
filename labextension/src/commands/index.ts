import type { ICommandContext } from './context';
import { addForgetCommand } from './forget';
import { addKeepDataCommand } from './keepData';
import { addCancelCommand, addReproduceCommand } from './reproduce';
import { addRestoreCommand } from './restore';
import { addPanelCommands, addRunCommands } from './runs';

export { type ICommandContext, runFor } from './context';
export { addTabCommands } from './tabs';

/** Commands on the sidebar and on single runs. Those that open a tab are added with the tab. */
export function addCommands(context: ICommandContext): void {
  addPanelCommands(context);
  addRunCommands(context);
  addReproduceCommand(context);
  addCancelCommand(context);
  addForgetCommand(context);
  addKeepDataCommand(context);
  addRestoreCommand(context);
}
