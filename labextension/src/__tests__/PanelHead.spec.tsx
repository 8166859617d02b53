import { act, render, screen } from '@testing-library/react';
import * as React from 'react';

import { PanelHead } from '../components/PanelHead';
import { ServicesProvider } from '../components/services';
import { StatusItem } from '../panels/StatusItem';
import { VERSION } from '../version';
import { Stage } from './server';

/** What is said above the runs and in the status bar, in each state of the server part. */
describe.each([
  ['recording', () => undefined, null, 'MLOps: recording'],
  [
    'capture off',
    (stage: Stage) => {
      const reason = { capture_reason: 'switched off by JUPYTER_MLOPS' };
      stage.server.status = {
        ...stage.server.status,
        capture: false,
        ...reason
      };
    },
    'switched off by JUPYTER_MLOPS',
    'MLOps: off'
  ],
  [
    'capture off in this notebook',
    (stage: Stage) => {
      stage.notebook.optedOut = true;
    },
    'metadata switches capture off',
    'MLOps: off here'
  ],
  [
    'nothing executed yet',
    (stage: Stage) => {
      stage.notebook.kernel = 'another';
    },
    null,
    'MLOps: ready'
  ],
  [
    'a kernel that does not record',
    (stage: Stage) => {
      const reason = 'R is no Python kernel.';
      const kernels = [{ kernel: 'k', recording: false, reason, fault: false }];
      stage.server.status = { ...stage.server.status, kernels };
    },
    'This notebook’s kernel is not being recorded. R is no Python kernel.',
    'MLOps: not recording'
  ],
  [
    'a kernel that should record and can’t',
    (stage: Stage) => {
      const reason = 'The disk of /data is full.';
      const kernels = [{ kernel: 'k', recording: false, reason, fault: true }];
      stage.server.status = { ...stage.server.status, kernels };
    },
    'This notebook’s kernel is not being recorded. The disk of /data is full.',
    'MLOps: not recording'
  ],
  [
    'a problem',
    (stage: Stage) => {
      stage.server.status = {
        ...stage.server.status,
        problems: ['the disk is full'],
        unsynced: 3
      };
    },
    'the disk is full',
    'MLOps: 1 problem'
  ],
  [
    'another version',
    (stage: Stage) => {
      stage.server.status = { ...stage.server.status, version: '99.0' };
    },
    'the server part 99.0',
    'MLOps: recording'
  ],
  [
    'no server part',
    (stage: Stage) => stage.server.answers.delete('GET status'),
    'The server part is missing.',
    'MLOps: no server part'
  ],
  [
    'no access',
    (stage: Stage) =>
      stage.server.on('GET', 'status', () => ({
        status: 403,
        body: { message: 'Forbidden' }
      })),
    'You may not do this here.',
    'MLOps: no access'
  ],
  [
    'no server',
    (stage: Stage) =>
      stage.server.on('GET', 'status', () => new TypeError('Failed to fetch')),
    'The server does not answer.',
    'MLOps: unreachable'
  ]
])('%s', (_, arrange, banner, item) => {
  it('is said in the panel and in the status bar', async () => {
    const stage = new Stage();
    stage.server.status = { ...stage.server.status, version: VERSION };
    arrange(stage);
    render(
      <ServicesProvider value={stage.services}>
        <PanelHead />
        <StatusItem />
      </ServicesProvider>
    );
    await act(() => stage.feed.refresh());
    const text = document.body.textContent ?? '';
    expect(screen.getByRole('button', { name: item })).toBeTruthy();
    if (banner === null) {
      expect(document.querySelector('.jp-mlops-Banner')).toBeNull();
    } else {
      expect(text).toContain(banner);
    }
    stage.dispose();
  });
});

describe('journals that wait', () => {
  let stage: Stage;

  beforeEach(() => {
    stage = new Stage();
    stage.server.status = { ...stage.server.status, unsynced: 1 };
    render(
      <ServicesProvider value={stage.services}>
        <StatusItem />
      </ServicesProvider>
    );
  });

  afterEach(() => {
    jest.restoreAllMocks();
    stage.dispose();
  });

  const look = async (second: number): Promise<HTMLElement> => {
    jest.spyOn(Date, 'now').mockReturnValue(second * 1000);
    await act(() => stage.feed.refresh());
    return screen.getByRole('button');
  };

  it('are counted only once they have waited, with the way out', async () => {
    expect((await look(0)).textContent).toBe('MLOps: recording');
    expect((await look(20)).textContent).toBe('MLOps: recording');
    const item = await look(31);
    expect(item.textContent).toBe('MLOps: recording · 1 unsynced');
    expect(item.title).toContain('jupyter mlops doctor');
  });

  it('have not waited while a cell executes', async () => {
    await look(0);
    stage.notebook.isExecuting = true;
    act(() => stage.notebook.changed.emit());
    expect((await look(60)).textContent).toBe('MLOps: recording');
    stage.notebook.isExecuting = false;
    act(() => stage.notebook.changed.emit());
    expect((await look(62)).textContent).toBe('MLOps: recording');
  });
});
