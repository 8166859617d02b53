import type { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { KeepData } from '../client';
import { formatSize } from '../format';
import type { Folder } from '../schema';
import { whatIsRead } from './KeepData';

/** The answer for a folder, to be changed. */
export class KeepDataForm
  extends ReactWidget
  implements Dialog.IBodyWidget<KeepData>
{
  constructor(
    private _folder: Folder,
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-mlops-View');
    this.addClass('jp-mlops-DialogForm');
  }

  getValue(): KeepData {
    const chosen = this.node.querySelector<HTMLInputElement>('input:checked');
    return (chosen?.value ?? this._folder.keep_data) as KeepData;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const { folder, keep_data, kept_files, kept_bytes } = this._folder;
    const choices: [KeepData, string][] = [
      ['yes', trans.__('Keep copies: reproductions can say what changed')],
      ['no', trans.__('Keep none; what was copied stays')],
      ['ask', trans.__('Ask again')]
    ];
    return (
      <fieldset>
        <legend>{trans.__('The data that the runs of %1 read', folder)}</legend>
        <p className="jp-mlops-mod-quiet">
          {whatIsRead(this._folder, trans)}{' '}
          {trans._n(
            'Of it %1 file, %2, is kept.',
            'Of it %1 files, %2, are kept.',
            kept_files,
            formatSize(kept_bytes)
          )}
        </p>
        {choices.map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name="keep-data"
              value={value}
              defaultChecked={value === keep_data}
            />
            {label}
          </label>
        ))}
      </fieldset>
    );
  }
}
