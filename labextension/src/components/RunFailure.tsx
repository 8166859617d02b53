import * as React from 'react';

import { shortenRedactions } from '../format';
import type { Run } from '../schema';
import { CellLink } from './CellLink';
import { useServices } from './services';

/** What ended the run and in which cell, above everything else; nothing if nothing failed. */
export function RunFailure(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  if (!props.run.error) {
    return <></>;
  }
  const { cell, type, message, traceback } = props.run.error;
  return (
    <section className="jp-mlops-RunFailure" aria-label={trans.__('Error')}>
      <div className="jp-mlops-Items-head">
        <strong className="jp-mlops-RunFailure-type">{type}</strong>
        <CellLink run={props.run.id} cell={cell} />
      </div>
      {message && (
        <p className="jp-mlops-RunFailure-message">
          {shortenRedactions(message)}
        </p>
      )}
      {traceback && (
        <details>
          <summary>{trans.__('Traceback')}</summary>
          <pre
            className="jp-mlops-Traceback"
            tabIndex={0}
            aria-label={trans.__('Traceback')}
          >
            {shortenRedactions(traceback)}
          </pre>
        </details>
      )}
    </section>
  );
}
