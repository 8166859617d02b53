import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import {
  type NotebookPanel,
  NotebookWidgetFactory
} from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ToolbarButton } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { runOf } from '../drive';
import { mlopsIcon } from '../icons';
import { CommandIDs } from '../tokens';

export const EXECUTED_FACTORY = 'MLOps executed notebook';

/** No file has this type: an executed notebook is opened by us, never by its extension. */
export const EXECUTED_FILE_TYPE: Partial<DocumentRegistry.IFileType> & {
  name: string;
} = {
  name: 'mlops-executed-notebook',
  contentType: 'notebook',
  fileFormat: 'json',
  extensions: []
};

/** What shows an executed notebook: JupyterLab's own notebook, without kernel and editing. */
export function createExecutedFactory(options: {
  commands: CommandRegistry;
  contentFactory: NotebookPanel.IContentFactory;
  editors: IEditorServices;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}): NotebookWidgetFactory {
  const { commands, trans } = options;
  const factory = new NotebookWidgetFactory({
    name: EXECUTED_FACTORY,
    label: trans.__('Executed Notebook'),
    fileTypes: [EXECUTED_FILE_TYPE.name],
    modelName: 'notebook',
    readOnly: true,
    preferKernel: false,
    canStartKernel: false,
    rendermime: options.rendermime,
    contentFactory: options.contentFactory,
    mimeTypeService: options.editors.mimeTypeService
  });
  factory.widgetCreated.connect((_, panel) => {
    panel.title.icon = mlopsIcon;
    panel.addClass('jp-mlops-Executed');
    // Reading may still add ids and the like to the model; nothing of that is a change to save.
    const { model } = panel.context;
    model.stateChanged.connect(() => {
      if (model.dirty) {
        model.dirty = false;
      }
    });
    const run = runOf(panel.context.path);
    panel.toolbar.addItem(
      'mlops-show-run',
      new ToolbarButton({
        icon: mlopsIcon,
        label: trans.__('Executed notebook of run %1', run?.slice(0, 8)),
        tooltip: trans.__('Show this run in the sidebar'),
        onClick: () => void commands.execute(CommandIDs.showRun, { run })
      })
    );
  });
  return factory;
}
