/** What differs between two renderings of the same outputs, marked in both. */

/** On cells of tables, and on elements put around words; nothing else is changed. */
const MARK_CLASS = 'jp-mlops-mod-differing';
const OUTPUT = '.jp-OutputArea-output';

/** So much is compared and marked; beyond it people would wait, and see nothing but marks. */
const MOST_CELLS = 20_000;
const MOST_CHARACTERS = 400_000;
const MOST_MARKS = 2_000;

/** Lines, then the words of lines that stand side by side. */
const LINES = /[^\n]*\n|[^\n]+/g;
const WORDS = /\s+|[^\s]+/g;

type Pair<T> = [before: T, after: T];
type Range = [start: number, end: number];

/** What became of marking. */
export interface IMarked {
  /** The first mark of each side, in the order of the page; null if there is none. */
  first: Pair<Element | null>;
  /** Whether everything that differs in tables and text was marked. */
  isWhole: boolean;
}

/** Mark the cells of tables and the words of text that are not the same on both sides. */
export function markDifferences(sides: Pair<Element>): IMarked {
  sides.forEach(unmark);
  const outputs = both(sides, side =>
    Array.from(side.querySelectorAll(OUTPUT))
  );
  let isWhole = outputs[0].length === outputs[1].length;
  if (isWhole) {
    for (const pair of zip(outputs)) {
      isWhole = markOutput(pair) && isWhole;
    }
  }
  const first = both(sides, side => side.querySelector(`.${MARK_CLASS}`));
  return { first, isWhole };
}

/** Take all marks away again. */
export function unmark(side: Element): void {
  const touched = new Set<Node>();
  for (const node of Array.from(side.querySelectorAll(`.${MARK_CLASS}`))) {
    if (node.tagName === 'MARK' && node.parentNode) {
      touched.add(node.parentNode);
      node.replaceWith(...Array.from(node.childNodes));
    } else {
      node.classList.remove(MARK_CLASS);
    }
  }
  touched.forEach(parent => parent.normalize());
}

function markOutput(outputs: Pair<Element>): boolean {
  const parts = both(outputs, partsOf);
  const kinds = both(parts, found => found.map(part => part.tagName).join());
  if (kinds[0] !== kinds[1]) {
    return false;
  }
  let isWhole = true;
  for (const pair of zip(parts)) {
    const isMarked = areTables(pair) ? markTables(pair) : markTexts(pair);
    isWhole = isMarked && isWhole;
  }
  return isWhole;
}

/** Tables and preformatted text of an output, not those within them. */
function partsOf(output: Element): Element[] {
  return Array.from(output.querySelectorAll('table, pre')).filter(
    part => !part.parentElement?.closest('table, pre')
  );
}

function areTables(pair: Pair<Element>): pair is Pair<HTMLTableElement> {
  return pair[0].tagName === 'TABLE';
}

function markTables(tables: Pair<HTMLTableElement>): boolean {
  const rows = both(tables, table =>
    Array.from(table.rows, row => Array.from(row.cells))
  );
  const shapes = both(rows, all => all.map(row => row.length).join());
  const cells = both(rows, all => all.flat());
  if (shapes[0] !== shapes[1] || cells[0].length > MOST_CELLS) {
    return tables[0].textContent === tables[1].textContent;
  }
  const differing = zip(cells).filter(
    ([before, after]) => before.textContent !== after.textContent
  );
  for (const cell of differing.slice(0, MOST_MARKS).flat()) {
    cell.classList.add(MARK_CLASS);
  }
  return differing.length <= MOST_MARKS;
}

function markTexts(elements: Pair<Element>): boolean {
  const texts = both(elements, element => element.textContent ?? '');
  if (texts[0].length + texts[1].length > MOST_CHARACTERS) {
    return texts[0] === texts[1];
  }
  const ranges = differing(texts, [LINES, WORDS]);
  elements.forEach((element, side) =>
    wrap(element, ranges[side].slice(0, MOST_MARKS))
  );
  return ranges.every(({ length }) => length <= MOST_MARKS);
}

/**
 * Where two texts differ, as ranges of characters of each.
 *
 * Pieces that are equal at both ends are left out. If as many remain in both, each is compared
 * with the one in its place, by the next finer kind of pieces; else all that remains differs.
 * That takes one pass over the texts for each kind.
 */
export function differing(
  texts: Pair<string>,
  [kind, ...finer]: RegExp[]
): Pair<Range[]> {
  if (kind === undefined) {
    return both(texts, text => (text ? [[0, text.length]] : []));
  }
  const pieces = both(texts, text => Array.from(text.match(kind) ?? []));
  const [start, tail] = equalEnds(pieces);
  const rest = both(pieces, all => all.slice(start, all.length - tail));
  const at = both(texts, () => lengthOf(pieces[0].slice(0, start)));
  if (rest[0].length !== rest[1].length) {
    return [whole(rest[0], at[0]), whole(rest[1], at[1])];
  }
  const found: Pair<Range[]> = [[], []];
  for (const pair of zip(rest)) {
    const inner = pair[0] === pair[1] ? [[], []] : differing(pair, finer);
    for (const side of [0, 1] as const) {
      for (const [from, to] of inner[side]) {
        found[side].push([at[side] + from, at[side] + to]);
      }
      at[side] += pair[side].length;
    }
  }
  return found;
}

/** How many pieces are the same in both at the start, and of the others at the end. */
function equalEnds([before, after]: Pair<string[]>): [number, number] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) {
    start++;
  }
  let tail = 0;
  while (
    tail < shorter - start &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail++;
  }
  return [start, tail];
}

function lengthOf(pieces: string[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function whole(pieces: string[], at: number): Range[] {
  return pieces.length > 0 ? [[at, at + lengthOf(pieces)]] : [];
}

/** Put marks around ranges of an element's text, a mark for each node that a range touches. */
function wrap(element: Element, ranges: Range[]): void {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  while (walker.nextNode()) {
    nodes.push(walker.currentNode as Text);
  }
  let next = 0;
  let start = 0;
  for (const node of nodes) {
    const end = start + node.length;
    const pieces: (string | Element)[] = [];
    let at = start;
    while (next < ranges.length && ranges[next][0] < end) {
      const from = Math.max(ranges[next][0], at);
      const to = Math.min(ranges[next][1], end);
      pieces.push(node.data.slice(at - start, from - start));
      pieces.push(marked(node.data.slice(from - start, to - start)));
      at = to;
      if (ranges[next][1] > end) {
        break; // the rest of it lies in the nodes that follow
      }
      next++;
    }
    if (pieces.length > 0) {
      // All at once: each change by itself would copy what follows.
      node.replaceWith(...pieces, node.data.slice(at - start));
    }
    start = end;
  }
}

function marked(text: string): Element {
  const mark = document.createElement('mark');
  mark.className = MARK_CLASS;
  mark.textContent = text;
  return mark;
}

/** Let `host`, which scrolls, show `mark`; nothing around it moves. */
export function reveal(host: Element, mark: Element): void {
  const frame = host.getBoundingClientRect();
  const place = mark.getBoundingClientRect();
  if (place.left < frame.left || place.right > frame.right) {
    host.scrollLeft +=
      place.left - frame.left - (host.clientWidth - place.width) / 2;
  }
  if (place.top < frame.top || place.bottom > frame.bottom) {
    host.scrollTop +=
      place.top - frame.top - (host.clientHeight - place.height) / 2;
  }
}

/** Let each of two hosts scroll as far as the other; returns what ends that. */
export function scrollTogether(hosts: Pair<Element>): () => void {
  /** The host that was moved by us, and need not move the other in turn. */
  let moved: Element | null = null;
  const onScroll = ({ target }: Event): void => {
    const [one, other] = target === hosts[0] ? hosts : [hosts[1], hosts[0]];
    if (one === moved) {
      moved = null;
      return;
    }
    const before = [other.scrollLeft, other.scrollTop];
    other.scrollLeft = one.scrollLeft;
    other.scrollTop = one.scrollTop;
    if (other.scrollLeft !== before[0] || other.scrollTop !== before[1]) {
      moved = other;
    }
  };
  hosts.forEach(host => host.addEventListener('scroll', onScroll));
  return () =>
    hosts.forEach(host => host.removeEventListener('scroll', onScroll));
}

function both<T, U>(pair: Pair<T>, of: (one: T) => U): Pair<U> {
  return [of(pair[0]), of(pair[1])];
}

function zip<T>([before, after]: Pair<T[]>): Pair<T>[] {
  return before.map((one, index) => [one, after[index]]);
}
