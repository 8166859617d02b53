import { Notification } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';

import { addCommands } from '../commands';
import { press } from './dialogs';
import { CommandIDs } from '../tokens';
import { NO_KERNELS, pageOf, runOf, Stage, summaryOf } from './server';

const KEPT = {
  cell: null,
  digest: 'sha256:0123abcd',
  kind: 'data' as const,
  mime: 'text/csv',
  name: 'train.csv',
  path: '/srv/churn/train.csv',
  size_bytes: 8
};
describe('Kept data', () => {
  let stage: Stage;
  let saved: [string, Partial<Contents.IModel>][];
  let there: string[];

  beforeEach(async () => {
    saved = [];
    there = [];
    stage = new Stage(pageOf(summaryOf('a')));
    const run = runOf(summaryOf('a'), {
      notebook: '/srv/churn/train.ipynb',
      kept: [KEPT]
    });
    stage.server.on('GET', 'runs/a', () => ({ body: run }));
    stage.server.on('GET', 'runs/a/artifacts/sha256%3A0123abcd', () => ({
      body: [1, 2, 3]
    }));
    const contents = {
      get: (path: string) =>
        there.includes(path)
          ? Promise.resolve({ path })
          : Promise.reject(new Error('404')),
      save: (path: string, model: Partial<Contents.IModel>) => {
        saved.push([path, model]);
        return Promise.resolve({ path });
      }
    };
    const { commands, mlops, trans } = stage.services;
    const nothing = (): void => undefined;
    addCommands({
      ...{ commands, mlops, trans, runAtPointer: () => null },
      ...{ showPanel: nothing, goToRuns: nothing, kernels: NO_KERNELS },
      contents: contents as unknown as Contents.IManager
    });
    await stage.runs.refresh();
    await stage.feed.refresh();
  });

  afterEach(() => {
    Notification.dismiss();
    stage.dispose();
  });

  const restore = async (): Promise<void> => {
    const done = stage.services.commands.execute(CommandIDs.restoreData, {
      run: 'a',
      digest: KEPT.digest
    });
    await press('Restore');
    await done;
  };

  it('is written out beside the notebook under a name of its own', async () => {
    await restore();
    expect(saved).toEqual([
      [
        'churn/train-a.csv',
        { type: 'file', format: 'base64', content: btoa('[1,2,3]') }
      ]
    ]);
  });

  it('never replaces a file', async () => {
    there = ['churn/train-a.csv'];
    await restore();
    expect(saved).toEqual([]);
    expect(Notification.manager.notifications[0].message).toContain('exists');
  });
});
