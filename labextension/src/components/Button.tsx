import * as React from 'react';

type ButtonProps = React.ButtonHTMLAttributes<HTMLButtonElement>;

/** JupyterLab's own button, low enough for a sidebar; `isMain` for what is done most. */
export function Button(props: ButtonProps & { isMain?: boolean }): JSX.Element {
  const { isMain, className, ...rest } = props;
  const kind = isMain ? 'jp-mod-accept' : 'jp-mlops-mod-plain';
  return (
    <button
      type="button"
      className={`jp-mlops-Button jp-mod-styled ${kind} ${className ?? ''}`}
      {...rest}
    />
  );
}

/** A button in the form of a link, for what leads to another place. */
export function Link(props: ButtonProps): JSX.Element {
  return <button type="button" className="jp-mlops-Link" {...props} />;
}
