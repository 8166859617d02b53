import type { INotebookTracker } from '@jupyterlab/notebook';
import { type Contents, ContentsManager } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { Client } from '../client';
import { Saver, type Unsaved } from '../saver';
import { runOf, Server, summaryOf } from './server';

const contents = new ContentsManager({ serverSettings: new Server().settings });

describe('Saver', () => {
  for (const name of ['RTC', 'Extra']) {
    contents.addDrive({
      name,
      fileChanged: new Signal({})
    } as unknown as Contents.IDrive);
  }
  const save = jest.fn(() => Promise.resolve());

  beforeEach(() => save.mockReset().mockResolvedValue());

  afterAll(() => contents.dispose());

  /** Save for a run of /srv/work/train.ipynb while `path` is open. */
  function saved(
    path: string,
    dirty = true,
    writable = true,
    notebook: string | null = '/srv/work/train.ipynb'
  ): Promise<Unsaved | null> {
    const context = { path, model: { dirty }, contentsModel: { writable } };
    const panels = [{ context: { ...context, save } }];
    const tracker = {
      find: (test: (panel: object) => boolean) => panels.find(test)
    } as unknown as INotebookTracker;
    const client = new Client(new Server().settings);
    const run = runOf(summaryOf('a', { notebook }));
    return new Saver(tracker, contents, client).save(run);
  }

  it.each([
    ['that has changes', 'work/train.ipynb', true, 1],
    ['that is edited together', 'RTC:work/train.ipynb', true, 1],
    ['that has none', 'work/train.ipynb', false, 0],
    ['other than the run’s', 'work/other.ipynb', true, 0],
    ['of another drive', 'Extra:work/train.ipynb', true, 0]
  ])('saves a notebook as needed: one %s', async (_, path, dirty, times) => {
    await expect(saved(path, dirty)).resolves.toBeNull();
    expect(save).toHaveBeenCalledTimes(times);
  });

  it('saves nothing for a run whose notebook is not the server’s, or not known', async () => {
    await saved('Extra:work/train.ipynb', true, true, '/else/train.ipynb');
    await saved('Extra:work/train.ipynb', true, true, null);
    expect(save).not.toHaveBeenCalled();
  });

  it('says that a file may not be written', async () => {
    const result = saved('work/train.ipynb', true, false);
    await expect(result).resolves.toBe('read only');
    expect(save).not.toHaveBeenCalled();
    await expect(saved('work/train.ipynb', false, false)).resolves.toBeNull();
  });

  it('says that saving failed, or was called off', async () => {
    save.mockRejectedValue(new Error('File Changed'));
    await expect(saved('work/train.ipynb')).resolves.toBe('not saved');
  });
});
