import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { formatSize, isRedacted, shorten, wholeValue } from '../format';
import type {
  Artifact,
  DataUse,
  Metric,
  ModelFit,
  Parameter,
  Run
} from '../schema';
import { CommandIDs } from '../tokens';
import { Link } from './Button';
import { CellLink } from './CellLink';
import { runState } from './Marks';
import { Value } from './Redacted';
import { useCommand, useServices } from './services';
import { Tag } from './Tag';

/** One collapsible section of a run; says how many things it holds, and if it holds none. */
export function Section(props: {
  title: string;
  count?: number;
  isOpen?: boolean;
  children: React.ReactNode;
}): JSX.Element {
  const { trans } = useServices();
  return (
    <details
      className="jp-mlops-Section"
      open={(props.isOpen ?? true) && props.count !== 0}
    >
      <summary>
        {props.title}
        {props.count !== undefined && (
          <span className="jp-mlops-Section-count">{props.count}</span>
        )}
      </summary>
      {props.count === 0 ? (
        <p className="jp-mlops-mod-quiet">{trans.__('None recorded.')}</p>
      ) : (
        props.children
      )}
    </details>
  );
}

/** The start of a digest, with the whole one to copy; null is said, not hidden. */
export function Digest(props: {
  digest: string | null;
  complete?: boolean;
  /** Whether more of the content may still be read. */
  isOpen?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const { digest } = props;
  if (digest === null) {
    return <span className="jp-mlops-mod-quiet">{trans.__('no digest')}</span>;
  }
  return (
    <span className="jp-mlops-Digest">
      <code title={digest}>{shorten(digest)}</code>
      {props.complete === false && <Partial isOpen={props.isOpen} />}
      <button
        className="jp-mlops-IconButton"
        title={trans.__('Copy the whole digest')}
        aria-label={trans.__('Copy the whole digest')}
        onClick={() => Clipboard.copyToSystem(digest)}
      >
        <copyIcon.react tag="span" height="12px" />
      </button>
    </span>
  );
}

/** Stands beside a digest that never compares as equal. */
function Partial(props: { isOpen?: boolean }): JSX.Element {
  const { trans } = useServices();
  return props.isOpen ? (
    <Tag
      title={trans.__(
        'The content was not read when the cell ended; that may follow while the kernel idles'
      )}
    >
      {trans.__('partial so far')}
    </Tag>
  ) : (
    <Tag
      title={trans.__(
        'All of it could not be read before the next cell was executed, so it compares as unknown; wait a moment after the cell, or use jupyter mlops run'
      )}
    >
      {trans.__('partial')}
    </Tag>
  );
}

function Inherited(props: { of: { inherited: boolean } }): JSX.Element {
  const { trans } = useServices();
  return props.of.inherited ? (
    <Tag title={trans.__('From an earlier execution that this run shares')}>
      {trans.__('inherited')}
    </Tag>
  ) : (
    <></>
  );
}

interface IFact {
  name: string;
  value: unknown;
  cell: number | null;
  inherited: boolean;
  note: string | null;
}

/** A name that may be broken where its words end, as it has no spaces. */
export function breakable(name: string): React.ReactNode {
  const words = name.match(/[^_.@/]+[_.@/]*|[_.@/]+/g) ?? [];
  return words.map((word, index) => (
    <React.Fragment key={index}>
      {index > 0 && <wbr />}
      {word}
    </React.Fragment>
  ));
}

/* The roles are said because the rows are laid out as a grid, for which browsers drop them. */
function FactTable(props: {
  run: string;
  label: string;
  facts: IFact[];
}): JSX.Element {
  return (
    <table role="table" className="jp-mlops-Facts" aria-label={props.label}>
      <tbody role="rowgroup">
        {props.facts.map((fact, index) => (
          <tr key={index} role="row">
            <th scope="row" role="rowheader">
              {breakable(fact.name)}
            </th>
            <td
              role="cell"
              className="jp-mlops-Facts-value"
              title={isRedacted(fact.value) ? '' : wholeValue(fact.value)}
            >
              <Value value={fact.value} withMark />{' '}
              {fact.note && <Tag>{fact.note}</Tag>}
              <Inherited of={fact} />
            </td>
            <td role="cell" className="jp-mlops-Facts-cell">
              <CellLink run={props.run} cell={fact.cell} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Parameters(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { id, parameters } = props.run;
  const sources: Record<Parameter['source'], string | null> = {
    literal: null,
    tagged: trans.__('tagged'),
    injected: trans.__('injected'),
    model: trans.__('model'),
    declared: trans.__('declared')
  };
  const facts = parameters.map(item => ({
    ...item,
    note: sources[item.source]
  }));
  return (
    <Section title={trans.__('Parameters')} count={facts.length}>
      <FactTable run={id} label={trans.__('Parameters')} facts={facts} />
    </Section>
  );
}

export function Metrics(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { id, metrics } = props.run;
  const note = (metric: Metric): string | null =>
    metric.step === null ? null : trans.__('step %1', metric.step);
  const facts = metrics.map(item => ({ ...item, note: note(item) }));
  return (
    <Section title={trans.__('Metrics')} count={facts.length}>
      <FactTable run={id} label={trans.__('Metrics')} facts={facts} />
    </Section>
  );
}

export function Data(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { id, data, cells } = props.run;
  return (
    <Section title={trans.__('Data')} count={data.length}>
      <ul className="jp-mlops-Items">
        {data.map((item, index) => (
          <DataItem
            key={index}
            run={id}
            item={item}
            kept={
              item.access === 'read'
                ? props.run.kept.find(({ path }) => path === item.path)
                : undefined
            }
            isOpen={
              runState(props.run) === 'open' &&
              item.access === 'made' &&
              item.cell === cells[cells.length - 1]?.cell
            }
          />
        ))}
      </ul>
    </Section>
  );
}

function DataItem(props: {
  run: string;
  item: DataUse;
  isOpen: boolean;
  kept: Artifact | undefined;
}): JSX.Element {
  const { trans } = useServices();
  const { item } = props;
  const accesses = {
    read: trans.__('read'),
    write: trans.__('written'),
    made: trans.__('made'),
    import: trans.__('imported')
  };
  const name = item.path?.split('/').pop() ?? item.name ?? item.kind;
  // What a list, tuple or dictionary holds are parts, which its form counts.
  const isTable = item.form === null || item.rows !== null;
  const width = isTable ? (item.column_count ?? item.columns.length) : 0;
  const notes = [
    accesses[item.access],
    item.inherited ? trans.__('inherited') : null,
    item.form,
    item.rows === null ? null : trans._n('%1 row', '%1 rows', item.rows),
    width ? trans._n('%1 column', '%1 columns', width) : null,
    item.size_bytes === null ? null : formatSize(item.size_bytes)
  ];
  return (
    <li>
      <div className="jp-mlops-Items-head">
        <span
          className="jp-mlops-Items-name"
          title={item.path ?? item.name ?? ''}
        >
          {name}
        </span>
        <CellLink run={props.run} cell={item.cell} />
      </div>
      <div className="jp-mlops-Items-notes">
        <span className="jp-mlops-mod-quiet">
          {notes.filter(Boolean).join(' · ')}
        </span>
        <Digest
          digest={item.digest}
          complete={item.complete}
          isOpen={props.isOpen}
        />
        {props.kept && <KeptCopy run={props.run} kept={props.kept} />}
      </div>
    </li>
  );
}

/** Says that the store has the file as this run read it, and writes it out again. */
function KeptCopy(props: { run: string; kept: Artifact }): JSX.Element {
  const { trans } = useServices();
  const execute = useCommand();
  const { run, kept } = props;
  return (
    <span className="jp-mlops-Kept">
      <Tag title={trans.__('The store has a copy of it as this run read it')}>
        {trans.__('kept')}
      </Tag>
      <Link
        title={trans.__('Write %1 out again as this run read it', kept.name)}
        onClick={() =>
          execute(CommandIDs.restoreData, { run, digest: kept.digest })
        }
      >
        {trans.__('Restore…')}
      </Link>
    </span>
  );
}

export function Models(props: { run: Run }): JSX.Element {
  const { trans } = useServices();
  const { id, models } = props.run;
  return (
    <Section title={trans.__('Models')} count={models.length}>
      <ul className="jp-mlops-Items">
        {models.map((model, index) => (
          <ModelItem key={index} run={id} model={model} />
        ))}
      </ul>
    </Section>
  );
}

function ModelItem(props: { run: string; model: ModelFit }): JSX.Element {
  const { trans } = useServices();
  const { model } = props;
  const names = Object.keys(model.parameters);
  return (
    <li>
      <div className="jp-mlops-Items-head">
        <span className="jp-mlops-Items-name" title={model.class}>
          {model.name}{' '}
          <span className="jp-mlops-mod-quiet">
            {model.class.split('.').pop()}
          </span>
        </span>
        <Inherited of={model} />
        <CellLink run={props.run} cell={model.cell} />
      </div>
      <Digest digest={model.digest} />
      {names.length > 0 && (
        <details>
          <summary>
            {trans._n('%1 argument', '%1 arguments', names.length)}
          </summary>
          <FactTable
            run={props.run}
            label={trans.__('Arguments of %1', model.name)}
            facts={names.map(name => ({
              name,
              value: model.parameters[name],
              cell: model.cell,
              inherited: false,
              note: null
            }))}
          />
        </details>
      )}
    </li>
  );
}
