import {
  ReactWidget,
  refreshIcon,
  SidePanel,
  ToolbarButton
} from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';
import * as React from 'react';

import { PanelNotices } from '../components/Notices';
import { ShownRun } from '../components/RunDetail';
import { RunList } from '../components/RunList';
import { type IServices, ServicesProvider } from '../components/services';
import { mlopsIcon } from '../icons';
import { CommandIDs } from '../tokens';

export const SIDEBAR_ID = 'jp-mlops-sidebar';

/** Runs of the active notebook above, the one shown in detail below. */
export class Sidebar extends SidePanel {
  constructor(services: IServices, translator: ITranslator) {
    super({ translator });
    const { trans, mlops } = services;
    this.id = SIDEBAR_ID;
    this.addClass('jp-mlops-Sidebar');
    this.title.icon = mlopsIcon;
    this.title.caption = trans.__('MLOps: runs of the active notebook');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('MLOps'));

    const notices = view(services, <PanelNotices />);
    notices.addClass('jp-mlops-Notices');
    this.header.addWidget(notices);

    const list = view(services, <RunList />);
    const detail = view(services, <ShownRun />);
    this.addWidget(section(list, trans.__('Runs')));
    this.addWidget(section(detail, trans.__('Run')));
    this.toolbar.addItem(
      'refresh',
      new ToolbarButton({
        icon: refreshIcon,
        tooltip: trans.__('Refresh Runs'),
        onClick: () => void services.commands.execute(CommandIDs.refreshRuns)
      })
    );
    const name = (): void => {
      const notebook = mlops.runs.notebook.name;
      list.title.label = notebook
        ? trans.__('Runs of %1', notebook)
        : trans.__('Runs');
    };
    mlops.runs.notebook.changed.connect(name, this);
    name();
  }
}

/** A view of ours as a widget. */
export function view(services: IServices, content: JSX.Element): ReactWidget {
  const widget = ReactWidget.create(
    <ServicesProvider value={services}>{content}</ServicesProvider>
  );
  widget.addClass('jp-mlops-View');
  return widget;
}

function section(widget: ReactWidget, label: string): ReactWidget {
  widget.title.label = label;
  widget.addClass('jp-mlops-Scroll');
  return widget;
}
