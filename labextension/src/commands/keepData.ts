import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';

import { tellKept } from '../components/KeepData';
import { KeepDataForm } from '../components/KeepDataForm';
import { CommandIDs } from '../tokens';
import { describe, type ICommandContext, telling } from './context';

/** Changes what was answered for the folder of the active notebook. */
export function addKeepDataCommand(context: ICommandContext): void {
  const { commands, mlops, trans } = context;
  const { notebook } = mlops.runs;
  commands.addCommand(CommandIDs.keepData, {
    label: trans.__('Copies of This Folder’s Data…'),
    caption: trans.__(
      'Say whether the data that runs of this folder’s notebooks read is copied'
    ),
    describedBy: { args: describe({}) },
    isEnabled: () => notebook.path !== null,
    execute: () =>
      telling(context, trans.__('Asking for the folder’s data'), async () => {
        const path = PathExt.dirname(notebook.path ?? '');
        const folder = await mlops.client.folder(path);
        const { button, value } = await showDialog({
          title: trans.__('Copies of this folder’s data'),
          body: new KeepDataForm(folder, trans),
          buttons: [
            Dialog.cancelButton(),
            Dialog.okButton({ label: trans.__('Save') })
          ],
          focusNodeSelector: 'input:checked'
        });
        if (button.accept && value && value !== folder.keep_data) {
          tellKept(await mlops.client.setKeepData(path, value), trans);
          await mlops.feed.refresh();
        }
      })
  });
}
