import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import * as React from 'react';

import { WhatGoes } from '../components/WhatGoes';
import { shorten } from '../format';
import { CommandIDs } from '../tokens';
import {
  BRIEF,
  describe,
  type ICommandContext,
  RUN_ARGS,
  runFor,
  telling
} from './context';

/** Removes a run for good, once the user has seen what goes with it. */
export function addForgetCommand(context: ICommandContext): void {
  const { commands, mlops, trans } = context;
  commands.addCommand(CommandIDs.forgetRun, {
    label: trans.__('Forget This Run…'),
    caption: trans.__('Remove a run and what the store keeps of it, for good'),
    describedBy: { args: describe(RUN_ARGS) },
    isEnabled: args => runFor(context, args) !== null,
    execute: args =>
      telling(context, trans.__('Forgetting the run'), async () => {
        const run = runFor(context, args) ?? '';
        const preview = await mlops.client.forgetting(run);
        const isWith = preview.dependents.length > 0;
        const all = [run, ...preview.dependents.map(one => one.run)];
        const { button } = await showDialog({
          title: trans._n(
            'Forget run %2?',
            'Forget %1 runs?',
            all.length,
            shorten(run)
          ),
          body: <WhatGoes preview={preview} trans={trans} />,
          buttons: [
            Dialog.cancelButton(),
            Dialog.warnButton({
              label: trans._n('Forget', 'Forget All %1', all.length)
            })
          ],
          defaultButton: 0
        });
        if (!button.accept) {
          return;
        }
        await mlops.client.forget(run, isWith);
        mlops.runs.forget(all);
        await mlops.feed.refresh();
        Notification.info(
          trans._n(
            'The run was forgotten.',
            '%1 runs were forgotten.',
            all.length
          ),
          BRIEF
        );
      })
  });
}
