import { Notification } from '@jupyterlab/apputils';

import { addCommands, addTabCommands, runFor } from '../commands';
import type { TabContent } from '../panels/tabs';
import type { RunSummary } from '../schema';
import { CommandIDs } from '../tokens';
import { found } from './dialogs';
import {
  NO_FILES,
  NO_KERNELS,
  pageOf,
  reproductionOf,
  runOf,
  Stage,
  summaryOf
} from './server';

describe('Commands', () => {
  let stage: Stage;
  let panels: number;
  let shown: TabContent[];

  beforeEach(async () => {
    panels = 0;
    shown = [];
    stage = new Stage(pageOf(summaryOf('b'), summaryOf('a')));
    const { commands, mlops, trans } = stage.services;
    const context = { commands, mlops, trans, runAtPointer: () => 'pointed' };
    const showPanel = (): void => {
      panels += 1;
    };
    addCommands({
      ...context,
      ...{ showPanel, goToRuns: showPanel },
      ...{ contents: NO_FILES, kernels: NO_KERNELS }
    });
    addTabCommands(context, content => shown.push(content));
    await stage.runs.refresh();
  });

  afterEach(() => {
    Notification.dismiss();
    stage.dispose();
  });

  it('take the run from the arguments, the pointer or the sidebar, in this order', () => {
    const context = {
      mlops: stage.services.mlops,
      runAtPointer: () => 'pointed'
    };
    expect(runFor(context, { run: 'x', here: true })).toBe('x');
    expect(runFor(context, { here: true })).toBe('pointed');
    expect(runFor(context, {})).toBe('b');
  });

  it('are off while there is no run', () => {
    const { commands } = stage.services;
    expect(commands.isEnabled(CommandIDs.reproduceRun)).toBe(true);
    stage.notebook.activate(null);
    expect(commands.isEnabled(CommandIDs.reproduceRun)).toBe(false);
    expect(commands.isEnabled(CommandIDs.copyRunId)).toBe(false);
    expect(commands.isEnabled(CommandIDs.showPanel)).toBe(true);
  });

  it('describe themselves and their arguments', async () => {
    const { commands } = stage.services;
    for (const id of commands.listCommands()) {
      expect(commands.label(id)).not.toBe('');
      expect(commands.caption(id)).not.toBe('');
      expect((await commands.describedBy(id)).args).toHaveProperty(
        'properties'
      );
    }
  });

  it('reproduce the run and show it', async () => {
    stage.server.on('POST', 'runs/a/reproductions', () => ({
      status: 201,
      body: reproductionOf('a')
    }));
    await stage.services.commands.execute(CommandIDs.reproduceRun, {
      run: 'a',
      current: true
    });
    expect(stage.runs.shown).toBe('a');
    expect(panels).toBe(1);
    expect(
      stage.server.asked.find(({ method }) => method === 'POST')?.body
    ).toEqual({
      current: true,
      in_place: false
    });
  });

  it('stop before a file that does not hold what is on the screen', async () => {
    stage.server.on('POST', 'runs/a/reproductions', () => ({
      status: 201,
      body: reproductionOf('a')
    }));
    const reproduced = (current: boolean): Promise<unknown> =>
      stage.services.commands.execute(CommandIDs.reproduceRun, {
        run: 'a',
        current
      });
    stage.unsaved = 'not saved';
    await reproduced(true);
    expect(stage.server.paths('POST')).toEqual([]);
    expect(Notification.manager.notifications[0].message).toContain(
      'has changes that were not saved'
    );
    // What was recorded does not depend on the file.
    await reproduced(false);
    expect(stage.server.paths('POST')).toHaveLength(1);
  });

  it('ask before they execute in the folder itself', async () => {
    const bodies: unknown[] = [];
    stage.server.on('POST', 'runs/a/reproductions', (_, body) => {
      bodies.push(body);
      const isInPlace = (body as { in_place: boolean }).in_place;
      const refusal = {
        message: 'the folder is too large',
        reason: 'NeedsInPlaceError'
      };
      return isInPlace
        ? { status: 201, body: reproductionOf('a') }
        : { status: 409, body: refusal };
    });
    const done = stage.services.commands.execute(CommandIDs.reproduceRun, {
      run: 'a'
    });
    const button = await found<HTMLButtonElement>('.jp-Dialog .jp-mod-warn');
    expect(bodies).toHaveLength(1);
    button.click();
    await done;
    expect(bodies[1]).toEqual({ current: false, in_place: true });
  });

  it('tell a refusal to the user', async () => {
    const body = {
      message: 'User is not authorized to execute on kernels.',
      reason: 'Forbidden'
    };
    stage.server.on('POST', 'runs/a/reproductions', () => ({
      status: 403,
      body
    }));
    await stage.services.commands.execute(CommandIDs.reproduceRun, {
      run: 'a'
    });
    const [{ message, type }] = Notification.manager.notifications;
    expect(type).toBe('error');
    expect(message).toContain('your role on this server does not allow it');
    expect(message).toContain('execute on kernels');
  });

  it('cancel what is under way, and only that', async () => {
    stage.server.on('GET', 'runs/a/reproductions', () => ({
      body: {
        reproductions: [
          reproductionOf('a'),
          reproductionOf('a', { id: 'old', state: 'done' })
        ]
      }
    }));
    stage.server.on('DELETE', 'runs/a/reproductions/again', () => ({
      status: 204,
      body: null
    }));
    await stage.services.commands.execute(CommandIDs.cancelReproduction, {
      run: 'a'
    });
    expect(stage.server.paths('DELETE')).toEqual([
      'runs/a/reproductions/again'
    ]);
  });

  describe('that cancel', () => {
    const { cancelReproduction } = CommandIDs;
    const again = (some: Partial<RunSummary> = {}): RunSummary =>
      summaryOf('again', {
        ...{ trigger: 'reproduce', parent: 'a', status: 'running' },
        ...some
      });

    it.each([
      ['of the run that is repeated', again(), 'a', true],
      ['of the run that repeats it', again(), 'again', true],
      ['of another run', again(), 'b', false],
      ['that has ended', again({ status: 'completed' }), 'a', false],
      ['but only another kind of run', again({ trigger: 'run' }), 'a', false]
    ])('are on while one is under way: %s', async (_, row, run, expected) => {
      stage.server.on('GET', 'runs', () => ({
        body: pageOf(row, summaryOf('b'), summaryOf('a'))
      }));
      await stage.runs.refresh();
      const { commands } = stage.services;
      expect(commands.isEnabled(cancelReproduction, { run })).toBe(expected);
    });

    it('cancel the one whose own row is shown', async () => {
      stage.server.on('GET', 'runs', () => ({
        body: pageOf(again(), again({ id: 'other' }), summaryOf('a'))
      }));
      stage.server.on('GET', 'runs/a/reproductions', () => ({
        body: {
          reproductions: [
            reproductionOf('a'),
            reproductionOf('a', { id: 'other' })
          ]
        }
      }));
      stage.server.on('DELETE', 'runs/a/reproductions/again', () => ({
        status: 204,
        body: null
      }));
      await stage.runs.refresh();
      await stage.services.commands.execute(cancelReproduction, {
        run: 'again'
      });
      expect(stage.server.paths('DELETE')).toEqual([
        'runs/a/reproductions/again'
      ]);
    });

    it('say so where none is under way any more', async () => {
      await stage.services.commands.execute(cancelReproduction, { run: 'a' });
      expect(Notification.manager.notifications[0].message).toBe(
        'No reproduction is under way.'
      );
    });
  });

  it('compare the selected runs, oldest first', async () => {
    const { commands } = stage.services;
    expect(commands.isEnabled(CommandIDs.compareRuns)).toBe(false);
    stage.runs.select(['a', 'b']);
    expect(commands.isEnabled(CommandIDs.compareRuns)).toBe(true);
    await commands.execute(CommandIDs.compareRuns);
    expect(shown).toEqual([{ kind: 'comparison', runs: ['a', 'b'] }]);
  });

  it('show the latest verdict', async () => {
    const old = reproductionOf('a', {
      id: 'old',
      started: '2026-01-01T00:00:00Z'
    });
    stage.server.on('GET', 'runs/a/reproductions', () => ({
      body: { reproductions: [old, reproductionOf('a')] }
    }));
    await stage.services.commands.execute(CommandIDs.showVerdict, { run: 'a' });
    expect(shown).toEqual([
      { kind: 'verdict', run: 'a', reproduction: 'again' }
    ]);
  });

  it('say so when a run has no verdict yet', async () => {
    await stage.services.commands.execute(CommandIDs.showVerdict, { run: 'a' });
    expect(Notification.manager.notifications[0].message).toContain(
      'not reproduced yet'
    );
    expect(shown).toEqual([]);
  });

  it('scroll to a cell', async () => {
    stage.server.on('GET', 'runs/a', () => ({ body: runOf(summaryOf('a')) }));
    await stage.services.commands.execute(CommandIDs.showCell, {
      run: 'a',
      cell: 4
    });
    expect(stage.shownCells).toEqual([['a', 4]]);
  });
});
