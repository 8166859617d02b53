import { toRead } from '../components/ExecutedNotebook';

describe('An executed notebook', () => {
  const cell = {
    cell_type: 'code',
    id: 'x',
    metadata: { trusted: true, tags: ['a'] },
    source: ''
  };
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [cell]
  };

  it('is shut and never trusted', () => {
    expect(toRead(notebook).cells[0].metadata).toEqual({
      tags: ['a'],
      trusted: false,
      editable: false,
      deletable: false
    });
    expect(cell.metadata.trusted).toBe(true);
  });

  it('shows the text of HTML that would hide a part of itself', () => {
    const data = {
      'text/html': '<style>.a {display: none}</style><b>rerun</b>',
      'text/plain': 'Model()'
    };
    const shown = toRead({
      ...notebook,
      cells: [{ ...cell, outputs: [{ output_type: 'display_data', data }] }]
    } as never).cells[0];
    expect(shown.outputs).toEqual([
      { output_type: 'display_data', data: { 'text/plain': 'Model()' } }
    ]);
  });

  it.each([
    [{}, 'python'],
    [{ kernelspec: { name: 'ir', display_name: 'R', language: 'R' } }, 'R'],
    [
      {
        language_info: { name: 'julia' },
        kernelspec: { name: 'x', language: 'R' }
      },
      'julia'
    ]
  ])('has the language that %j tells', (metadata, name) => {
    const { language_info } = toRead({
      ...notebook,
      metadata
    } as never).metadata;
    expect(language_info?.name).toBe(name);
  });
});
