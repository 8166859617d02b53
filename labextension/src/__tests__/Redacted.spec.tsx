import { render } from '@testing-library/react';
import * as React from 'react';

import { shortened, toShow } from '../components/OutputsView';
import { Value } from '../components/Redacted';
import { ServicesProvider } from '../components/services';
import { Stage } from './server';

const DIGEST = `hmac-sha256:${'0123456789abcdef'.repeat(4)}`;

describe('a redacted value', () => {
  it('is a word, with what tells equal ones apart from others', () => {
    const stage = new Stage();
    const { container } = render(
      <ServicesProvider value={stage.services}>
        <Value value={{ redacted: DIGEST }} withMark />
      </ServicesProvider>
    );
    expect(container.textContent).toBe('redacted01234567');
    expect(
      container.querySelector('[title*="nothing can be read"]')
    ).toBeTruthy();
    stage.dispose();
  });

  it('is short in outputs and sources, and everything else as it was', () => {
    const text = [`key [redacted ${DIGEST}]\n`, 'done'];
    const output = { output_type: 'stream', text };
    expect(toShow(output)).toEqual({
      ...output,
      text: ['key [redacted 01234567]\n', 'done']
    });
    const other = { a: ['[redacted]', DIGEST, null, 1] };
    expect(shortened(other)).toBe(other);
  });
});
