import type { IChange } from '../feed';
import { Stage } from './server';

describe('Feed', () => {
  let stage: Stage;
  let changes: IChange[];

  beforeEach(async () => {
    stage = new Stage();
    await stage.feed.refresh();
    changes = [];
    stage.feed.changed.connect((_, change) => changes.push(change));
  });

  afterEach(() => stage.dispose());

  /** What the poll does on its own when its time has come. */
  async function poll(): Promise<void> {
    await stage.feed.refresh();
    changes.shift(); // the change that refreshing itself announces
  }

  it('passes on what an event names', () => {
    stage.events.emit({ sequence: 2, kind: 'runs', ids: ['a'] });
    expect(changes).toEqual([{ kind: 'runs', ids: ['a'] }]);
  });

  it('takes nothing for granted after a skipped number', () => {
    stage.events.emit({ sequence: 2, kind: 'runs', ids: ['a'] });
    stage.events.emit({ sequence: 9, kind: 'reproduction', ids: ['b'] });
    expect(changes[1]).toEqual({ kind: 'reproduction', ids: null });
  });

  it('ignores events of others', () => {
    stage.events.emit(
      { path: 'x' },
      'https://events.jupyter.org/contents_service/v1'
    );
    expect(changes).toEqual([]);
  });

  it('asks for the status when an event says that it has changed', async () => {
    stage.server.asked.length = 0;
    const changed = new Promise<void>(resolve =>
      stage.feed.statusChanged.connect(() => resolve())
    );
    stage.events.emit({ sequence: 1, kind: 'status', ids: [] });
    await changed;
    expect(stage.server.paths()).toContain('status');
    expect(changes).toEqual([]);
  });

  it('fetches what no event told, and says so when that happens again', async () => {
    stage.server.status = { ...stage.server.status, sequence: 2 };
    await poll();
    expect(changes).toEqual([{ kind: 'runs', ids: null }]);
    expect(stage.feed.live).toBe(true);
    stage.server.status = { ...stage.server.status, sequence: 3 };
    await poll();
    expect(stage.feed.live).toBe(false);
    stage.events.emit({ sequence: 4, kind: 'runs', ids: ['a'] });
    expect(stage.feed.live).toBe(true);
  });

  it('stays silent while nothing changes', async () => {
    await poll();
    await poll();
    expect(changes).toEqual([]);
    expect(stage.feed.live).toBe(true);
  });

  it('tells a missing server part, and recovers by itself', async () => {
    const answer = stage.server.answers.get('GET status');
    stage.server.answers.delete('GET status');
    await stage.feed.refresh();
    expect(stage.feed.error).toMatchObject({ status: 404 });
    stage.server.answers.set('GET status', answer!);
    changes.length = 0;
    await poll();
    expect(stage.feed.error).toBeNull();
    expect(changes).toEqual([{ kind: 'runs', ids: null }]);
  });
});
