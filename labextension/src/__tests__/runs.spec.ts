import { DEFAULT_SETTINGS } from '../runs';
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

  it('forgets everything with another notebook, and nothing with another name', async () => {
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
    expect(stage.runs.selected).toEqual([]);
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
