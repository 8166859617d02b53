import { DEFAULT_SETTINGS, latest } from '../runs';
import { next, pageOf, Stage, summaryOf } from './server';

describe('Runs', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = new Stage(pageOf(summaryOf('c'), summaryOf('b'), summaryOf('a')));
    await stage.runs.refresh();
  });

  afterEach(() => stage.dispose());

  const ids = (): string[] => (stage.runs.list ?? []).map(run => run.id);

  it('lists the runs of the active notebook', () => {
    expect(ids()).toEqual(['c', 'b', 'a']);
    expect(stage.server.asked[0].query.get('notebook')).toBe(
      'work/train.ipynb'
    );
  });

  it('shows the newest run until one is chosen', () => {
    expect(stage.runs.shown).toBe('c');
    stage.runs.choose('a');
    expect(stage.runs.shown).toBe('a');
  });

  it('keeps the selection in the list’s order', () => {
    stage.runs.toggle('a');
    stage.runs.toggle('c');
    expect(stage.runs.selected).toEqual(['c', 'a']);
    stage.runs.toggle('a');
    expect(stage.runs.selected).toEqual(['c']);
  });

  it('fetches again when the feed tells a change', async () => {
    stage.server.on('GET', 'runs', () => ({ body: pageOf(summaryOf('d')) }));
    stage.events.emit({ sequence: 2, kind: 'runs', ids: ['d'] });
    await next(stage.runs.changed);
    expect(ids()).toEqual(['d']);
  });

  it('keeps what was chosen and selected through another name and another notebook', async () => {
    stage.runs.choose('a');
    stage.runs.select(['a', 'b']);
    stage.notebook.rename('work/final.ipynb');
    expect(stage.runs.shown).toBe('a');
    expect(stage.runs.selected).toEqual(['b', 'a']);
    await stage.runs.refresh();
    expect(
      stage.server.asked[stage.server.asked.length - 1].query.get('notebook')
    ).toBe('work/final.ipynb');
    stage.notebook.activate('other.ipynb');
    expect(stage.runs.list).toBeNull();
    await stage.runs.refresh();
    expect(stage.runs.selected).toEqual([]);
    expect(stage.runs.shown).toBe('c');
    stage.notebook.activate('work/final.ipynb');
    await stage.runs.refresh();
    expect(stage.runs.selected).toEqual(['b', 'a']);
    expect(stage.runs.shown).toBe('a');
  });

  it('drops the answer about a notebook that is no longer active', async () => {
    stage.server.on('GET', 'runs', query => ({
      body: pageOf(summaryOf(`of ${query.get('notebook')}`))
    }));
    const late = stage.runs.refresh();
    stage.notebook.activate('b.ipynb');
    await late;
    await stage.runs.refresh();
    expect(ids()).toEqual(['of b.ipynb']);
  });

  it('asks for nothing without a notebook', async () => {
    stage.notebook.activate(null);
    stage.server.asked.length = 0;
    await stage.runs.refresh();
    expect(stage.server.asked).toEqual([]);
    expect(stage.runs.list).toBeNull();
  });

  it('keeps what it has when a later request fails', async () => {
    stage.server.on('GET', 'runs', () => ({
      status: 500,
      body: { message: 'broken' }
    }));
    await stage.runs.refresh();
    expect(ids()).toEqual(['c', 'b', 'a']);
    expect(stage.runs.error).toMatchObject({ status: 500, message: 'broken' });
  });

  it('goes through the pages that are shown', async () => {
    stage.server.on('GET', 'runs', query => {
      const start = Number(query.get('page') ?? 0);
      const limit = Number(query.get('limit'));
      const runs = Array.from({ length: limit }, (_, n) =>
        summaryOf(`${start + n}`)
      );
      const page = pageOf(...runs.slice(0, 4));
      return { body: { ...page, next: start < 8 ? String(start + 4) : null } };
    });
    stage.runs.settings = { ...DEFAULT_SETTINGS, runsPerPage: 5 };
    await stage.runs.refresh();
    expect(ids()).toEqual(['0', '1', '2', '3', '4']);
    expect(stage.runs.hasMore).toBe(true);
    await stage.runs.showMore();
    expect(ids()).toHaveLength(10);
    expect(stage.runs.hasMore).toBe(false);
  });
});

describe('The run that is shown unasked', () => {
  const [at1, at2, at3] = [1, 2, 3].map(hour => `2026-01-02T0${hour}:00:00Z`);
  const old = summaryOf('old', { started: at1 });
  const own = summaryOf('own', { started: at2 });
  const batch = summaryOf('batch', { started: at3, trigger: 'run' });
  const again = summaryOf('again', {
    ...{ started: at3, trigger: 'reproduce', parent: 'own' }
  });

  it('is the newest that is no reproduction', () => {
    expect(latest(null, [again, own, old], null)).toBe('own');
    expect(latest([own, old], [again, own, old], 'own')).toBe('own');
    expect(latest([own, old], [batch, own, old], 'own')).toBe('batch');
  });

  it('is the interactive one again once that executes more', () => {
    const more = { ...own, duration_s: 9 };
    expect(latest([batch, own], [batch, more], 'batch')).toBe('own');
    const executing = {
      ...own,
      executing: { cell: 1, id: null, started: at3 }
    };
    expect(latest([batch, own], [batch, executing], 'batch')).toBe('own');
    // Waiting again is no news.
    expect(latest([batch, executing], [batch, own], 'batch')).toBe('batch');
  });

  it('is none of the older ones that are listed later', () => {
    expect(latest([batch, own], [batch, own, old], 'batch')).toBe('batch');
  });

  it('stays the one that was chosen, until the latest is', async () => {
    const stage = new Stage(pageOf(own, old));
    await stage.runs.refresh();
    const add = async (...runs: (typeof own)[]): Promise<void> => {
      stage.server.on('GET', 'runs', () => ({ body: pageOf(...runs) }));
      await stage.runs.refresh();
    };
    stage.runs.choose('old');
    await add(batch, own, old);
    expect(stage.runs.shown).toBe('old');
    stage.runs.choose('batch');
    await add({ ...own, id: 'new', started: at3 }, batch, own, old);
    expect(stage.runs.shown).toBe('new');
    stage.dispose();
  });
});
