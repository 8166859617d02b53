import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlops:plugin',
  description: 'Runs, reproduction and comparison beside the notebook.',
  autoStart: true,
  activate: (_app: JupyterFrontEnd): void => {}
};

export default plugin;
