import * as React from 'react';

import type { CellExecution, Run } from '../schema';
import { CellLink } from './Facts';
import { useServices } from './services';

/** What ended the run and in which cell, above everything else; nothing if nothing failed. */
export function RunFailure(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const cell = failedCell(props.run);
  if (!cell?.error) {
    return <></>;
  }
  const { type, message, traceback } = cell.error;
  return (
    <section className="jp-mlops-RunFailure" aria-label={trans.__('Error')}>
      <div className="jp-mlops-Items-head">
        <strong className="jp-mlops-RunFailure-type">{type}</strong>
        <CellLink run={props.run.id} cell={cell.cell} />
      </div>
      {message && <p className="jp-mlops-RunFailure-message">{message}</p>}
      {traceback && (
        <details>
          <summary>{trans.__('Traceback')}</summary>
          <pre
            className="jp-mlops-Traceback"
            tabIndex={0}
            aria-label={trans.__('Traceback')}
          >
            {traceback}
          </pre>
        </details>
      )}
    </section>
  );
}

/** The last cell that failed and was not executed again since. */
export function failedCell(run: Run): CellExecution | null {
  const newest = new Map<unknown, CellExecution>();
  for (const cell of run.cells.filter(one => one.status !== 'not run')) {
    // Where neither is known, nothing tells that it is the same cell again.
    const key = cell.cell ?? cell.id ?? cell;
    newest.delete(key);
    newest.set(key, cell);
  }
  const failed = Array.from(newest.values()).filter(cell => cell.error);
  return failed[failed.length - 1] ?? null;
}
