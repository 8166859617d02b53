import { Client, RequestError } from '../client';
import { Server } from './server';

describe('Client', () => {
  let server: Server;
  let client: Client;

  beforeEach(() => {
    server = new Server();
    client = new Client(server.settings);
  });

  it('asks below the base URL and encodes what it is given', async () => {
    server.on('GET', 'runs', () => ({ body: { runs: [] } }));
    await client.runs({ notebook: 'a folder/ü & b.ipynb', limit: 5 });
    const [{ path, query }] = server.asked;
    expect(path).toBe('runs');
    expect(query.get('notebook')).toBe('a folder/ü & b.ipynb');
    expect(query.get('limit')).toBe('5');
    expect(query.has('page')).toBe(false);
  });

  it('repeats the parameter run for each run compared', async () => {
    server.on('GET', 'comparisons', () => ({ body: {} }));
    await client.compare(['a', 'b', 'c']);
    expect(server.asked[0].query.getAll('run')).toEqual(['a', 'b', 'c']);
  });

  it('starts a reproduction with what was asked for', async () => {
    server.on('POST', 'runs/a/reproductions', () => ({
      status: 201,
      body: { id: 'r' }
    }));
    await expect(client.reproduce('a', { current: true })).resolves.toEqual({
      id: 'r'
    });
    expect(server.asked[0].body).toEqual({ current: true, in_place: false });
  });

  it('asks about the folder of a notebook, and the root is one', async () => {
    server.on('GET', 'folders', () => ({ body: {} }));
    server.on('GET', 'folders/a b/c', () => ({ body: {} }));
    await client.folder('');
    await client.folder('a b/c');
    expect(server.paths()).toEqual(['folders', 'folders/a b/c']);
  });

  it('accepts an answer without content', async () => {
    server.on('DELETE', 'runs/a/reproductions/r', () => ({
      status: 204,
      body: null
    }));
    await expect(client.cancelReproduction('a', 'r')).resolves.toBeUndefined();
  });

  it('tells the server’s message and reason', async () => {
    const body = { message: 'no run ‘x’', reason: 'UnknownRunError' };
    server.on('GET', 'runs/x', () => ({ status: 404, body }));
    await expect(client.run('x')).rejects.toMatchObject({
      status: 404,
      message: 'no run ‘x’',
      reason: 'UnknownRunError'
    });
  });

  it('takes a page instead of JSON for what it is', async () => {
    await expect(client.run('nowhere')).rejects.toMatchObject({
      status: 404,
      message: 'Not Found',
      reason: null
    });
  });

  it('says so when no server answers', async () => {
    server.on('GET', 'runs/a', () => new TypeError('Failed to fetch'));
    const failed = client.run('a');
    await expect(failed).rejects.toBeInstanceOf(RequestError);
    await expect(failed).rejects.toMatchObject({ status: null });
  });
});
