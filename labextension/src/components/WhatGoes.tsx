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
      <p>{goes(preview, trans)}</p>
      {preview.shared_executions > 0 && (
        <p>
          {trans._n(
            '%1 cell execution stays, because another run rests on it.',
            '%1 cell executions stay, because other runs rest on them.',
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

function goes(
  { executions, freed_bytes }: Forgetting,
  trans: TranslationBundle
): string {
  return trans._n(
    'What goes: %1 cell execution with its outputs, %2 in all.',
    'What goes: %1 cell executions with their outputs, %2 in all.',
    executions,
    formatSize(freed_bytes)
  );
}
