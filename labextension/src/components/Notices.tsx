import * as React from 'react';

import type { RequestError } from '../client';
import { Button } from './Button';
import { useServices } from './services';

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
        <Button onClick={props.onRetry}>{trans.__('Try again')}</Button>
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
        <Button isMain onClick={props.onRetry}>
          {trans.__('Try again')}
        </Button>
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
