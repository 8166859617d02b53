import { Notification } from '@jupyterlab/apputils';
import { KernelManager, SessionManager } from '@jupyterlab/services';

import { addCommands } from '../commands';
import { Kernels } from '../kernels';
import { isOf } from '../panels/tabs';
import type { Forgetting, RunSummary } from '../schema';
import { CommandIDs } from '../tokens';
import { found, press } from './dialogs';
import { NO_FILES, NO_KERNELS, pageOf, Stage, summaryOf } from './server';

const PREVIEW: Forgetting = {
  schema: 1,
  done: false,
  runs: ['b'],
  dependents: [],
  executions: 5,
  shared_executions: 2,
  blobs: 7,
  freed_bytes: 12_345,
  copies: 1,
  obstacle: null,
  kernel: null,
  notices: []
};

describe('Forget', () => {
  let stage: Stage;
  let rows: string[];
  let asked: (string | null)[];

  beforeEach(async () => {
    rows = ['c', 'b', 'a'];
    asked = [];
    stage = new Stage(pageOf());
    stage.server.on('GET', 'runs', () => ({
      body: pageOf(...rows.map(id => summaryOf(id)))
    }));
    preview({});
    stage.server.on('DELETE', 'runs/b', query => {
      asked.push(query.get('with_dependents'));
      rows = rows.filter(id => id !== 'b');
      return { status: 204, body: null };
    });
    const { commands, mlops, trans } = stage.services;
    const nothing = (): void => undefined;
    addCommands({
      ...{ commands, mlops, trans, runAtPointer: () => null },
      ...{ showPanel: nothing, goToRuns: nothing },
      ...{ contents: NO_FILES, kernels: NO_KERNELS }
    });
    await stage.runs.refresh();
  });

  afterEach(() => {
    Notification.dismiss();
    stage.dispose();
  });

  const preview = (some: Partial<Forgetting>): void =>
    stage.server.on('GET', 'runs/b/forgetting', () => ({
      body: { ...PREVIEW, ...some }
    }));
  const forget = (): Promise<unknown> =>
    stage.services.commands.execute(CommandIDs.forgetRun, { run: 'b' });

  it('says what goes, and does nothing unless it is told to', async () => {
    const done = forget();
    const said = (await found('.jp-mlops-Forgetting')).textContent;
    expect(said).toContain('12.3 kB of stored content');
    expect(said).toContain('outputs of 5 executions of cells');
    expect(said).toContain('the copy of 1 data file');
    expect(said).toContain('2 executions of cells stay');
    expect(said).toContain('can’t be undone');
    expect(document.activeElement?.textContent).toBe('Cancel');
    await press('Cancel');
    await done;
    expect(stage.server.paths('DELETE')).toEqual([]);
    expect(stage.runs.list).toHaveLength(3);
  });

  it('removes the row, and shows the next older run in place of a chosen one', async () => {
    const gone: string[][] = [];
    stage.runs.forgotten.connect((_, ids) => gone.push([...ids]));
    stage.runs.choose('b');
    stage.runs.select(['b', 'a']);
    const done = forget();
    await press('Forget');
    await done;
    expect(asked).toEqual([null]);
    expect(stage.runs.list?.map(({ id }) => id)).toEqual(['c', 'a']);
    expect(stage.runs.shown).toBe('a');
    expect(stage.runs.selected).toEqual(['a']);
    expect(gone).toEqual([['b']]);
  });

  it('names what depends on the run, and lets that go as well', async () => {
    preview({
      runs: ['b', 'c'],
      dependents: [{ run: 'c', why: 'a reproduction of it' }]
    });
    const done = forget();
    expect((await found('.jp-mlops-Forgetting')).textContent).toContain(
      'c a reproduction of it'
    );
    await press('Forget All 2');
    await done;
    expect(asked).toEqual(['1']);
    expect(stage.runs.selected).toEqual([]);
  });

  it.each(['Cancel', 'Shut Down Kernel'])(
    'of a session whose kernel runs asks to shut that down: %s',
    async answer => {
      rows = ['b'];
      await stage.runs.refresh();
      const obstacle = 'its kernel still runs; shut it down';
      stage.server.on('GET', 'runs/b/forgetting', () => ({
        body: stage.notebook.shutDown
          ? PREVIEW
          : { ...PREVIEW, obstacle, kernel: 'k' }
      }));
      const done = forget();
      const said = (await found('.jp-Dialog')).textContent;
      expect(said).toContain('Its kernel still runs; shut it down.');
      expect(said).toContain('kernel of train.ipynb');
      await press(answer);
      if (answer === 'Cancel') {
        await done;
        expect(stage.notebook.shutDown).toBe(0);
        expect(asked).toEqual([]);
        return;
      }
      await press('Forget');
      await done;
      expect(stage.notebook.shutDown).toBe(1);
      expect(asked).toEqual([null]);
    }
  );

  it('of what is still executed tells why not', async () => {
    preview({ obstacle: 'it is still being executed' });
    const done = forget();
    expect((await found('.jp-Dialog')).textContent).toContain(
      'It is still being executed.'
    );
    await press('Ok');
    await done;
    expect(asked).toEqual([]);
  });

  it('tells why the server does not', async () => {
    stage.server.on('DELETE', 'runs/b', () => ({
      status: 409,
      body: { message: 'run b is still running', reason: 'RunBusyError' }
    }));
    const done = forget();
    await press('Forget');
    await found('.jp-Dialog .jp-mod-accept');
    expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
      'Run b is still running.'
    );
    await press('Ok');
    await done;
    expect(Notification.manager.notifications).toEqual([]);
    expect(stage.runs.list).toHaveLength(3);
  });
});

describe('Forget, while another kernel than the notebook’s keeps the run', () => {
  const API = '/user/ada/api/';
  const WHY = 'its kernel still runs; shut it down';
  const OTHER = { id: 'other', name: 'python3' };
  let stage: Stage;
  let running: { id: string; name: string }[];
  let sessions: object[];
  let managers: [KernelManager, SessionManager];

  beforeEach(async () => {
    stage = new Stage(pageOf(summaryOf('b')));
    const { server } = stage;
    running = [{ id: 'k', name: 'python3' }, OTHER];
    sessions = ['k', 'other'].map(id => ({
      ...{ id: `s-${id}`, name: '', type: 'notebook' },
      ...{ path: `work/${id}.ipynb`, kernel: { id, name: 'python3' } }
    }));
    server.on('GET', `${API}kernels`, () => ({ body: running }));
    server.on('GET', `${API}sessions`, () => ({ body: sessions }));
    server.on('DELETE', `${API}kernels/other`, () => {
      running = running.filter(({ id }) => id !== 'other');
      return { status: 204, body: null };
    });
    server.on('DELETE', 'runs/b', () => ({ status: 204, body: null }));
    keptBy('other');
    const serverSettings = server.settings;
    const kernelManager = new KernelManager({ serverSettings });
    const sessionManager = new SessionManager({
      ...{ serverSettings, kernelManager }
    });
    managers = [kernelManager, sessionManager];
    const { commands, mlops, trans } = stage.services;
    const nothing = (): void => undefined;
    addCommands({
      ...{ commands, mlops, trans, runAtPointer: () => null },
      ...{ showPanel: nothing, goToRuns: nothing, contents: NO_FILES },
      kernels: new Kernels({ kernels: kernelManager, sessions: sessionManager })
    });
    await Promise.all(managers.map(({ ready }) => ready));
    await stage.runs.refresh();
  });

  afterEach(() => {
    const [kernelManager, sessionManager] = managers;
    sessionManager.dispose();
    kernelManager.dispose();
    Notification.dismiss();
    stage.dispose();
  });

  const keptBy = (kernel: string): void =>
    stage.server.on('GET', 'runs/b/forgetting', () => ({
      body:
        kernel !== 'other' || running.includes(OTHER)
          ? { ...PREVIEW, obstacle: WHY, kernel }
          : PREVIEW
    }));
  const forget = (): Promise<unknown> =>
    stage.services.commands.execute(CommandIDs.forgetRun, { run: 'b' });
  const said = async (): Promise<string | null> =>
    (await found('.jp-Dialog')).textContent;
  const ended = (): string[] => stage.server.paths('DELETE');

  it('says what to do if this server does not run it, and ends none', async () => {
    keptBy('elsewhere');
    const done = forget();
    expect(await said()).toContain('Its kernel still runs; shut it down.');
    expect(await said()).toContain('This server does not run that kernel');
    expect(await said()).not.toContain('train.ipynb');
    await press('Ok');
    await done;
    expect(ended()).toEqual([]);
    expect(stage.notebook.shutDown).toBe(0);
    const looks = stage.server
      .paths()
      .filter(one => one.includes('forgetting'));
    expect(looks).toHaveLength(1);
  });

  it('says whose it is, and ends that one', async () => {
    const done = forget();
    expect(await said()).toContain('the kernel of work/other.ipynb on this');
    expect(await said()).not.toContain('train.ipynb');
    await press('Shut Down Kernel');
    await press('Forget');
    await done;
    expect(ended()).toEqual([`${API}kernels/other`, 'runs/b']);
    expect(stage.notebook.shutDown).toBe(0);
  });

  it('says so if it is nobody’s, and ends none unless told to', async () => {
    sessions = [];
    const done = forget();
    expect(await said()).toContain('with no notebook connected');
    await press('Cancel');
    await done;
    expect(ended()).toEqual([]);
    expect(stage.notebook.shutDown).toBe(0);
  });
});

describe('Runs that are forgotten', () => {
  it('leave the newest to be shown, and the next news after it', async () => {
    const stage = new Stage(pageOf(summaryOf('b'), summaryOf('a')));
    await stage.runs.refresh();
    stage.runs.forget(['b']);
    expect(stage.runs.shown).toBe('a');
    const newer = summaryOf('d', { started: '2026-01-03T00:00:00Z' });
    stage.server.on('GET', 'runs', () => ({
      body: pageOf(newer, summaryOf('a'))
    }));
    await stage.runs.refresh();
    expect(stage.runs.shown).toBe('d');
    stage.dispose();
  });

  it('take the tabs along that show them', () => {
    expect(isOf({ kind: 'notebook', run: 'a' }, ['a'])).toBe(true);
    expect(isOf({ kind: 'comparison', runs: ['b', 'a'] }, ['a'])).toBe(true);
    const verdict = { kind: 'verdict', run: 'a', reproduction: 'b' } as const;
    expect(isOf(verdict, ['b'])).toBe(true);
    expect(isOf(verdict, ['c'])).toBe(false);
  });
});

describe('Forget, where it can’t be done', () => {
  let stage: Stage;

  afterEach(() => stage.dispose());

  const start = async (...runs: RunSummary[]): Promise<void> => {
    const { commands, mlops, trans } = stage.services;
    const nothing = (): void => undefined;
    stage.server.on('GET', 'runs', () => ({ body: pageOf(...runs) }));
    addCommands({
      ...{ commands, mlops, trans, runAtPointer: () => null },
      ...{ showPanel: nothing, goToRuns: nothing },
      ...{ contents: NO_FILES, kernels: NO_KERNELS }
    });
    await stage.runs.refresh();
  };

  const entry = (run: string): [boolean, string] => {
    const { commands } = stage.services;
    return [
      commands.isEnabled(CommandIDs.forgetRun, { run }),
      commands.label(CommandIDs.forgetRun, { run })
    ];
  };

  it('is greyed with the reason: the run is under way', async () => {
    stage = new Stage();
    await start(
      summaryOf('open', { status: 'running', trigger: 'interactive' }),
      summaryOf('batch', { status: 'running', trigger: 'run' }),
      summaryOf('b')
    );
    // Its kernel can be shut down on the way.
    expect(entry('open')).toEqual([true, 'Forget This Run…']);
    expect(entry('batch')).toEqual([
      false,
      'Forget This Run (it has not ended)'
    ]);
    expect(entry('b')).toEqual([true, 'Forget This Run…']);
  });

  it('is greyed with the reason: the user may only read', async () => {
    stage = new Stage();
    stage.server.on('GET', '/user/ada/api/me', () => ({
      body: { permissions: { mlops: ['read'] } }
    }));
    await start(summaryOf('b'));
    for (let tries = 0; tries < 100 && entry('b')[0]; tries++) {
      await new Promise(done => setTimeout(done, 10));
    }
    expect(entry('b')).toEqual([
      false,
      'Forget This Run (your role on this server may only read)'
    ]);
  });
});
