import { Notification } from '@jupyterlab/apputils';

import { addCommands } from '../commands';
import { CommandIDs } from '../tokens';
import { found, press } from './dialogs';
import {
  NO_FILES,
  NO_KERNELS,
  pageOf,
  reproductionOf,
  Stage,
  summaryOf
} from './server';

describe('a reproduction that needs secrets', () => {
  let stage: Stage;
  let bodies: { secrets?: Record<string, string> }[];

  beforeEach(async () => {
    bodies = [];
    stage = new Stage(pageOf(summaryOf('a')));
    const { commands, mlops, trans } = stage.services;
    const nothing = (): void => undefined;
    addCommands({
      ...{ commands, mlops, trans, runAtPointer: () => null },
      ...{ showPanel: nothing, goToRuns: nothing },
      ...{ contents: NO_FILES, kernels: NO_KERNELS }
    });
    stage.server.on('POST', 'runs/a/reproductions', (_, body) => {
      bodies.push(body as (typeof bodies)[0]);
      const given = bodies[bodies.length - 1].secrets?.DB_PASSWORD;
      return given === 'right'
        ? { status: 201, body: reproductionOf('a') }
        : { status: 409, body: refusal(given) };
    });
    await stage.runs.refresh();
  });

  afterEach(() => {
    Notification.dismiss();
    stage.dispose();
  });

  const refusal = (given: string | undefined): object => ({
    message: given ? 'DB_PASSWORD is another one' : 'secrets are needed',
    reason: 'secrets needed',
    secrets: [
      { name: 'DB_PASSWORD', cell: 3 },
      { name: 'TOKEN', cell: null },
      { name: 'DB_PASSWORD', cell: 3 }
    ]
  });
  const reproduce = (): Promise<unknown> =>
    stage.services.commands.execute(CommandIDs.reproduceRun, { run: 'a' });
  const fill = async (password: string): Promise<void> => {
    await found('.jp-Dialog input[name="TOKEN"]');
    for (const input of inputs()) {
      input.value = password;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
  };
  const inputs = (): HTMLInputElement[] =>
    Array.from(document.querySelectorAll('.jp-Dialog input'));

  it('asks for each, and hands them on for this once', async () => {
    const done = reproduce();
    await fill('right');
    expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
      'cell 3'
    );
    for (const { type, autocomplete } of inputs()) {
      expect([type, autocomplete]).toEqual(['password', 'off']);
    }
    await press('Reproduce');
    await done;
    expect(bodies).toHaveLength(2);
    expect(bodies[0].secrets).toBeUndefined();
    expect(bodies[1].secrets).toEqual({ DB_PASSWORD: 'right', TOKEN: 'right' });
    expect(inputs()).toEqual([]);
    // What other extensions hear of commands must not have them.
    expect(JSON.stringify(stage.executed)).not.toContain('right');
  });

  it('asks again where one was wrong, and says so', async () => {
    const done = reproduce();
    await fill('wrong');
    await press('Reproduce');
    const wrong = await found('.jp-Dialog [role="alert"]');
    expect(wrong.textContent).toBe('DB_PASSWORD is another one');
    expect(inputs().map(({ value }) => value)).toEqual(['', '']);
    await fill('right');
    await press('Reproduce');
    await done;
    expect(bodies).toHaveLength(3);
  });

  it('starts with none of them empty', async () => {
    const done = reproduce();
    await found('.jp-Dialog .jp-mod-accept:disabled');
    await press('Reproduce');
    expect(bodies).toHaveLength(1);
    await press('Cancel');
    await done;
  });

  it('is left alone by who gives none', async () => {
    const done = reproduce();
    await fill('right');
    await press('Cancel');
    await done;
    expect(bodies).toHaveLength(1);
    expect(Notification.manager.notifications).toEqual([]);
  });
});
