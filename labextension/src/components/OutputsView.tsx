import type { IOutput } from '@jupyterlab/nbformat';
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { shortenRedactions } from '../format';
import { useServices } from './services';

/** Recorded outputs as a notebook would render them, never trusted. */
export function OutputsView(props: {
  outputs: readonly object[];
}): JSX.Element {
  const { rendermime, trans } = useServices();
  const host = React.useRef<HTMLDivElement>(null);
  const { outputs } = props;

  // A layout effect, because its cleanup still finds the node in the document.
  React.useLayoutEffect(() => {
    if (host.current === null || outputs.length === 0) {
      return;
    }
    const model = new OutputAreaModel({
      values: outputs.map(toShow) as IOutput[],
      trusted: false
    });
    const area = new SimplifiedOutputArea({ model, rendermime });
    Widget.attach(area, host.current);
    return () => {
      area.dispose();
      model.dispose();
    };
  }, [outputs, rendermime]);

  if (outputs.length === 0) {
    return <p className="jp-mlops-mod-quiet">{trans.__('No output.')}</p>;
  }
  return <div className="jp-mlops-Outputs" ref={host} tabIndex={0} />;
}

/**
 * An output that stays readable although nothing of it is trusted.
 *
 * Styles of HTML are not let through. HTML that hides a part of itself by them, as models of
 * scikit-learn do, would then show that part: its text is better.
 */
export function toShow(recorded: object): object {
  const output = shortened(recorded) as object;
  const { data } = output as { data?: Record<string, unknown> };
  const html = [data?.['text/html'] ?? ''].flat().join('');
  if (!data?.['text/plain'] || !/<style[^]*display:\s*none/.test(html)) {
    return output;
  }
  const rest = Object.entries(data).filter(([mime]) => mime !== 'text/html');
  return { ...output, data: Object.fromEntries(rest) };
}

/** The same with its secrets' digests shortened, in every text that it holds. */
export function shortened(content: unknown): unknown {
  if (typeof content === 'string') {
    return shortenRedactions(content);
  }
  if (typeof content !== 'object' || content === null) {
    return content;
  }
  const before: [string, unknown][] = Object.entries(content);
  const after = before.map(([key, value]) => [key, shortened(value)] as const);
  if (after.every(([, value], at) => value === before[at][1])) {
    return content;
  }
  return Array.isArray(content)
    ? after.map(([, value]) => value)
    : Object.fromEntries(after);
}
