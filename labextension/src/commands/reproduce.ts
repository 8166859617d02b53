import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';

import { type IReproduceOptions, RequestError } from '../client';
import { type ISecret, SecretsForm } from '../components/SecretsForm';
import { CommandIDs } from '../tokens';
import {
  BRIEF,
  describe,
  type ICommandContext,
  RUN_ARGS,
  runFor,
  telling
} from './context';

/** Starts a reproduction of a run. */
export function addReproduceCommand(context: ICommandContext): void {
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

/** Stops reproductions that are under way. */
export function addCancelCommand(context: ICommandContext): void {
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

/** Start a reproduction; where the server needs an answer first, ask for it. */
async function reproduce(
  context: ICommandContext,
  run: string,
  options: IReproduceOptions
): Promise<void> {
  const { mlops } = context;
  let answered: IReproduceOptions | null = options;
  while (answered !== null) {
    try {
      await mlops.client.reproduce(run, answered);
      await mlops.feed.refresh();
      return;
    } catch (error) {
      answered = await answer(context, error, answered);
    }
  }
}

/** What is asked for after a refusal that can be answered; null if the user will not. */
async function answer(
  context: ICommandContext,
  error: unknown,
  given: IReproduceOptions
): Promise<IReproduceOptions | null> {
  const isQuestion = error instanceof RequestError && error.status === 409;
  if (isQuestion && error.reason === 'NeedsInPlaceError' && !given.inPlace) {
    return (await mayExecuteThere(context, error))
      ? { ...given, inPlace: true }
      : null;
  }
  if (isQuestion && error.reason === SECRETS_NEEDED) {
    const secrets = await askForSecrets(context, error, given);
    return secrets && { ...given, secrets: { ...given.secrets, ...secrets } };
  }
  throw error;
}

async function mayExecuteThere(
  { trans }: ICommandContext,
  refusal: RequestError
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Reproduce in the folder itself?'),
    body: trans.__(
      '%1 Files that the notebook writes would be overwritten.',
      refusal.message
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Reproduce There') })
    ]
  });
  return button.accept;
}

/** What the server calls it that recorded code needs secrets. */
const SECRETS_NEEDED = 'secrets needed';

/** The secrets that the server named, by name; null if the user gives none. */
async function askForSecrets(
  { trans }: ICommandContext,
  refusal: RequestError,
  given: IReproduceOptions
): Promise<Record<string, string> | null> {
  const named = (refusal.details.secrets ?? []) as ISecret[];
  // One in several cells is given once.
  const needed = Array.from(
    new Map(named.map(secret => [secret.name, secret])).values()
  );
  const wrong = given.secrets ? refusal.message : null;
  const { button, value } = await showDialog({
    title: trans._n(
      'A secret is needed to reproduce this run',
      'Secrets are needed to reproduce this run',
      needed.length
    ),
    body: new SecretsForm(needed, trans, wrong),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Reproduce') })
    ],
    focusNodeSelector: 'input'
  });
  return button.accept ? value : null;
}
