import * as React from 'react';

import { shortenRedactions } from '../format';
import { markDifferences, reveal, scrollTogether } from '../marking';
import { OutputsView } from './OutputsView';
import { useServices } from './services';

/** Outputs beside each other: what differs between two is marked, and both scroll together. */
export function SideBySide(props: {
  captions: React.ReactNode[];
  /** Of each side; a text stands for outputs that are not at hand. */
  outputs: readonly (readonly object[] | string)[];
  isMarked: boolean;
}): JSX.Element {
  const { captions, outputs, isMarked } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const marked = useMarks(host, outputs, isMarked);
  return (
    <>
      <Told marked={marked} />
      <div className="jp-mlops-SideBySide" ref={host}>
        {outputs.map((one, side) => (
          <figure key={side}>
            <figcaption>{captions[side]}</figcaption>
            {typeof one === 'string' ? (
              <pre>{shortenRedactions(one)}</pre>
            ) : (
              <OutputsView outputs={one} />
            )}
          </figure>
        ))}
      </div>
    </>
  );
}

/** How much of what differs; of two sides that look the same there is nothing to tell. */
type Marked = 'nothing' | 'all' | 'some' | 'none';

function Told(props: { marked: Marked }): JSX.Element {
  const { trans } = useServices();
  const texts = {
    nothing: '',
    all: trans.__('What differs is marked on both sides.'),
    some: trans.__(
      'Not all that differs is marked: it is too much, or not of the same shape on both sides.'
    ),
    none: trans.__(
      'What differs is not marked: it is too much, or not of the same shape on both sides.'
    )
  };
  return (
    <div className="jp-mlops-mod-quiet" role="status">
      {texts[props.marked]}
    </div>
  );
}

/** Marks what differs once both sides are drawn, and again whenever one is drawn anew. */
function useMarks(
  host: React.RefObject<HTMLElement>,
  outputs: unknown,
  isMarked: boolean
): Marked {
  const [marked, setMarked] = React.useState<Marked>('nothing');
  React.useEffect(() => {
    setMarked('nothing');
    const sides = host.current?.querySelectorAll('.jp-mlops-Outputs');
    if (!isMarked || sides?.length !== 2) {
      return;
    }
    const pair: [Element, Element] = [sides[0], sides[1]];
    const stopScrolling = scrollTogether(pair);
    let frame = 0;
    let isRevealed = false;
    const observer = new MutationObserver(() => schedule());
    const mark = (): void => {
      // What follows is no news to us.
      observer.disconnect();
      const { first, isWhole } = markDifferences(pair);
      const side = first[0] ? 0 : 1;
      const mark = first[side];
      if (mark && !isRevealed) {
        reveal(pair[side], mark);
        isRevealed = true;
      }
      setMarked(
        mark ? (isWhole ? 'all' : 'some') : isWhole ? 'nothing' : 'none'
      );
      observe();
    };
    const schedule = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(mark);
    };
    const observe = (): void =>
      pair.forEach(side =>
        observer.observe(side, {
          ...{ childList: true, subtree: true, characterData: true }
        })
      );
    observe();
    schedule();
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      stopScrolling();
    };
  }, [host, outputs, isMarked]);
  return marked;
}
