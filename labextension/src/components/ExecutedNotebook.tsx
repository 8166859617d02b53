import { PathExt } from '@jupyterlab/coreutils';
import type { IEditorMimeTypeService } from '@jupyterlab/codeeditor';
import type { ICell, INotebookContent, IOutput } from '@jupyterlab/nbformat';
import {
  NotebookModel,
  type NotebookPanel,
  StaticNotebook
} from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { formatTime } from '../format';
import type { Run } from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { runState, StateMark } from './Marks';
import { Failure, Loading } from './Notices';
import { shortened, toShow } from './OutputsView';
import { useCommand, useFetched, useServices } from './services';
import { notebookName } from './VerdictPage';

/** What JupyterLab's own notebooks are made with. */
export interface INotebookParts {
  contentFactory: NotebookPanel.IContentFactory;
  mimeTypeService: IEditorMimeTypeService;
  rendermime: IRenderMimeRegistry;
}

interface IExecuted {
  run: Run;
  content: INotebookContent;
}

/**
 * The notebook as a run executed it, to read.
 *
 * It is no document of JupyterLab's: there is no file behind it to save, no kernel to start
 * and no address to reload.
 */
export function ExecutedNotebook(props: {
  run: string;
  parts: INotebookParts;
  /** Told what a tab of this should be called, once that is known. */
  onTitle?: (title: string) => void;
}): JSX.Element {
  const { mlops, trans } = useServices();
  const { onTitle } = props;
  const { client, feed } = mlops;
  const { value, error, refetch } = useFetched<IExecuted>(
    props.run,
    async () => {
      const [run, content] = await Promise.all([
        client.run(props.run),
        client.executedNotebook(props.run)
      ]);
      return { run, content };
    },
    feed,
    change => change.ids?.includes(props.run) ?? true
  );
  React.useEffect(() => {
    if (value) {
      const id = trans.__('Run %1', value.run.id.slice(0, 8));
      onTitle?.([id, notebookName(value.run)].filter(Boolean).join(' · '));
    }
  }, [value, onTitle, trans]);
  const what = trans.__('Fetching the executed notebook');
  if (value === null) {
    return error ? (
      <Failure error={error} what={what} onRetry={refetch} />
    ) : (
      <Loading label={trans.__('Loading the executed notebook…')} lines={12} />
    );
  }
  return (
    <div className="jp-mlops-Executed">
      {error && <Failure inline error={error} what={what} onRetry={refetch} />}
      <Head run={value.run} />
      <Cells content={value.content} parts={props.parts} />
    </div>
  );
}

function Head(props: { run: Run }): JSX.Element {
  const { trans, locale } = useServices();
  const execute = useCommand();
  const { run } = props;
  return (
    <header className="jp-mlops-Executed-head">
      <strong>
        {run.notebook
          ? PathExt.basename(run.notebook)
          : trans.__('unknown notebook')}
      </strong>
      <StateMark state={runState(run)} />
      <time dateTime={run.started}>{formatTime(run.started, locale)}</time>
      <span className="jp-mlops-mod-quiet">
        {trans.__('as run %1 executed it; read only', run.id.slice(0, 8))}
      </span>
      <Link onClick={() => execute(CommandIDs.showRun, { run: run.id })}>
        {trans.__('Show the run in the sidebar')}
      </Link>
    </header>
  );
}

function Cells(props: {
  content: INotebookContent;
  parts: INotebookParts;
}): JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  const { content, parts } = props;
  React.useLayoutEffect(() => {
    if (host.current === null) {
      return;
    }
    const model = new NotebookModel();
    model.fromJSON(toRead(content));
    const notebook = new StaticNotebook({
      contentFactory: parts.contentFactory,
      mimeTypeService: parts.mimeTypeService,
      rendermime: parts.rendermime.clone(),
      notebookConfig: {
        ...StaticNotebook.defaultNotebookConfig,
        windowingMode: 'none'
      }
    });
    notebook.model = model;
    Widget.attach(notebook, host.current);
    return () => {
      notebook.dispose();
      model.dispose();
    };
  }, [content, parts]);
  return <div className="jp-mlops-Executed-cells" ref={host} />;
}

/** A copy that can't be edited, whose outputs run no scripts, and whose language is known. */
export function toRead(notebook: INotebookContent): INotebookContent {
  const shut = { trusted: false, editable: false, deletable: false };
  const cells = notebook.cells.map((cell): ICell => ({
    ...cell,
    source: shortened(cell.source) as ICell['source'],
    ...(Array.isArray(cell.outputs)
      ? { outputs: (cell.outputs as object[]).map(toShow) as IOutput[] }
      : {}),
    metadata: { ...cell.metadata, ...shut }
  }));
  const { kernelspec, language_info } = notebook.metadata;
  const name =
    (kernelspec as { language?: string } | undefined)?.language ?? 'python';
  return {
    ...notebook,
    cells,
    metadata: { ...notebook.metadata, language_info: language_info ?? { name } }
  };
}
