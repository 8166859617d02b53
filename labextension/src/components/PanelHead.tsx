import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Status } from '../schema';
import { CommandIDs } from '../tokens';
import { isOurVersion, VERSION } from '../version';
import { KeepDataQuestion } from './KeepData';
import { Banner, Failure } from './Notices';
import { useCommand, useServices, useSignal } from './services';

/** Which notebook the panel is about, and what holds for all of it. */
export function PanelHead(): JSX.Element {
  const { mlops, trans } = useServices();
  const execute = useCommand();
  const { notebook } = mlops.runs;
  useSignal(notebook.changed);
  return (
    <>
      <div className="jp-mlops-PanelHead-line">
        <span className="jp-mlops-PanelHead-name" title={notebook.path ?? ''}>
          {notebook.name ?? trans.__('No notebook')}
        </span>
        <button
          type="button"
          className="jp-mlops-IconButton"
          title={trans.__('Refresh runs')}
          aria-label={trans.__('Refresh runs')}
          onClick={() => execute(CommandIDs.refreshRuns)}
        >
          <refreshIcon.react tag="span" height="16px" />
        </button>
      </div>
      <PanelNotices />
      <KeepDataQuestion />
    </>
  );
}

/** What holds for the whole panel: server part, versions, capture, how news arrive. */
function PanelNotices(): JSX.Element {
  const { mlops, trans } = useServices();
  const { feed, runs } = mlops;
  useSignal(feed.statusChanged);
  useSignal(runs.changed);
  const { status, error } = feed;
  const retry = (): void => void feed.refresh();
  if (error !== null) {
    return (
      <Failure
        inline
        error={error}
        what={trans.__('Asking the server part')}
        onRetry={retry}
      />
    );
  }
  if (status === null) {
    return <></>;
  }
  return (
    <>
      {!isOurVersion(status.version) && (
        <Banner tone="warn">
          {trans.__(
            'This page is version %1, the server part %2. Reload the page; if that does not help, restart JupyterLab.',
            VERSION,
            status.version
          )}
        </Banner>
      )}
      <CaptureNotice status={status} />
      {status.problems.map(problem => (
        <Banner key={problem} tone="warn">
          {problem}
        </Banner>
      ))}
      {!feed.live && (
        <Banner tone="info">
          {trans.__(
            'No live updates from this server; it is asked every 10 seconds instead.'
          )}
        </Banner>
      )}
    </>
  );
}

/** Why nothing is recorded, if so. */
function CaptureNotice(props: { status: Status }): JSX.Element {
  const { mlops, trans } = useServices();
  const { notebook } = mlops.runs;
  const { capture, capture_reason } = props.status;
  const kernel = mlops.feed.captureOf(notebook.kernel);
  if (!capture) {
    return (
      <Banner tone="warn">
        <strong>{trans.__('Capture is off.')}</strong> {capture_reason}
      </Banner>
    );
  }
  if (notebook.optedOut) {
    return (
      <Banner tone="info">
        {trans.__(
          'This notebook’s metadata switches capture off: it is not being recorded.'
        )}
      </Banner>
    );
  }
  if (kernel?.recording !== false) {
    return <></>;
  }
  return (
    <Banner tone="warn">
      <strong>
        {trans.__('This notebook’s kernel is not being recorded.')}
      </strong>{' '}
      {kernel.reason}
    </Banner>
  );
}
