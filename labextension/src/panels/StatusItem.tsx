import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import {
  type IServices,
  ServicesProvider,
  useServices,
  useSignal
} from '../components/services';
import { type MarkShape, markIcons } from '../icons';
import { CommandIDs } from '../tokens';

/** Says in the status bar whether the active notebook is being recorded; opens the sidebar. */
export function createStatusItem(services: IServices): ReactWidget {
  const item = ReactWidget.create(
    <ServicesProvider value={services}>
      <StatusItem />
    </ServicesProvider>
  );
  item.addClass('jp-mlops-StatusItem');
  return item;
}

interface ICaptureState {
  shape: MarkShape;
  tone: 'on' | 'off' | 'problem';
  text: string;
  detail: string;
}

/** See {@link createStatusItem}. */
export function StatusItem(): JSX.Element {
  const { commands, trans } = useServices();
  const { shape, tone, text, detail } = useCaptureState();
  const icon = markIcons[shape];
  return (
    <button
      className={`jp-mlops-StatusItem-button jp-mod-${tone}`}
      title={trans.__('%1 Press to go to the runs.', detail)}
      onClick={() => void commands.execute(CommandIDs.showPanel)}
    >
      <icon.react
        tag="span"
        className="jp-mlops-Mark-icon"
        aria-hidden="true"
      />
      {text}
    </button>
  );
}

function useCaptureState(): ICaptureState {
  const { mlops, trans } = useServices();
  const { feed, runs } = mlops;
  useSignal(feed.statusChanged);
  useSignal(runs.notebook.changed);
  const { status, error } = feed;
  if (error !== null) {
    const texts: Record<number, string> = {
      403: trans.__('MLOps: no access'),
      404: trans.__('MLOps: no server part')
    };
    const text = texts[error.status ?? 0] ?? trans.__('MLOps: unreachable');
    return { ...PROBLEM, text, detail: `${error.message}.` };
  }
  if (status === null) {
    return {
      ...ASKING,
      text: trans.__('MLOps: …'),
      detail: trans.__('Asking the server part.')
    };
  }
  if (!status.capture) {
    return {
      ...OFF,
      text: trans.__('MLOps: off'),
      detail: status.capture_reason
    };
  }
  if (runs.notebook.optedOut) {
    const detail = trans.__('This notebook’s metadata switches capture off.');
    return { ...OFF, text: trans.__('MLOps: off here'), detail };
  }
  const kernel = feed.captureOf(runs.notebook.kernel);
  if (kernel?.recording === false) {
    const text = trans.__('MLOps: not recording');
    return { ...OFF, text, detail: kernel.reason ?? '' };
  }
  const { unsynced, problems } = status;
  const behind = unsynced
    ? trans._n(' · %1 unsynced', ' · %1 unsynced', unsynced)
    : '';
  if (problems.length > 0) {
    const text = trans._n(
      'MLOps: %1 problem',
      'MLOps: %1 problems',
      problems.length
    );
    return { ...PROBLEM, text: text + behind, detail: problems.join(' ') };
  }
  if (kernel === null) {
    const detail = runs.notebook.panel
      ? trans.__('This notebook’s kernel has executed nothing yet.')
      : trans.__('No notebook is active.');
    return { ...READY, text: trans.__('MLOps: ready') + behind, detail };
  }
  const detail = trans.__('What this notebook executes is being recorded.');
  return { ...RECORDING, text: trans.__('MLOps: recording') + behind, detail };
}

const PROBLEM = { shape: 'cross', tone: 'problem' } as const;
const ASKING = { shape: 'ring', tone: 'off' } as const;
const READY = { shape: 'ring', tone: 'on' } as const;
const OFF = { shape: 'bar', tone: 'off' } as const;
const RECORDING = { shape: 'dot', tone: 'on' } as const;
