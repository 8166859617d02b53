import * as React from 'react';

/** A word or two that tell something apart. */
export function Tag(props: {
  children: React.ReactNode;
  title?: string;
}): JSX.Element {
  return (
    <span className="jp-mlops-Tag" title={props.title}>
      {props.children}
    </span>
  );
}
