import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { shorten, shortenRedactions } from '../format';
import type { Cause } from '../schema';
import { CellLink } from './CellLink';
import { useServices } from './services';
import { Tag } from './Tag';

/** Why a reproduction differs from its run, most likely first. */
export function Causes(props: { run: string; causes: Cause[] }): JSX.Element {
  const { trans } = useServices();
  if (props.causes.length === 0) {
    return <></>;
  }
  return (
    <ol
      className="jp-mlops-Causes"
      aria-label={trans.__('Causes, most likely first')}
    >
      {props.causes.map((cause, index) => (
        <li key={index}>
          <div className="jp-mlops-Items-head">
            <Tag>{kindName(cause.kind, trans)}</Tag>
            <span className="jp-mlops-Items-name">{cause.what}</span>
            {cause.cell !== null && (
              <CellLink run={props.run} cell={cause.cell} />
            )}
          </div>
          <div>{shortenRedactions(cause.detail)}</div>
          {isMore(cause) && (
            <code
              className="jp-mlops-Change"
              title={`${cause.before} → ${cause.after}`}
            >
              {shorten(cause.before ?? '')} → {shorten(cause.after ?? '')}
            </code>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Whether both values tell more than the detail, which may well name them. */
function isMore({ before, after, detail }: Cause): boolean {
  // Of secrets both read alike, and nothing more can be told.
  const isTold = before === after || detail === `${before} → ${after}`;
  return !!before && !!after && !isTold;
}

/** A cause's kind in the user's language. */
export function kindName(
  kind: Cause['kind'],
  trans: TranslationBundle
): string {
  const names: Record<Cause['kind'], string> = {
    code: trans.__('code'),
    parameter: trans.__('parameter'),
    data: trans.__('data'),
    environment: trans.__('environment'),
    seed: trans.__('seed'),
    order: trans.__('order'),
    'hidden state': trans.__('hidden state'),
    hardware: trans.__('hardware'),
    unknown: trans.__('unknown')
  };
  return names[kind] ?? kind;
}
