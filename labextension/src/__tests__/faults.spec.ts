import { Notification } from '@jupyterlab/apputils';

import { FaultTeller } from '../faults';
import type { KernelCapture } from '../schema';
import { Stage } from './server';

const FULL = 'The disk of /data is full.';

describe('FaultTeller', () => {
  let stage: Stage;
  let teller: FaultTeller;
  let shownWhy: number;
  const open = new Map([
    ['k', 'train.ipynb'],
    ['l', 'test.ipynb']
  ]);

  beforeEach(() => {
    shownWhy = 0;
    stage = new Stage();
    const { feed, services } = stage;
    teller = new FaultTeller(
      feed,
      services.trans,
      () => open,
      () => {
        shownWhy += 1;
      }
    );
  });

  afterEach(() => {
    Notification.dismiss();
    teller.dispose();
    stage.dispose();
  });

  const failing = (kernel: string, reason = FULL): KernelCapture => ({
    ...{ kernel, reason, recording: false, fault: true }
  });
  const well = (kernel: string): KernelCapture => ({
    ...{ kernel, reason: null, recording: true, fault: false }
  });
  const become = async (...kernels: KernelCapture[]): Promise<void> => {
    stage.server.status = { ...stage.server.status, kernels };
    await stage.feed.refresh();
  };
  const told = (): string[] =>
    Notification.manager.notifications.map(({ message }) => message);

  it('tells once, however often it is asked', async () => {
    await become(failing('k'));
    await become(failing('k'));
    expect(told()).toEqual([`Not recording train.ipynb: ${FULL}`]);
    Notification.manager.notifications[0].options.actions?.[0].callback(
      {} as never
    );
    expect(shownWhy).toBe(1);
  });

  it('does not tell again what was put away', async () => {
    await become(failing('k'));
    Notification.dismiss();
    await become(failing('k'));
    await become(failing('k'), failing('l'));
    expect(told()).toEqual([]);
  });

  it('names every notebook with the same reason in one place', async () => {
    await become(failing('k'));
    await become(failing('k'), failing('l'));
    expect(told()).toEqual([`Not recording train.ipynb, test.ipynb: ${FULL}`]);
  });

  it('takes it back once the kernel records again, with a short note', async () => {
    await become(failing('k'));
    await become(well('k'));
    expect(told()).toEqual(['Recording train.ipynb again.']);
    expect(Notification.manager.notifications[0].options.autoClose).toBe(5000);
    await become(well('k'));
    expect(told()).toHaveLength(1);
  });

  it('takes it back without a word when the kernel goes', async () => {
    await become(failing('k'));
    await become();
    expect(told()).toEqual([]);
  });

  it('says nothing of what is meant so, and of notebooks that are not open', async () => {
    await become({ ...failing('k'), fault: false }, failing('elsewhere'));
    expect(told()).toEqual([]);
  });

  it('knows nothing new while the server does not answer', async () => {
    await become(failing('k'));
    stage.server.on('GET', 'status', () => new TypeError('Failed to fetch'));
    await stage.feed.refresh();
    expect(told()).toHaveLength(1);
  });
});
