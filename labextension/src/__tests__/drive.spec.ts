import { Client } from '../client';
import { ExecutedNotebooks, executedPath, runOf as runOfPath } from '../drive';
import { runOf, Server, summaryOf } from './server';

const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [
    {
      cell_type: 'code',
      id: 'x',
      metadata: { trusted: true },
      source: '',
      outputs: []
    }
  ]
};

describe('ExecutedNotebooks', () => {
  let server: Server;
  let drive: ExecutedNotebooks;

  beforeEach(() => {
    server = new Server();
    server.on('GET', 'runs/abc', () => ({ body: runOf(summaryOf('abc')) }));
    server.on('GET', 'runs/abc/notebook', () => ({ body: NOTEBOOK }));
    drive = new ExecutedNotebooks(new Client(server.settings));
  });

  it('gives a run’s executed notebook, to read and never trusted', async () => {
    const file = await drive.get('abc/train.ipynb');
    expect(file).toMatchObject({
      type: 'notebook',
      writable: false,
      path: 'abc/train.ipynb'
    });
    expect(file.content.cells[0].metadata).toEqual({
      trusted: false,
      editable: false,
      deletable: false
    });
  });

  it('fetches no content that was not asked for', async () => {
    await drive.get('abc/train.ipynb', { content: false });
    expect(server.paths()).toEqual(['runs/abc']);
  });

  it('lists folders as empty', async () => {
    await expect(drive.get('abc')).resolves.toMatchObject({
      type: 'directory',
      content: []
    });
  });

  it.each([
    'save',
    'rename',
    'delete',
    'copy',
    'newUntitled',
    'createCheckpoint'
  ] as const)('refuses to %s', async verb => {
    await expect(drive[verb]()).rejects.toThrow('only be read');
  });

  it('finds the run in a path that it made', () => {
    const path = executedPath(runOf(summaryOf('0123456789abcdef')));
    expect(path).toBe('MLOps:0123456789abcdef/train (run 01234567).ipynb');
    expect(runOfPath(path)).toBe('0123456789abcdef');
  });
});
