import * as React from 'react';

import type { RequestError } from '../client';
import { isOurVersion, VERSION } from '../version';
import { useServices, useSignal } from './services';

interface IMessage {
  title: string;
  text: React.ReactNode;
  children?: React.ReactNode;
}

/** Stands where there is nothing to show, and says why and what to do. */
export function Empty(
  props: IMessage & { role?: 'alert' | 'status' }
): JSX.Element {
  return (
    <div className="jp-mlops-Empty" role={props.role ?? 'status'}>
      <h3>{props.title}</h3>
      <p>{props.text}</p>
      {props.children}
    </div>
  );
}

export function Loading(props: { label: string; lines?: number }): JSX.Element {
  return (
    <div className="jp-mlops-Loading" role="status" aria-label={props.label}>
      {Array.from({ length: props.lines ?? 3 }, (_, line) => (
        <div key={line} className="jp-mlops-Loading-line" />
      ))}
    </div>
  );
}

/** A short message above what it concerns. */
export function Banner(props: {
  tone: 'info' | 'warn' | 'error';
  children: React.ReactNode;
  onRetry?: () => void;
}): JSX.Element {
  const { trans } = useServices();
  return (
    <div
      className={`jp-mlops-Banner jp-mod-${props.tone}`}
      role={props.tone === 'error' ? 'alert' : 'status'}
    >
      <div>{props.children}</div>
      {props.onRetry && (
        <button className="jp-mlops-Button" onClick={props.onRetry}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

/** Why a request failed, whose fault that is, and what to do; `what` names what was wanted. */
export function Failure(props: {
  error: RequestError;
  what: string;
  onRetry?: () => void;
  inline?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const [title, text] = useExplanation(props.error, props.what);
  if (props.inline) {
    return (
      <Banner tone="error" onRetry={props.onRetry}>
        <strong>{title}</strong> {text}
      </Banner>
    );
  }
  return (
    <Empty title={title} text={text} role="alert">
      {props.onRetry && (
        <button className="jp-mlops-Button jp-mod-main" onClick={props.onRetry}>
          {trans.__('Try again')}
        </button>
      )}
    </Empty>
  );
}

function useExplanation(error: RequestError, what: string): [string, string] {
  const { trans, mlops } = useServices();
  if (error.status === null) {
    return [
      trans.__('The server does not answer.'),
      trans.__('Is JupyterLab’s server still running? (%1)', error.message)
    ];
  }
  if (error.status === 403) {
    return [
      trans.__('You may not do this here.'),
      trans.__(
        '%1: this server’s roles refuse it to you (%2). Whoever runs the server can grant “mlops”.',
        what,
        error.message
      )
    ];
  }
  if (error.status === 404 && mlops.feed.error?.status === 404) {
    return [
      trans.__('The server part is missing.'),
      trans.__(
        'Install jupyter-mlops in the environment that runs JupyterLab and restart it; “jupyter server extension list” shows whether it is enabled.'
      )
    ];
  }
  return [trans.__('%1 failed.', what), error.message];
}

/** What holds for the whole panel: server part, versions, capture, how news arrive. */
export function PanelNotices(): JSX.Element {
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
      {!status.capture && (
        <Banner tone="warn">
          <strong>{trans.__('Capture is off.')}</strong> {status.capture_reason}
        </Banner>
      )}
      {status.capture && runs.notebook.optedOut && (
        <Banner tone="info">
          {trans.__(
            'This notebook’s metadata switches capture off: it is not being recorded.'
          )}
        </Banner>
      )}
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
