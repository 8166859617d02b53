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

/** The server notices a kernel's end within a second or two. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 250;

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
          await tellWhy(context, error.message);
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
  // A kernel can be shut down on the way.
  return listed?.status === 'running' && listed.trigger !== 'interactive'
    ? trans.__('it has not ended')
    : null;
}

async function forget(context: ICommandContext, run: string): Promise<void> {
  const { mlops, trans } = context;
  let preview = await mlops.client.forgetting(run);
  if (preview.obstacle !== null) {
    const { kernel, obstacle } = preview;
    if (kernel === null) {
      await tellWhy(context, obstacle);
      return;
    }
    if (!(await isKernelEnded(context, run, kernel, obstacle))) {
      return;
    }
    preview = await unhindered(context, run, kernel);
  }
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

/** It says what to do, in more words than a notification shows. */
async function tellWhy(
  { trans }: ICommandContext,
  why: string,
  more = ''
): Promise<void> {
  await showDialog({
    title: trans.__('This run stays for now'),
    body: `${sentence(why)} ${more}`.trim(),
    buttons: [Dialog.okButton()]
  });
}

/** Offer to shut down the kernel that keeps the run, if it is within reach. */
async function isKernelEnded(
  context: ICommandContext,
  run: string,
  kernel: string,
  obstacle: string
): Promise<boolean> {
  const { kernels, mlops, trans } = context;
  const { notebook } = mlops.runs;
  const loss = await lossOf(context, kernel);
  if (loss === null) {
    const where = trans.__(
      'This server does not run that kernel: shut it down where it was started, such as in VS Code or on another server.'
    );
    await tellWhy(context, obstacle, where);
    return false;
  }
  const { button } = await showDialog({
    title: trans.__('Shut the kernel down to forget run %1?', shorten(run)),
    body: (
      <div className="jp-mlops-View jp-mlops-Forgetting">
        <p>{sentence(obstacle)}</p>
        <p>
          {loss} {trans.__('Before anything is forgotten you see what goes.')}
        </p>
      </div>
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Shut Down Kernel') })
    ],
    defaultButton: 0
  });
  if (button.accept) {
    // The notebook's own through the notebook, which then knows that it has none.
    await (notebook.kernel === kernel
      ? notebook.shutDownKernel()
      : kernels.shutDown(kernel));
  }
  return button.accept;
}

/** What is lost with a kernel, and whose it is; null if it is out of reach. */
async function lossOf(
  { kernels, mlops, trans }: ICommandContext,
  kernel: string
): Promise<string | null> {
  const { notebook } = mlops.runs;
  if (notebook.kernel === kernel) {
    return trans.__(
      'What the kernel of %1 holds in memory is lost; the notebook stays as it is.',
      notebook.name ?? ''
    );
  }
  const users = await kernels.usersOf(kernel);
  if (users === null) {
    return null;
  }
  return users.length > 0
    ? trans.__(
        'It is the kernel of %1 on this server: what it holds in memory is lost.',
        users.join(', ')
      )
    : trans.__(
        'It runs on this server, with no notebook connected: what it holds in memory is lost.'
      );
}

/** What goes, once the server has heard of the kernel's end. */
async function unhindered(
  { mlops }: ICommandContext,
  run: string,
  kernel: string
): Promise<Forgetting> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const preview = await mlops.client.forgetting(run);
    if (preview.obstacle === null) {
      return preview;
    }
    if (preview.kernel !== kernel || Date.now() > until) {
      throw new Error(preview.obstacle);
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_MS));
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
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
