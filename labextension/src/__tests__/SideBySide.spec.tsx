import { render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { ServicesProvider } from '../components/services';
import { SideBySide } from '../components/SideBySide';
import { Stage } from './server';

const text = (written: string): object[] => [
  { output_type: 'stream', name: 'stdout', text: written }
];
const html = (written: string): object[] => [
  {
    ...{ output_type: 'display_data', metadata: {} },
    data: { 'text/html': written }
  }
];

describe('SideBySide', () => {
  let stage: Stage;

  beforeEach(() => {
    stage = new Stage();
  });

  afterEach(() => stage.dispose());

  function show(outputs: (object[] | string)[], isMarked = true): HTMLElement {
    const { container } = render(
      <ServicesProvider value={stage.services}>
        <SideBySide
          captions={['Recorded', 'Reproduced', 'Other']}
          {...{ outputs, isMarked }}
        />
      </ServicesProvider>
    );
    return container;
  }

  const marks = (container: HTMLElement): (string | null)[] =>
    Array.from(
      container.querySelectorAll('.jp-mlops-mod-differing'),
      ({ textContent }) => textContent
    );

  it('marks what differs between two, and says so', async () => {
    const container = show([text('loss 0.5\n'), text('loss 0.4\n')]);
    await screen.findByText('What differs is marked on both sides.');
    expect(marks(container)).toEqual(['0.5', '0.4']);
  });

  it('marks cells of tables as the sanitiser let them through', async () => {
    const table = (cell: string): object[] =>
      html(`<table><tr><td>1</td><td onclick="x()">${cell}</td></tr></table>`);
    const container = show([table('2'), table('3')]);
    await waitFor(() => expect(marks(container)).toEqual(['2', '3']));
    expect(container.querySelector('[onclick]')).toBeNull();
  });

  it('says that not all is marked where only some is of one shape', async () => {
    const container = show([
      [...text('a\n'), ...text('x\n'), ...html('<p>1</p>')],
      [...text('b\n'), ...text('x\n'), ...html('<table></table>')]
    ]);
    await screen.findByText(/^Not all that differs is marked/);
    expect(marks(container)).toEqual(['a', 'b']);
  });

  it.each([
    ['other shapes', text('a\n'), html('<table></table>')],
    ['one long line', text('a'.repeat(300_000)), text('b'.repeat(300_000))]
  ])('says that nothing is marked of %s', async (_, before, after) => {
    const container = show([before, after]);
    await screen.findByText(/^What differs is not marked/);
    expect(marks(container)).toEqual([]);
  });

  it.each([
    ['what was found to be identical', [text('a'), text('b')], false],
    ['outputs that are equal', [text('a'), text('a')], true],
    ['a side without outputs', [text('a'), []], true],
    ['excerpts', ['a', 'b'], true],
    ['more than two', [text('a'), text('b'), text('c')], true]
  ])('marks nothing of %s', async (_, outputs, isMarked) => {
    const container = show(outputs, isMarked);
    await waitFor(() => expect(container.textContent).toContain('a'));
    await new Promise(resolve => requestAnimationFrame(resolve));
    expect(marks(container)).toEqual([]);
    expect(screen.getByRole('status').textContent).toBe('');
  });
});
