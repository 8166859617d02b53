import type { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** Asks where a file is to be written; wide enough to see all of a path. */
export class RestoreForm
  extends ReactWidget
  implements Dialog.IBodyWidget<string>
{
  constructor(
    private _path: string,
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-mlops-View');
    this.addClass('jp-mlops-DialogForm');
  }

  getValue(): string {
    const input = this.node.querySelector('input');
    // It is drawn a moment later than the dialog, which may be answered before.
    return (input?.value ?? this._path).trim();
  }

  protected render(): JSX.Element {
    return (
      <label>
        {this._trans.__('Write it to (no file is replaced):')}
        <input
          className="jp-mod-styled"
          defaultValue={this._path}
          spellCheck={false}
          onFocus={event => event.target.select()}
        />
      </label>
    );
  }
}
