import { ReactWidget, SidePanel } from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';
import * as React from 'react';

import { PanelHead } from '../components/PanelHead';
import { ShownRun } from '../components/RunDetail';
import { RunList } from '../components/RunList';
import { type IServices, ServicesProvider } from '../components/services';
import { mlopsIcon } from '../icons';

export const SIDEBAR_ID = 'jp-mlops-sidebar';

/** Runs of the active notebook above, the one shown in detail below. */
export class Sidebar extends SidePanel {
  constructor(services: IServices, translator: ITranslator) {
    super({ translator });
    const { trans } = services;
    this.id = SIDEBAR_ID;
    this.addClass('jp-mlops-Sidebar');
    this.title.icon = mlopsIcon;
    this.title.caption = trans.__('MLOps: runs of the active notebook');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('MLOps'));

    const head = view(services, <PanelHead />);
    head.addClass('jp-mlops-PanelHead');
    this.header.addWidget(head);
    this.addWidget(section(services, <RunList />, trans.__('Runs')));
    this.addWidget(section(services, <ShownRun />, trans.__('Run')));
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

function section(
  services: IServices,
  content: JSX.Element,
  label: string
): ReactWidget {
  const widget = view(services, content);
  widget.title.label = label;
  widget.addClass('jp-mlops-Scroll');
  return widget;
}
