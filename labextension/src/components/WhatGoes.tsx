import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatSize, shorten } from '../format';
import type { Forgetting } from '../schema';

/** What goes with a run that is to be forgotten, before it does. */
export function WhatGoes(props: {
  preview: Forgetting;
  trans: TranslationBundle;
}): JSX.Element {
  const { preview, trans } = props;
  const { dependents, notices } = preview;
  return (
    <div className="jp-mlops-View jp-mlops-Forgetting">
      <Parts preview={preview} trans={trans} />
      {preview.shared_executions > 0 && (
        <p>
          {trans._n(
            '%1 execution of a cell stays, because another run rests on it.',
            '%1 executions of cells stay, because other runs rest on them.',
            preview.shared_executions
          )}
        </p>
      )}
      {dependents.length > 0 && (
        <>
          <p>
            {trans._n(
              'What depends on it is forgotten as well:',
              'What depends on it is forgotten as well:',
              dependents.length
            )}
          </p>
          <ul>
            {dependents.map(({ run, why }) => (
              <li key={run}>
                <code title={run}>{shorten(run)}</code> {why}
              </li>
            ))}
          </ul>
        </>
      )}
      {notices.length > 0 && (
        <>
          <p>{trans.__('What is not reached by it:')}</p>
          <ul>
            {notices.map(notice => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
        </>
      )}
      <p>
        <strong>{trans.__('This can’t be undone.')}</strong>{' '}
        {trans.__('The notebook and its files stay as they are.')}
      </p>
    </div>
  );
}

/** What of the run is removed from the store, in words of the notebook. */
function Parts(props: {
  preview: Forgetting;
  trans: TranslationBundle;
}): JSX.Element {
  const { preview, trans } = props;
  const { copies, executions, freed_bytes } = preview;
  return (
    <>
      <p>
        {freed_bytes > 0
          ? trans.__(
              'What goes, %1 of stored content in all:',
              formatSize(freed_bytes)
            )
          : trans.__('What goes:')}
      </p>
      <ul>
        <li>{trans.__('parameters, metrics and models')}</li>
        <li>
          {trans._n(
            'the code and the outputs of %1 execution of a cell',
            'the code and the outputs of %1 executions of cells',
            executions
          )}
        </li>
        {copies > 0 && (
          <li>
            {trans._n(
              'the copy of %1 data file',
              'the copies of %1 data files',
              copies
            )}
          </li>
        )}
      </ul>
    </>
  );
}
