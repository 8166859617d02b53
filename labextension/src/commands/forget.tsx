import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { RequestError } from '../client';
import { WhatGoes } from '../components/WhatGoes';
import { shorten } from '../format';
import type { Forgetting } from '../schema';
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
  let mayWrite = true;
  // A menu can't wait for the answer; what is not known is found out when it is tried.
  void mlops.client.mayWrite().then(
    may => {
      mayWrite = may;
      commands.notifyCommandChanged(CommandIDs.forgetRun);
    },
    () => undefined
  );
  const why = (args: ReadonlyPartialJSONObject): string | null =>
    whyNot(context, runFor(context, args), mayWrite);
  commands.addCommand(CommandIDs.forgetRun, {
    label: args => {
      const reason = why(args);
      return reason === null
        ? trans.__('Forget This Run…')
        : trans.__('Forget This Run (%1)', reason);
    },
    caption: trans.__('Remove a run and what the store keeps of it, for good'),
    describedBy: { args: describe(RUN_ARGS) },
    isEnabled: args => runFor(context, args) !== null && why(args) === null,
    execute: args =>
      telling(context, trans.__('Forgetting the run'), async () => {
        try {
          await forget(context, runFor(context, args) ?? '');
        } catch (error) {
          if (!(error instanceof RequestError) || error.status !== 409) {
            throw error;
          }
          // It says what to do, in more words than a notification shows.
          await showDialog({
            title: trans.__('This run stays for now'),
            body: error.message,
            buttons: [Dialog.okButton()]
          });
        }
      })
  });
}

/** Why a run can't be forgotten, as far as that is known without asking the server. */
function whyNot(
  { mlops, trans }: ICommandContext,
  run: string | null,
  mayWrite: boolean
): string | null {
  if (!mayWrite) {
    return trans.__('your role on this server may only read');
  }
  const listed = mlops.runs.list?.find(({ id }) => id === run);
  if (listed?.status !== 'running') {
    return null;
  }
  return listed.trigger === 'interactive'
    ? trans.__('its kernel is alive: shut it down or restart it first')
    : trans.__('it has not ended');
}

async function forget(context: ICommandContext, run: string): Promise<void> {
  const { mlops, trans } = context;
  const preview = await mlops.client.forgetting(run);
  if (!(await isWanted(context, run, preview))) {
    return;
  }
  await mlops.client.forget(run, preview.dependents.length > 0);
  mlops.runs.forget(preview.runs);
  await mlops.feed.refresh();
  Notification.info(
    trans._n(
      'The run was forgotten.',
      '%1 runs were forgotten.',
      preview.runs.length
    ),
    BRIEF
  );
}

async function isWanted(
  { trans }: ICommandContext,
  run: string,
  preview: Forgetting
): Promise<boolean> {
  const count = preview.runs.length;
  const { button } = await showDialog({
    title: trans._n('Forget run %2?', 'Forget %1 runs?', count, shorten(run)),
    body: <WhatGoes preview={preview} trans={trans} />,
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans._n('Forget', 'Forget All %1', count) })
    ],
    defaultButton: 0
  });
  return button.accept;
}
