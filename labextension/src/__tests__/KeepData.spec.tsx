import { Notification } from '@jupyterlab/apputils';
import {
  act,
  fireEvent,
  render,
  screen,
  waitFor
} from '@testing-library/react';
import * as React from 'react';

import type { KeepData } from '../client';
import { PanelHead } from '../components/PanelHead';
import { ServicesProvider } from '../components/services';
import type { Folder } from '../schema';
import { pageOf, Stage, summaryOf } from './server';

const FOLDER: Folder = {
  schema: 1,
  folder: '/srv/work',
  keep_data: 'ask',
  files: 3,
  size_bytes: 12_300_000,
  limit_bytes: 1_000_000_000,
  kept_files: 0,
  kept_bytes: 0,
  answerable: true
};

describe('the data of a folder', () => {
  let stage: Stage;
  let folder: Folder;
  let rights: string[];

  beforeEach(async () => {
    folder = FOLDER;
    rights = ['write'];
    stage = new Stage(pageOf(summaryOf('a')));
    stage.server.on('GET', 'folders/work', () => ({ body: folder }));
    stage.server.on('PUT', 'folders/work', (_, body) => {
      folder = { ...folder, ...(body as { keep_data: KeepData }) };
      return { body: folder };
    });
    stage.server.on('GET', '/user/ada/api/me', () => ({
      body: { permissions: { mlops: rights } }
    }));
    await stage.feed.refresh();
    await stage.runs.refresh();
  });

  afterEach(() => {
    Notification.dismiss();
    stage.dispose();
  });

  const show = async (): Promise<void> => {
    render(
      <ServicesProvider value={stage.services}>
        <PanelHead />
      </ServicesProvider>
    );
    await act(async () => {
      await new Promise(resolve => setTimeout(resolve, 20));
    });
  };
  const question = (): HTMLElement | null =>
    screen.queryByRole('region', { name: /^Keep a copy of the data/ });

  it.each([
    ['Keep copies', 'yes'],
    ['Don’t', 'no']
  ])('is asked for until somebody says: %s', async (button, keepData) => {
    await show();
    expect(question()?.textContent).toContain('3 files, 12.3 MB.');
    fireEvent.click(screen.getByRole('button', { name: button }));
    await waitFor(() => expect(question()).toBeNull());
    expect(folder.keep_data).toBe(keepData);
    expect(Notification.manager.notifications).toHaveLength(1);
  });

  it.each<[string, () => unknown]>([
    ['it was answered', () => (folder = { ...FOLDER, keep_data: 'no' })],
    ['nothing was read', () => (folder = { ...FOLDER, files: 0 })],
    [
      'the answer can’t be kept',
      () => (folder = { ...FOLDER, answerable: false })
    ],
    ['the user may not answer', () => (rights = ['read'])],
    ['the notebook lies elsewhere', () => (stage.notebook.path = null)]
  ])('is not asked for where %s', async (_, arrange) => {
    arrange();
    await show();
    expect(question()).toBeNull();
  });

  it('is looked for only once there is a run', async () => {
    stage.server.on('GET', 'runs', () => ({ body: pageOf() }));
    await stage.runs.refresh();
    await show();
    expect(stage.server.paths()).not.toContain('folders/work');
    stage.server.on('GET', 'runs', () => ({ body: pageOf(summaryOf('a')) }));
    await act(() => stage.runs.refresh());
    await waitFor(() => expect(question()).not.toBeNull());
  });

  it('comes with what the answer means', async () => {
    await show();
    const more = screen.getByRole('button', { name: 'What that means' });
    expect(more.getAttribute('aria-expanded')).toBe('false');
    fireEvent.click(more);
    expect(more.getAttribute('aria-expanded')).toBe('true');
    expect(question()?.textContent).toContain('/home/ada/mlops');
    expect(question()?.textContent).toContain('above 1 GB are never copied');
  });

  it('stays asked for where the answer is refused', async () => {
    stage.server.on('PUT', 'folders/work', () => ({
      status: 409,
      body: { message: 'the store is read-only', reason: 'StoreError' }
    }));
    await show();
    fireEvent.click(screen.getByRole('button', { name: 'Keep copies' }));
    expect((await screen.findByRole('alert')).textContent).toContain(
      'the store is read-only'
    );
    expect(question()).not.toBeNull();
  });
});
