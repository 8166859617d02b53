import {
  differing,
  markDifferences,
  reveal,
  scrollTogether,
  unmark
} from '../marking';

/** A side whose outputs hold these pieces of HTML. */
function side(...outputs: string[]): HTMLElement {
  const host = document.createElement('div');
  host.innerHTML = outputs
    .map(html => `<div class="jp-OutputArea-output">${html}</div>`)
    .join('');
  return host;
}

function table(...rows: string[][]): string {
  const body = rows.map(
    ([head, ...cells]) =>
      `<tr><th>${head}</th>${cells.map(text => `<td>${text}</td>`).join('')}</tr>`
  );
  return `<table>${body.join('')}</table>`;
}

const marks = (host: Element): (string | null)[] =>
  Array.from(
    host.querySelectorAll('.jp-mlops-mod-differing'),
    ({ textContent }) => textContent
  );

/** What is marked on each side, and whether that is all. */
function marked(before: HTMLElement, after: HTMLElement): unknown[] {
  const { isWhole } = markDifferences([before, after]);
  return [marks(before), marks(after), isWhole];
}

describe('markDifferences', () => {
  it('marks the cells of tables that differ, on both sides', () => {
    const before = side(table(['', 'age', 'sex'], ['0', '22', 'm']));
    const after = side(table(['', 'age', 'sex'], ['0', '23', 'm']));
    expect(marked(before, after)).toEqual([['22'], ['23'], true]);
  });

  it('marks headings and indices like other cells', () => {
    const before = side(table(['', 'age'], ['a', '22']));
    const after = side(table(['', 'Age'], ['b', '22']));
    expect(marked(before, after)).toEqual([['age', 'a'], ['Age', 'b'], true]);
  });

  it('says that tables of different shapes are not marked', () => {
    const before = side(table(['', 'age'], ['0', '22']));
    const longer = side(table(['', 'age'], ['0', '22'], ['1', '5']));
    expect(marked(before, longer)).toEqual([[], [], false]);
    const ragged = side(table(['', 'age', 'x'], ['0']));
    expect(marked(before, ragged)).toEqual([[], [], false]);
  });

  it('marks the words of text that differ', () => {
    const before = side('<pre>one 1\nloss 0.52 acc 0.9\n</pre>');
    const after = side('<pre>one 1\nloss 0.48 acc 0.9\n</pre>');
    expect(marked(before, after)).toEqual([['0.52'], ['0.48'], true]);
  });

  it('keeps the elements that a text is made of', () => {
    const before = side('<pre>a <b>b 1</b> <i>2</i> end</pre>');
    const after = side('<pre>a <b>b 3</b> <i>4</i> end</pre>');
    const html = before.innerHTML;
    const text = before.textContent;
    expect(marked(before, after)).toEqual([['1', '2'], ['3', '4'], true]);
    expect(before.querySelectorAll('b > mark, i > mark')).toHaveLength(2);
    expect(before.textContent).toBe(text);
    unmark(before);
    expect(before.innerHTML).toBe(html);
  });

  it('marks a range that reaches over elements in each of them', () => {
    const before = side('<pre>x</pre>');
    const after = side('<pre>x<b>y\nz</b>!</pre>');
    expect(marked(before, after)).toEqual([['x'], ['x', 'y\nz', '!'], true]);
  });

  it('begins anew each time', () => {
    const before = side('<pre>a b</pre>', table(['1']));
    const after = side('<pre>a c</pre>', table(['2']));
    markDifferences([before, after]);
    expect(marked(before, after)).toEqual([['b', '1'], ['c', '2'], true]);
    after.querySelector('pre')!.textContent = 'a b';
    expect(marked(before, after)).toEqual([['1'], ['2'], true]);
  });

  it('sets only outputs side by side of which there are as many, of the same kinds', () => {
    expect(marked(side('<pre>a</pre>'), side())).toEqual([[], [], false]);
    const other = side(table(['a']));
    expect(marked(side('<pre>b</pre>'), other)).toEqual([[], [], false]);
    // Nothing to mark is nothing left unmarked.
    expect(marked(side('<img>'), side('<img>'))).toEqual([[], [], true]);
  });

  it('does not look at more than people would', () => {
    const many = (text: string): HTMLElement =>
      side(`<pre>${`${text} `.repeat(150_000)}</pre>`);
    expect(marked(many('a'), many('b'))).toEqual([[], [], false]);
    expect(marked(many('a'), many('a'))).toEqual([[], [], true]);
    const some = (text: string): HTMLElement =>
      side(`<pre>${`${text} `.repeat(5_000)}</pre>`);
    const [before, , isWhole] = marked(some('a'), some('b'));
    expect(before).toHaveLength(2_000);
    expect(isWhole).toBe(false);
  });
});

describe('differing', () => {
  const LEVELS = [/[^\n]*\n|[^\n]+/g, /\s+|[^\s]+/g];

  it.each([
    ['', '', [], []],
    ['a\nb\n', 'a\nb\n', [], []],
    // Of another number of lines, all between equal ends.
    ['a\nb\nc\n', 'a\nx\ny\nc\n', [[2, 4]], [[2, 6]]],
    ['a\nc\n', 'a\nb\nc\n', [], [[2, 4]]],
    ['a a\n', 'a a a\n', [], [[3, 5]]],
    [
      'k 1\nl 2\nm 3\n',
      'k 9\nl 2\nm 8\n',
      [
        [2, 3],
        [10, 11]
      ],
      [
        [2, 3],
        [10, 11]
      ]
    ]
  ])('of %j and %j is %j and %j', (before, after, left, right) => {
    expect(differing([before, after], LEVELS)).toEqual([left, right]);
  });
});

describe('Hosts that scroll', () => {
  const place = (host: Element, box: Partial<DOMRect>): void => {
    host.getBoundingClientRect = () => box as DOMRect;
  };

  it('show a mark that is out of view, in the middle', () => {
    const [host, mark] = [side(), side()];
    Object.defineProperty(host, 'clientWidth', { value: 200 });
    Object.defineProperty(host, 'clientHeight', { value: 100 });
    place(host, { left: 10, right: 210, top: 0, bottom: 100 });
    place(mark, { left: 710, right: 750, width: 40, top: 20, bottom: 40 });
    reveal(host, mark);
    expect([host.scrollLeft, host.scrollTop]).toEqual([620, 0]);
  });

  it('move each other, but not back', () => {
    const [one, other] = [side(), side()];
    const stop = scrollTogether([one, other]);
    one.scrollLeft = 50;
    one.dispatchEvent(new Event('scroll'));
    expect(other.scrollLeft).toBe(50);
    // It is narrower, as its browser tells in a moment: that is no order for the first.
    other.scrollLeft = 30;
    other.dispatchEvent(new Event('scroll'));
    expect(one.scrollLeft).toBe(50);
    other.scrollLeft = 10;
    other.dispatchEvent(new Event('scroll'));
    expect(one.scrollLeft).toBe(10);
    stop();
    one.scrollLeft = 70;
    one.dispatchEvent(new Event('scroll'));
    expect(other.scrollLeft).toBe(10);
  });
});
