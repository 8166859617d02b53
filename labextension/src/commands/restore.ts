import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';

import { RestoreForm } from '../components/RestoreForm';
import { formatSize, shorten } from '../format';
import { relativeToServer } from '../notebook';
import type { Artifact, Run } from '../schema';
import { CommandIDs } from '../tokens';
import { describe, type ICommandContext, RUN_ARGS, telling } from './context';

/** A browser holds a file several times on its way; beyond this the command line is for it. */
const MOST_BYTES = 200_000_000;

/** Writes out a data file as a run read it, beside the notebook and under a name of its own. */
export function addRestoreCommand(context: ICommandContext): void {
  const { commands, mlops, trans } = context;
  commands.addCommand(CommandIDs.restoreData, {
    label: trans.__('Restore Data of a Run…'),
    caption: trans.__('Write out a data file as a run read it'),
    describedBy: {
      args: describe({
        ...RUN_ARGS,
        digest: { type: 'string', description: 'Digest of the copy' }
      })
    },
    // It needs to be told which file, so it is no entry of the palette.
    isVisible: args => args.digest !== undefined,
    execute: args =>
      telling(context, trans.__('Restoring the file'), async () => {
        const run = await mlops.client.run(args.run as string);
        const kept = run.kept.find(({ digest }) => digest === args.digest);
        if (kept !== undefined) {
          await restore(context, run, kept);
        }
      })
  });
}

async function restore(
  context: ICommandContext,
  run: Run,
  kept: Artifact
): Promise<void> {
  const { contents, mlops, trans } = context;
  if (kept.size_bytes > MOST_BYTES) {
    await showDialog({
      title: trans.__('%1 is large', kept.name),
      body: trans.__(
        '%1 are more than a browser should carry. In a terminal: jupyter mlops restore %2 %3',
        formatSize(kept.size_bytes),
        shorten(run.id),
        kept.name
      ),
      buttons: [Dialog.okButton()]
    });
    return;
  }
  const start = proposed(run, kept, mlops.feed.status?.root ?? null);
  const { button, value: path } = await showDialog({
    title: trans.__('Restore %1 as this run read it', kept.name),
    body: new RestoreForm(start, trans),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Restore') })
    ],
    focusNodeSelector: 'input'
  });
  if (!button.accept || !path) {
    return;
  }
  if (await exists(context, path)) {
    throw new Error(trans.__('%1 exists; choose another name.', path));
  }
  const content = await mlops.client.artifact(run.id, kept.digest);
  await contents.save(path, {
    type: 'file',
    format: 'base64',
    content: base64(new Uint8Array(content))
  });
  Notification.success(trans.__('%1 was written.', path), { autoClose: 5000 });
}

/** Beside the notebook, with the run in its name, so that today's file stays as it is. */
function proposed(run: Run, kept: Artifact, root: string | null): string {
  const notebook =
    run.notebook !== null && root !== null
      ? relativeToServer(run.notebook, root)
      : null;
  const ending = PathExt.extname(kept.name);
  const stem = PathExt.basename(kept.name, ending);
  const name = `${stem}-${shorten(run.id)}${ending}`;
  return notebook === null
    ? name
    : PathExt.join(PathExt.dirname(notebook), name);
}

async function exists(
  { contents }: ICommandContext,
  path: string
): Promise<boolean> {
  try {
    await contents.get(path, { content: false });
    return true;
  } catch {
    return false; // Jupyter says so of what is not there, and of what can't be read
  }
}

/** Piece by piece: an array of arguments has its limits. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}
