import {
  act,
  fireEvent,
  render,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import * as plotly from 'plotly.js-gl2d-dist-min';
import * as React from 'react';

import { ComparisonView } from '../components/ComparisonView';
import { ServicesProvider } from '../components/services';
import type { Comparison } from '../schema';
import { CommandIDs } from '../tokens';
import { pageOf, runOf, Stage, summaryOf } from './server';

// It draws on WebGL, which jsdom has not; the browser test sees the real one.
jest.mock('plotly.js-gl2d-dist-min', () => ({
  react: jest.fn(() => Promise.resolve()),
  purge: jest.fn(),
  Plots: { resize: jest.fn() }
}));
const react = jest.mocked(plotly.react);

const COMPARISON: Comparison = {
  runs: ['a', 'b'],
  notebooks: [],
  parameters: { lr: [0.1, 0.01], seed: [7, 7] },
  metrics: { accuracy: [0.9, 0.93], rows: [891, 891] },
  differs: {
    code: [],
    parameter: [
      {
        ...{ what: 'lr', cell: 3, values: [0.1, 0.01], detail: '' },
        missing: []
      },
      {
        ...{ what: 'depth', cell: 3, values: [null, null], detail: '' },
        missing: [1]
      }
    ],
    data: [],
    environment: [
      {
        ...{ what: 'numpy', cell: null, values: ['2.4.6', null] },
        ...{ detail: '', missing: [] }
      }
    ],
    output: []
  },
  causes: [
    {
      metric: 'accuracy',
      kind: 'parameter',
      what: 'lr',
      cell: 3,
      detail: '0.1, 0.01'
    },
    {
      metric: 'f1',
      kind: 'parameter',
      what: 'lr',
      cell: 3,
      detail: '0.1, 0.01'
    }
  ],
  figures: {
    parallel_coordinates: {
      data: [{ type: 'parcoords', dimensions: [], line: { color: [0, 1] } }],
      layout: {
        meta: { runs: ['a', 'b'], colors: ['#0072B2', '#D55E00', '#009E73'] }
      }
    },
    metrics: { data: [{ type: 'bar' }], layout: {} }
  },
  unknown: [],
  inferred: [],
  schema: 1
};

describe('ComparisonView', () => {
  let stage: Stage;

  beforeEach(() => {
    jest.clearAllMocks();
    stage = new Stage(pageOf(summaryOf('a'), summaryOf('b'), summaryOf('c')));
    stage.addCommands(CommandIDs.openNotebook);
    stage.server.on('GET', 'comparisons', () => ({ body: COMPARISON }));
  });

  afterEach(() => stage.dispose());

  const onTitle = jest.fn();
  const show = (runs = ['a', 'b']): ReturnType<typeof render> =>
    render(
      <ServicesProvider value={stage.services}>
        <ComparisonView runs={runs} onTitle={onTitle} />
      </ServicesProvider>
    );

  it('lists what differs and nothing else', async () => {
    show();
    const table = within(
      await screen.findByRole('table', { name: 'What differs' })
    );
    const names = table
      .getAllByRole('rowheader')
      .map(header => header.textContent);
    expect(names).toEqual([
      ...[
        'Metrics',
        'accuracy',
        'Parameters',
        'lr cell 3',
        'depth cell 3',
        'Environment',
        'numpy'
      ]
    ]);
    const cells = table
      .getAllByRole('row')
      .map(row => within(row).queryAllByRole('cell'))
      .map(row => row.map(({ textContent }) => textContent));
    expect(cells.filter(row => row.length > 1)).toEqual([
      ['0.9', '0.93', '+0.03 (+3.3 %)'],
      // How far a setting moved means nothing: it may be a seed.
      ['0.1', '0.01'],
      ['null', 'not a parameter'],
      ['2.4.6', '—']
    ]);
    expect(document.body.textContent).toContain(
      'parameter lr 0.1, 0.01 → accuracy, f1'
    );
  });

  it('tells which colour is which run, and lets the theme change none of them', async () => {
    show(['a', 'b', 'c']);
    const legend = await screen.findByRole('list', {
      name: 'Colours of the runs'
    });
    const entries = within(legend).getAllByRole('listitem');
    expect(
      entries.map(entry => [
        entry.querySelector<HTMLElement>('.jp-mlops-Dot')!.style.background,
        entry.querySelector('code')!.textContent
      ])
    ).toEqual([
      ['rgb(0, 114, 178)', 'a'],
      ['rgb(213, 94, 0)', 'b'],
      ['rgb(0, 158, 115)', 'c']
    ]);
    await waitFor(() => expect(react).toHaveBeenCalled());
    const [trace] = react.mock.calls[0][1] as { line: object }[];
    expect(trace.line).toEqual({ color: [0, 1] });
  });

  describe('of outputs', () => {
    const side = (source: string, text: string): object => ({
      execution: { id: null },
      source,
      outputs: [{ output_type: 'stream', name: 'stdout', text }]
    });
    const serve = (first: string, second: string): void => {
      const output = [
        {
          what: 'output',
          cell: 4,
          values: ['excerpt a', 'excerpt b'],
          detail: ''
        }
      ];
      const body = {
        ...COMPARISON,
        differs: { ...COMPARISON.differs, output }
      };
      stage.server.on('GET', 'comparisons', () => ({ body }));
      stage.server.on('GET', 'runs/a/cells', () => ({
        body: { cells: [side(first, 'whole a')] }
      }));
      stage.server.on('GET', 'runs/b/cells', () => ({
        body: { cells: [side(second, 'whole b')] }
      }));
    };

    it('shows them whole and side by side', async () => {
      serve('print(x)', 'print(x)');
      show();
      await screen.findByText('whole a');
      const sides = screen.getAllByRole('figure').map(one => one.textContent);
      expect(sides[0]).toContain('whole a');
      expect(sides[1]).toContain('whole b');
    });

    it('shows the server’s excerpts where a position is another cell', async () => {
      serve('print(x)', 'plot(x)');
      show();
      await screen.findByText('excerpt b');
      expect(screen.queryByText('whole b')).toBeNull();
    });
  });

  it('opens the executed notebook of the run whose heading is pressed', async () => {
    show();
    const [, second] = await screen.findAllByTitle(
      /Open the executed notebook/
    );
    fireEvent.click(second);
    expect(stage.executed).toEqual([[CommandIDs.openNotebook, { run: 'b' }]]);
  });

  it('says that the runs are of two notebooks, and draws no line for each of two', async () => {
    const other = summaryOf('bbbbbbbb', { notebook: '/srv/work/tune.ipynb' });
    stage.server.on('GET', 'runs/bbbbbbbb', () => ({ body: runOf(other) }));
    show(['a', 'bbbbbbbb']);
    await screen.findByText(/The runs are of different notebooks/);
    const [, heading] = screen.getAllByTitle(/Open the executed notebook/);
    expect(heading.textContent).toContain('tune.ipynb');
    expect(react).not.toHaveBeenCalled();
    expect(onTitle).toHaveBeenLastCalledWith('a ↔ bbbb · train · tune');
  });

  it('draws the figures that the bundle can draw, and again in another theme', async () => {
    const { unmount } = show(['a', 'b', 'c']);
    await waitFor(() => expect(react).toHaveBeenCalledTimes(1));
    expect(react.mock.calls[0][1]).toMatchObject([{ type: 'parcoords' }]);
    await waitFor(() =>
      expect(
        document.querySelector('.jp-mlops-Figure[data-state=drawn]')
      ).not.toBeNull()
    );
    act(() => stage.themeChanged.emit({}));
    await waitFor(() => expect(react).toHaveBeenCalledTimes(2));
    unmount();
    expect(plotly.purge).toHaveBeenCalledTimes(1);
  });

  it('says so where no figure can be drawn, and keeps the table', async () => {
    react.mockRejectedValueOnce(new Error('no WebGL'));
    show(['a', 'b', 'c']);
    await screen.findByText(
      /The figure can’t be drawn here \(Error: no WebGL\)/
    );
    expect(screen.getByRole('table')).toBeTruthy();
  });

  it('marks what cells only printed, below all that was recorded', async () => {
    const body = { ...COMPARISON, inferred: ['accuracy'] };
    stage.server.on('GET', 'comparisons', () => ({ body }));
    show();
    await screen.findByText('Printed numbers (inferred)');
    const text = screen.getByRole('table').textContent!;
    expect(text.indexOf('accuracy')).toBeGreaterThan(
      text.indexOf('Printed numbers (inferred)')
    );
    expect(text).toMatch(/Environment.*Printed numbers/);
  });

  it('says when nothing differs', async () => {
    const differs = {
      code: [],
      parameter: [],
      data: [],
      environment: [],
      output: []
    };
    const same = {
      ...COMPARISON,
      metrics: { accuracy: [1, 1] },
      differs,
      figures: {}
    };
    stage.server.on('GET', 'comparisons', () => ({ body: same }));
    show();
    await screen.findByText('Nothing differs');
    expect(screen.queryByRole('table')).toBeNull();
  });

  it('tells why it can’t compare', async () => {
    const body = { message: 'no run ‘b’', reason: 'UnknownRunError' };
    stage.server.on('GET', 'comparisons', () => ({ status: 404, body }));
    show();
    expect((await screen.findByRole('alert')).textContent).toContain(
      'no run ‘b’'
    );
  });
});
