import { render, screen, waitFor, within } from '@testing-library/react';
import * as React from 'react';

import { ServicesProvider } from '../components/services';
import { toShow } from '../components/OutputsView';
import { VerdictPage } from '../components/VerdictPage';
import { formatChange } from '../format';
import type { Comparison, OutputJudgement, Run, Verdict } from '../schema';
import {
  pageOf,
  reproductionOf,
  runOf,
  Stage,
  summaryOf,
  verdictOf
} from './server';

const NOTHING = {
  code: [],
  parameter: [],
  data: [],
  environment: [],
  output: []
};

const ENVIRONMENT = {
  ...{ python: '3.12.1', platform: 'Linux', digest: 'sha256:1' },
  packages: { numpy: '2.4.6', pandas: '2.2' }
} as Run['environment'];

function judged(some: Partial<OutputJudgement>): OutputJudgement {
  return {
    ...{ kind: 'text', verdict: 'identical', difference: null, masks: [] },
    what: '',
    ...some
  };
}

describe('VerdictPage', () => {
  let stage: Stage;
  const onTitle = jest.fn();

  beforeEach(() => {
    onTitle.mockClear();
    stage = new Stage(pageOf(summaryOf('aaaaaaaabbbb')));
  });

  afterEach(() => stage.dispose());

  /** Show the tab of a verdict on the run, given what the server compared. */
  async function show(
    some: Partial<Verdict>,
    compared: Partial<Comparison>
  ): Promise<HTMLElement> {
    const run = 'aaaaaaaabbbb';
    const verdict = verdictOf(run, some);
    const body = {
      ...{ runs: [run, 'again'], parameters: {}, metrics: {}, schema: 1 },
      ...{ differs: NOTHING, causes: [], figures: {}, unknown: [] },
      inferred: [],
      ...compared
    };
    const { server } = stage;
    server.on('GET', `runs/${run}`, () => ({
      body: runOf(summaryOf(run), { environment: ENVIRONMENT })
    }));
    server.on('GET', `runs/${run}/reproductions`, () => ({
      body: { reproductions: [reproductionOf(run, { state: 'done', verdict })] }
    }));
    server.on('GET', 'runs/again', () => ({
      body: runOf(summaryOf('again', { duration_s: 2.5 }), {
        environment: ENVIRONMENT
      })
    }));
    server.on('GET', 'comparisons', () => ({ body }));
    for (const id of [run, 'again']) {
      server.on('GET', `runs/${id}/cells`, () => ({ body: { cells: [] } }));
    }
    const { container } = render(
      <ServicesProvider value={stage.services}>
        <VerdictPage run={run} reproduction="again" onTitle={onTitle} />
      </ServicesProvider>
    );
    await screen.findByText('What the verdict rests on');
    return container;
  }

  const rows = (): string[][] =>
    within(screen.getByRole('table', { name: 'Metrics of both' }))
      .getAllByRole('row')
      .slice(1)
      .map(row =>
        Array.from(row.children).map(({ textContent }) => textContent ?? '')
      );

  it('says of an identical reproduction what was found to be the same', async () => {
    const container = await show(
      {
        ...{ verdict: 'identical', first_diverging_cell: null },
        sentence: 'identical',
        cells: [
          { cell: 1, verdict: 'identical', outputs: [] },
          {
            ...{ cell: 4, verdict: 'identical' },
            outputs: [judged({ masks: ['address', 'clock'] })]
          }
        ]
      },
      { metrics: { accuracy: [0.9, 0.9] }, parameters: { lr: [0.1, 0.1] } }
    );
    expect(rows()).toEqual([['accuracy', '0.9', '0.9', '0', 'identical']]);
    const { textContent } = container.querySelector('dl')!;
    for (const fact of [
      '2 cells, 1 output: 1 identical',
      'addresses in memory in cell 4 · dates and times of the run itself in cell 4',
      '1 the same: lr = 0.1',
      'the same: Python 3.12.1, 2 packages',
      'no unseeded randomness seen',
      '2.5 s with the start of its kernel; the cells of the run took 1.3 s together'
    ]) {
      expect(textContent).toContain(fact);
    }
    expect(container.textContent).not.toContain('First diverging cell');
    expect(container.textContent).not.toContain('set for the run');
    expect(onTitle).toHaveBeenLastCalledWith('= aaaaaaaa identical · train');
  });

  it('names the parameters of the run that the notebook as it is now was given', async () => {
    const container = await show({ kept: ['lr', 'gone'] }, {});
    expect(container.textContent).toContain(
      'With the parameters as they were set for the run: lr = 0.1, gone'
    );
  });

  it('shows what a console sent by its code, since it stands in no notebook', async () => {
    const page = await show(
      {
        ...{ verdict: 'differs', first_diverging_cell: null },
        first_diverging_console: 'model.score(X, y)'
      },
      {}
    );
    expect(within(page).getByText('First diverging cell')).toBeTruthy();
    expect(within(page).getByText('console')).toBeTruthy();
    expect(within(page).getByText('model.score(X, y)')).toBeTruthy();
    expect(stage.server.paths().some(path => path.includes('/cells'))).toBe(
      false
    );
  });

  it('names the metrics that were not judged, once', async () => {
    const inherited = 'mae, r2: inherited from an earlier run';
    const not_judged = [inherited, 'took: made by a clock'];
    const sentence = `identical · but none (${inherited})`;
    const { textContent } = await show({ sentence, not_judged }, {});
    expect(textContent).toContain('Not judged: took: made by a clock');
    expect(textContent!.split(inherited)).toHaveLength(2);
  });

  it('sets the metrics side by side, those that changed first, above the outputs', async () => {
    const container = await show(
      {
        cells: [
          {
            ...{ cell: 7, verdict: 'differs' },
            outputs: [
              judged({ kind: 'number', verdict: 'differs', what: 'f1' })
            ]
          }
        ]
      },
      {
        metrics: {
          rows: [891, 891],
          f1: [0.5, 0.6],
          began: [1795409000.25, 1795409001.5]
        },
        differs: {
          ...NOTHING,
          parameter: [
            {
              ...{ what: 'lr', cell: 2, values: [0.1, 0.2], detail: '' },
              missing: []
            }
          ],
          environment: [
            {
              ...{ what: 'numpy', cell: null, values: ['2.4', '2.5'] },
              ...{ detail: '', missing: [] }
            }
          ]
        }
      }
    );
    expect(rows()).toEqual([
      ['f1', '0.5', '0.6', '+0.1 (+20 %)', 'differs'],
      [
        ...['began', '1795409000', '1795409002'],
        ...['+1.25 (< 0.01 %)', 'not judged']
      ],
      ['rows', '891', '891', '0', 'identical']
    ]);
    const text = container.textContent ?? '';
    expect(text).toContain('lr: 0.1 → 0.2');
    expect(text).toContain('numpy: 2.4 → 2.5');
    expect(text.indexOf('Metrics')).toBeLessThan(
      text.indexOf('First diverging cell')
    );
    await screen.findByText(/What the cell displayed is identical.*: f1\./);
    await waitFor(() =>
      expect(onTitle).toHaveBeenLastCalledWith('≠ aaaaaaaa differs · train')
    );
  });

  it('judges a metric by its worst step, not by its last', async () => {
    const number = (
      what: string,
      verdict: OutputJudgement['verdict']
    ): OutputJudgement => judged({ kind: 'number', verdict, what });
    await show(
      {
        cells: [
          {
            ...{ cell: 3, verdict: 'differs' },
            outputs: [number('loss', 'differs'), number('f1', 'differs')]
          },
          {
            ...{ cell: 7, verdict: 'differs' },
            outputs: [
              number('f1', 'missing'),
              number('auc', 'differs'),
              number('auc', 'within tolerance')
            ]
          }
        ]
      },
      {
        metrics: {
          ...{ loss: [0.2, 0.2], 'f1@3': [0.5, 0.6], f1: [0.7, 0.7] },
          ...{ auc: [0.9, 0.91], rows: [891, 891] }
        }
      }
    );
    expect(rows().map(row => [row[0], row[4]])).toEqual([
      ['loss', 'differs'],
      ['f1@3', 'differs'],
      ['f1', 'missing'],
      ['auc', 'differs'],
      ['rows', 'identical']
    ]);
  });
});

describe('formatChange', () => {
  it.each([
    [0.5, 0.25, '−0.25 (−50 %)'],
    [0, 3, '+3'],
    [-2, -1, '+1 (+50 %)'],
    [1, 1, '0'],
    [null, 1, '—'],
    ['NaN', 1, '—']
  ])('of %p to %p is %p', (before, after, text) => {
    expect(formatChange(before, after)).toBe(text);
  });
});

describe('toShow', () => {
  const model = {
    'text/html': ['<style>.fallback {display: none;}</style>', '<b>rerun</b>'],
    'text/plain': 'Model()'
  };

  it('takes the text of HTML that hides a part of itself', () => {
    expect(toShow({ data: model })).toEqual({
      data: { 'text/plain': 'Model()' }
    });
  });

  it('leaves every other output as it is', () => {
    for (const output of [
      { data: { ...model, 'text/html': '<style>td {color: red}</style>' } },
      { data: { 'text/html': model['text/html'] } },
      { output_type: 'stream', text: 'x' }
    ]) {
      expect(toShow(output)).toBe(output);
    }
  });
});
