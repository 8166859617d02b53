import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { KeepData, RequestError } from '../client';
import { formatSize } from '../format';
import type { Folder } from '../schema';
import { Button } from './Button';
import { Failure } from './Notices';
import { useFetched, useServices, useSignal } from './services';

/**
 * Asks once for each folder whether its data may be copied; nothing where that is answered.
 * It stands above the runs: it is about all of them, and is asked until somebody answers.
 */
export function KeepDataQuestion(): JSX.Element {
  const { runs } = useServices().mlops;
  const { path } = runs.notebook;
  useSignal(runs.changed);
  // Without a run nothing was read, and the server need not look.
  const hasRuns = (runs.list ?? []).length > 0;
  // Stays when the buttons go, and takes the focus that one of them had.
  return (
    <div tabIndex={-1} aria-live="polite">
      {path !== null && hasRuns && <Asked path={PathExt.dirname(path)} />}
    </div>
  );
}

/** About the folder `path`, relative to the server's root. */
function Asked(props: { path: string }): JSX.Element {
  const { mlops, trans } = useServices();
  const { client, feed } = mlops;
  const { path } = props;
  const [failed, setFailed] = React.useState<RequestError | null>(null);
  const isOpen = React.useRef(true);
  const { value, refetch } = useFetched(
    `folders/${path}`,
    async () => {
      const [folder, mayWrite] = await Promise.all([
        client.folder(path),
        client.mayWrite()
      ]);
      isOpen.current = folder.keep_data === 'ask';
      return isOpen.current && mayWrite && folder.answerable ? folder : null;
    },
    feed,
    ({ kind }) => kind === 'runs' && isOpen.current
  );
  if (!value || value.files === 0) {
    return <></>;
  }
  const answer = async (keepData: KeepData): Promise<void> => {
    try {
      tellKept(await client.setKeepData(path, keepData), trans);
      setFailed(null);
    } catch (error) {
      setFailed(error as RequestError);
    }
    refetch();
  };
  return (
    <>
      {failed && (
        <Failure inline error={failed} what={trans.__('Keeping the answer')} />
      )}
      <Question folder={value} onAnswer={answer} />
    </>
  );
}

function Question(props: {
  folder: Folder;
  onAnswer: (keepData: KeepData) => Promise<void>;
}): JSX.Element {
  const { trans } = useServices();
  const [isMore, setMore] = React.useState(false);
  const { folder, onAnswer } = props;
  const title = React.useId();
  const more = React.useId();
  return (
    <section className="jp-mlops-KeepData" aria-labelledby={title}>
      <p id={title} className="jp-mlops-KeepData-question">
        {trans.__('Keep a copy of the data that this folder’s runs read?')}
      </p>
      <p>
        {whatIsRead(folder, trans)}{' '}
        {trans.__(
          'Reproductions can then say what changed, row by row, and restore it.'
        )}
      </p>
      <div className="jp-mlops-KeepData-answers">
        <Button onClick={() => void onAnswer('yes')}>
          {trans.__('Keep copies')}
        </Button>
        <Button onClick={() => void onAnswer('no')}>{trans.__('Don’t')}</Button>
        <Button
          className="jp-mlops-KeepData-more"
          aria-label={trans.__('What that means')}
          aria-expanded={isMore}
          aria-controls={more}
          onClick={() => setMore(!isMore)}
        >
          ?
        </Button>
      </div>
      <div id={more}>{isMore && <Meaning folder={folder} />}</div>
    </section>
  );
}

/** Where the copies go, which there are, and how to change the answer. */
export function Meaning(props: { folder: Folder }): JSX.Element {
  const { mlops, trans } = useServices();
  const { folder, limit_bytes } = props.folder;
  return (
    <ul className="jp-mlops-mod-quiet">
      <li>{trans.__('It is asked once for the notebooks in %1.', folder)}</li>
      <li>
        {trans.__(
          'Copies lie in %1, below the quota there, and go with the runs that read them.',
          mlops.feed.status?.home ?? ''
        )}
      </li>
      <li>
        {trans.__(
          'Files above %1 are never copied, and equal ones once.',
          formatSize(limit_bytes)
        )}
      </li>
      <li>
        {trans.__(
          '“Copies of This Folder’s Data…” in the command palette changes the answer.'
        )}
      </li>
    </ul>
  );
}

/** What the folder's runs have read, in number and size. */
export function whatIsRead(
  { files, size_bytes }: Folder,
  trans: TranslationBundle
): string {
  return trans._n(
    '%1 file, %2.',
    '%1 files, %2.',
    files,
    formatSize(size_bytes)
  );
}

/** Says briefly what holds for a folder from now on. */
export function tellKept(
  { folder, keep_data }: Folder,
  trans: TranslationBundle
): void {
  const name = PathExt.basename(folder);
  const texts: Record<KeepData, string> = {
    yes: trans.__('The data that runs in %1 read is copied from now on.', name),
    no: trans.__('No data that runs in %1 read is copied.', name),
    ask: trans.__('You are asked again about the data in %1.', name)
  };
  Notification.info(texts[keep_data], { autoClose: 5000 });
}
