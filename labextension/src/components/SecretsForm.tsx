import type { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** A value that the recorded code had, and of which a digest alone was kept. */
export interface ISecret {
  name: string;
  cell: number | null;
}

/** Asks for secrets by their names; nothing keeps what is typed. */
export class SecretsForm
  extends ReactWidget
  implements Dialog.IBodyWidget<Record<string, string>>
{
  constructor(
    private _secrets: readonly ISecret[],
    private _trans: TranslationBundle,
    /** What was wrong with those that were given before. */
    private _wrong: string | null
  ) {
    super();
    this.addClass('jp-mlops-View');
    this.addClass('jp-mlops-DialogForm');
  }

  getValue(): Record<string, string> {
    const inputs = Array.from(this.node.querySelectorAll('input'));
    return Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
  }

  protected render(): JSX.Element {
    return (
      <Fields secrets={this._secrets} trans={this._trans} wrong={this._wrong} />
    );
  }
}

function Fields(props: {
  secrets: readonly ISecret[];
  trans: TranslationBundle;
  wrong: string | null;
}): JSX.Element {
  const { secrets, trans, wrong } = props;
  const first = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    // A dialog looks whether all that is required is filled in only once something is.
    first.current?.dispatchEvent(new Event('input', { bubbles: true }));
  }, []);
  return (
    <>
      {/* With the class for errors, a dialog would not let anybody try again. */}
      {wrong !== null && (
        <p className="jp-mlops-Banner jp-mod-warn" role="alert">
          {wrong}
        </p>
      )}
      <p>
        {trans._n(
          'The recorded run used a secret, of which only a keyed digest was kept.',
          'The recorded run used secrets, of which only keyed digests were kept.',
          secrets.length
        )}
      </p>
      {secrets.map(({ name, cell }, index) => (
        <label key={name}>
          <span>
            <code>{name}</code>{' '}
            {cell !== null && (
              <span className="jp-mlops-mod-quiet">
                {trans.__('cell %1', cell)}
              </span>
            )}
          </span>
          <input
            ref={index === 0 ? first : undefined}
            type="password"
            className="jp-mod-styled"
            name={name}
            required
            autoComplete="off"
            spellCheck={false}
          />
        </label>
      ))}
      <p className="jp-mlops-mod-quiet">
        {trans._n(
          'It is used for this reproduction only, and not stored.',
          'They are used for this reproduction only, and not stored.',
          secrets.length
        )}
      </p>
    </>
  );
}
