import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { RequestError } from '../client';
import {
  type IServices,
  ServicesProvider,
  useServices,
  useSignal
} from '../components/services';
import { type MarkShape, markIcons } from '../icons';
import { CommandIDs, type IMlops } from '../tokens';

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
  tone: 'on' | 'off' | 'warn' | 'problem';
  text: string;
  detail: string;
}

/** See {@link createStatusItem}. */
export function StatusItem(): JSX.Element {
  const { commands, trans } = useServices();
  const { shape, tone, text, detail } = useCaptureState();
  const icon = markIcons[shape];
  return (
    <>
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
      <span className="jp-mlops-mod-hidden" aria-live="polite">
        {tone === 'warn' && `${text}. ${detail}`}
      </span>
    </>
  );
}

function useCaptureState(): ICaptureState {
  const { mlops, trans } = useServices();
  const { feed, runs } = mlops;
  useSignal(feed.statusChanged);
  useSignal(runs.notebook.changed);
  const unsynced = useUnsynced(mlops);
  const { status, error } = feed;
  if (error !== null) {
    return unanswered(error, trans);
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
    const state = kernel.fault ? FAULT : OFF;
    return { ...state, text, detail: kernel.reason ?? '' };
  }
  const { problems } = status;
  const { behind, why } = waiting(unsynced, trans);
  if (problems.length > 0) {
    const text = trans._n(
      'MLOps: %1 problem',
      'MLOps: %1 problems',
      problems.length
    );
    const detail = problems.join(' ') + why;
    return { ...PROBLEM, text: text + behind, detail };
  }
  if (kernel === null) {
    const detail = runs.notebook.panel
      ? trans.__('This notebook’s kernel has executed nothing yet.')
      : trans.__('No notebook is active.');
    const text = trans.__('MLOps: ready') + behind;
    return { ...READY, text, detail: detail + why };
  }
  const detail = trans.__('What this notebook executes is being recorded.');
  const text = trans.__('MLOps: recording') + behind;
  return { ...RECORDING, text, detail: detail + why };
}

/** What is said while the server part does not answer. */
function unanswered(
  error: RequestError,
  trans: TranslationBundle
): ICaptureState {
  const texts: Record<number, string> = {
    403: trans.__('MLOps: no access'),
    404: trans.__('MLOps: no server part')
  };
  const text = texts[error.status ?? 0] ?? trans.__('MLOps: unreachable');
  return { ...PROBLEM, text, detail: `${error.message}.` };
}

/** What is said of journals that wait: beside the state, and as to what to do. */
function waiting(
  unsynced: number,
  trans: TranslationBundle
): { behind: string; why: string } {
  if (unsynced === 0) {
    return { behind: '', why: '' };
  }
  return {
    behind: trans._n(' · %1 unsynced', ' · %1 unsynced', unsynced),
    why: trans._n(
      ' %1 journal holds lines that the store has not taken in for half a minute. Nothing is lost: “jupyter mlops doctor” takes them in, or says why it can’t.',
      ' %1 journals hold lines that the store has not taken in for half a minute. Nothing is lost: “jupyter mlops doctor” takes them in, or says why it can’t.',
      unsynced
    )
  };
}

/** So long journals may wait before it is said, in ms: the server looks every few seconds. */
const PATIENCE = 30_000;

/** How many journals wait although there was time to take them in. */
function useUnsynced({ feed, runs }: IMlops): number {
  const { notebook } = runs;
  const since = React.useRef<number | null>(null);
  React.useEffect(() => {
    const look = (): void => {
      // A cell that executes writes on, so that something always waits.
      const waits = feed.status?.unsynced && !notebook.isExecuting;
      since.current = waits ? (since.current ?? Date.now()) : null;
    };
    look();
    feed.statusChanged.connect(look);
    notebook.changed.connect(look);
    return () => {
      feed.statusChanged.disconnect(look);
      notebook.changed.disconnect(look);
    };
  }, [feed, notebook]);
  const isLong =
    since.current !== null && Date.now() - since.current > PATIENCE;
  return isLong ? (feed.status?.unsynced ?? 0) : 0;
}

const PROBLEM = { shape: 'cross', tone: 'problem' } as const;
/** It should record, and does not. */
const FAULT = { shape: 'warning', tone: 'warn' } as const;
const ASKING = { shape: 'ring', tone: 'off' } as const;
const READY = { shape: 'ring', tone: 'on' } as const;
const OFF = { shape: 'bar', tone: 'off' } as const;
const RECORDING = { shape: 'dot', tone: 'on' } as const;
