import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatDuration, formatValue, valueText } from '../format';
import type { CellJudgement, Comparison, Run, Verdict } from '../schema';
import { settingTexts } from './DifferenceTable';
import { useServices } from './services';

interface IJudging {
  verdict: Verdict;
  run: Run;
  again: Run;
  /** Of the run and its reproduction. */
  comparison: Comparison;
}

/** What a verdict rests on: what was compared, what was left out, and under which conditions. */
export function Judging(props: IJudging): JSX.Element {
  const { trans } = useServices();
  const facts: [string, React.ReactNode][] = [
    [trans.__('Compared'), counted(props.verdict.cells, trans)],
    [trans.__('Left out'), leftOut(props.verdict.cells, trans)],
    [trans.__('Parameters'), parameters(props, trans)],
    [trans.__('Data'), data(props, trans)],
    [trans.__('Environment'), environment(props, trans)],
    [trans.__('Randomness'), randomness(props.verdict, trans)],
    [trans.__('Took'), took(props, trans)]
  ];
  return (
    <dl className="jp-mlops-Judging">
      {facts.map(([name, fact]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

function counted(cells: CellJudgement[], trans: TranslationBundle): string {
  const outputs = cells.flatMap(cell => cell.outputs).filter(o => !o.what);
  const same = outputs.filter(output => output.verdict === 'identical').length;
  return trans.__(
    '%1, %2: %3 identical',
    trans._n('%1 cell', '%1 cells', cells.length),
    trans._n('%1 output', '%1 outputs', outputs.length),
    same
  );
}

function leftOut(cells: CellJudgement[], trans: TranslationBundle): string {
  const places = new Map<string, Set<number | null>>();
  for (const { cell, outputs } of cells) {
    for (const mask of outputs.flatMap(output => output.masks)) {
      places.set(mask, (places.get(mask) ?? new Set()).add(cell));
    }
  }
  if (places.size === 0) {
    return trans.__(
      'nothing: no output held anything that a clock or an address makes'
    );
  }
  const said = [...places].map(([mask, where]) =>
    trans._n(
      '%2 in cell %3',
      '%2 in cells %3',
      where.size,
      maskName(mask, trans),
      [...where].join(', ')
    )
  );
  return said.join(' · ');
}

/** What a mask leaves out of a comparison, in the user's language. */
export function maskName(mask: string, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    folder: trans.__('paths of the copied folder'),
    'progress bar': trans.__('progress bars'),
    'temporary file': trans.__('names of temporary files'),
    uuid: trans.__('random ids'),
    'widget id': trans.__('ids of widgets'),
    address: trans.__('addresses in memory'),
    clock: trans.__('dates and times of the run itself'),
    duration: trans.__('durations'),
    'process id': trans.__('process ids'),
    'number type': trans.__('how numpy spells its types'),
    'set order': trans.__('the order of sets'),
    'drawn id': trans.__('random ids of HTML'),
    'line order': trans.__('the order of lines from parallel work')
  };
  return names[mask] ?? mask;
}

function parameters(
  { comparison }: IJudging,
  trans: TranslationBundle
): React.ReactNode {
  const changed = new Set(comparison.differs.parameter.map(({ what }) => what));
  const same = Object.entries(comparison.parameters).filter(
    ([name]) => !changed.has(name)
  );
  return (
    <>
      {comparison.differs.parameter.map(one => (
        <Changed
          key={one.what}
          what={one.what}
          texts={settingTexts(one, trans)}
        />
      ))}
      {same.length > 0 ? (
        <>
          {trans._n('%1 the same: ', '%1 the same: ', same.length)}
          {same.map(([name, [value]]) => (
            <code key={name}>
              {name} = {formatValue(value)}
            </code>
          ))}
        </>
      ) : (
        changed.size === 0 && trans.__('none recorded')
      )}
    </>
  );
}

function Changed(props: { what: string; texts: string[] }): JSX.Element {
  const [before, after] = props.texts;
  return (
    <div className="jp-mlops-Judging-changed">
      {props.what}: {before} → {after}
    </div>
  );
}

function data(
  { run, comparison }: IJudging,
  trans: TranslationBundle
): React.ReactNode {
  const { differs, unknown } = comparison;
  const used = run.data.length;
  if (used === 0 && differs.data.length === 0) {
    return trans.__('none recorded');
  }
  const unsure = unknown.length
    ? trans._n('%1 can’t be compared', '%1 can’t be compared', unknown.length)
    : null;
  const changed = differs.data.map(({ what, detail }) =>
    detail
      ? trans.__('%1 changed (%2)', what, detail)
      : trans.__('%1 changed', what)
  );
  const said = changed.length
    ? changed
    : [
        trans._n(
          '%1 file or frame: no difference seen',
          '%1 files and frames: no difference seen',
          used
        )
      ];
  return [...said, ...(unsure ? [unsure] : [])].join(' · ');
}

function environment(
  { run, again, comparison }: IJudging,
  trans: TranslationBundle
): React.ReactNode {
  if (run.environment === null || again.environment === null) {
    return trans.__('not recorded of both');
  }
  const changed = comparison.differs.environment;
  if (changed.length > 0) {
    return changed.map(({ what, values }) => (
      <Changed key={what} what={what} texts={values.map(valueText)} />
    ));
  }
  const { python, packages } = again.environment;
  return trans._n(
    'the same: Python %2, %1 package',
    'the same: Python %2, %1 packages',
    Object.keys(packages).length,
    python
  );
}

function randomness(verdict: Verdict, trans: TranslationBundle): string {
  const used: Record<Verdict['randomness'], string> = {
    restored: trans.__('the recorded randomness was put back'),
    fresh: trans.__('drawn anew, as the code seeds it'),
    'none used': trans.__('no unseeded randomness seen')
  };
  const said = used[verdict.randomness] ?? verdict.randomness;
  const cells = verdict.unseeded_cells;
  if (cells.length === 0) {
    return said;
  }
  return trans._n(
    '%2; without a seed in cell %3',
    '%2; without a seed in cells %3',
    cells.length,
    said,
    cells.join(', ')
  );
}

function took({ run, again }: IJudging, trans: TranslationBundle): string {
  const [before, after] = [run, again].map(({ duration_s }) =>
    duration_s === null ? '—' : formatDuration(duration_s)
  );
  return run.trigger === 'interactive'
    ? trans.__(
        '%1 with the start of its kernel; the cells of the run took %2 together',
        after,
        before
      )
    : trans.__(
        '%1; the run took %2, both with the start of their kernel',
        after,
        before
      );
}
