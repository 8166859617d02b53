import { Notification } from '@jupyterlab/apputils';

import type { KeepData } from '../client';
import { addCommands } from '../commands';
import { CommandIDs } from '../tokens';
import { found, press } from './dialogs';
import { NO_FILES, NO_KERNELS, Stage } from './server';

describe('what becomes of a folder’s data', () => {
  let stage: Stage;
  let answers: KeepData[];

  beforeEach(() => {
    answers = [];
    stage = new Stage();
    const folder = {
      ...{ folder: '/srv/work', keep_data: 'no', limit_bytes: 1e9 },
      ...{ files: 3, size_bytes: 1200, kept_files: 1, kept_bytes: 400 }
    };
    stage.server.on('GET', 'folders/work', () => ({ body: folder }));
    stage.server.on('PUT', 'folders/work', (_, body) => {
      const { keep_data } = body as { keep_data: KeepData };
      answers.push(keep_data);
      return { body: { ...folder, keep_data } };
    });
    const { commands, mlops, trans } = stage.services;
    const nothing = (): void => undefined;
    addCommands({
      ...{ commands, mlops, trans, runAtPointer: () => null },
      ...{ showPanel: nothing, goToRuns: nothing },
      ...{ contents: NO_FILES, kernels: NO_KERNELS }
    });
  });

  afterEach(() => {
    Notification.dismiss();
    stage.dispose();
  });

  const decide = (): Promise<unknown> =>
    stage.services.commands.execute(CommandIDs.keepData);

  it('is decided on again by a command', async () => {
    const done = decide();
    const no = await found<HTMLInputElement>('.jp-Dialog input[value="no"]');
    expect(no.checked).toBe(true);
    expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
      '3 files, 1.2 kB. Of it 1 file, 400 B, is kept.'
    );
    (await found('.jp-Dialog input[value="yes"]')).click();
    await press('Save');
    await done;
    expect(answers).toEqual(['yes']);
    expect(Notification.manager.notifications).toHaveLength(1);
  });

  it('stays as it is where nothing else is chosen', async () => {
    const same = decide();
    await found('.jp-Dialog input[value="no"]');
    await press('Save');
    await same;
    expect(answers).toEqual([]);
  });

  it('can’t be decided on without a notebook', () => {
    stage.notebook.activate(null);
    expect(stage.services.commands.isEnabled(CommandIDs.keepData)).toBe(false);
  });
});
