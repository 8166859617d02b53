import { ReactWidget, SidePanel } from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import type { AccordionPanel } from '@lumino/widgets';
import * as React from 'react';

import { Clock } from '../clock';
import { PanelHead } from '../components/PanelHead';
import { ShownRun } from '../components/RunDetail';
import { RunList } from '../components/RunList';
import { type IServices, ServicesProvider } from '../components/services';
import { ClockProvider } from '../components/Times';
import { mlopsIcon } from '../icons';
import { FocusKeeper } from './focus';

export const SIDEBAR_ID = 'jp-mlops-sidebar';
/** Draws the eye to a panel that was called, and to the row that has the focus. */
const CALLED_CLASS = 'jp-mlops-mod-called';

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
    this._focus = new FocusKeeper(this.node);
    this._clock.isShown = false;

    const head = view(services, <PanelHead />);
    head.addClass('jp-mlops-PanelHead');
    this.header.addWidget(head);
    const list = this._section(services, <RunList />, trans.__('Runs'));
    // Its rows scroll inside of it, above the bar of what is selected.
    list.addClass('jp-mlops-Runs');
    this.addWidget(list);
    const run = this._section(services, <ShownRun />, trans.__('Run'));
    run.addClass('jp-mlops-Scroll');
    this.addWidget(run);
    // What the head says takes room from the sections, which do not notice by themselves.
    this._resizes.observe(this.content.node);
    this.node.addEventListener('keydown', this._onKeyDown);
    this.node.addEventListener('focusout', this._onFocusOut);
    this.node.addEventListener('pointerdown', this._calm);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._resizes.disconnect();
    this._focus.dispose();
    this._clock.dispose();
    super.dispose();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._clock.isShown = this.isVisible;
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._clock.isShown = true;
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._clock.isShown = false;
  }

  /** Take the focus to the list, also from elsewhere in the panel. */
  goToRuns(): void {
    // The user may have folded it up, and nobody gets into what is not seen.
    (this.content as AccordionPanel).expand(0);
    if (this._focus.goToList()) {
      this._call();
    }
  }

  /** Whoever asks for the panel gets into it, and sees where it is. */
  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._focus.enter();
    this._call();
  }

  private _call(): void {
    this.removeClass(CALLED_CLASS);
    // Reading the size makes the browser see the removal, so that the animation starts again.
    void this.node.offsetWidth;
    this.addClass(CALLED_CLASS);
  }

  /** What has an own use for the key, as the list has, lets it not come so far. */
  private _onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      this.goToRuns();
    }
  };

  private _onFocusOut = (event: FocusEvent): void => {
    if (!this.node.contains(event.relatedTarget as Node | null)) {
      this._calm();
    }
  };

  private _calm = (): void => this.removeClass(CALLED_CLASS);

  private _section(
    services: IServices,
    content: JSX.Element,
    label: string
  ): ReactWidget {
    const widget = view(
      services,
      <ClockProvider value={this._clock}>{content}</ClockProvider>
    );
    widget.title.label = label;
    return widget;
  }

  private _resizes = new ResizeObserver(() => this.content.update());
  private _clock = new Clock();
  private _focus: FocusKeeper;
}

/** A view of ours as a widget. */
export function view(services: IServices, content: JSX.Element): ReactWidget {
  const widget = ReactWidget.create(
    <ServicesProvider value={services}>{content}</ServicesProvider>
  );
  widget.addClass('jp-mlops-View');
  return widget;
}
