import * as React from 'react';

import type { Surroundings } from '../schema';
import { useServices } from './services';

/** On what a run was made, a row for each thing that is known. */
export function SurroundingsTable(props: { found: Surroundings }): JSX.Element {
  const { trans } = useServices();
  const { found } = props;
  const { repository } = found;
  const facts: [string, string | null | undefined][] = [
    [trans.__('Interpreter'), found.interpreter],
    [trans.__('System'), found.system],
    [trans.__('Processor'), found.cpu],
    [trans.__('Processors'), found.cpus?.toString()],
    [trans.__('Libraries'), found.libraries.join('; ')],
    [trans.__('Graphics'), [...found.gpus, found.driver ?? ''].join(' ')],
    [trans.__('Imported'), found.imported.join(', ')],
    [trans.__('Branch'), repository?.branch],
    [trans.__('Commit'), repository?.commit],
    [
      trans.__('Files'),
      repository?.changed === true
        ? trans.__('changed since the commit')
        : repository?.changed === false
          ? trans.__('as committed')
          : null
    ],
    ...Object.entries(found.variables ?? {}),
    ...Object.entries(found.outdated ?? {}).map(
      ([name, version]): [string, string] => [
        name,
        trans.__('replaced while %1 was loaded', version)
      ]
    )
  ];
  return (
    <table
      role="table"
      className="jp-mlops-Facts"
      aria-label={trans.__('Surroundings')}
    >
      <tbody role="rowgroup">
        {facts
          .filter(([, value]) => value?.trim())
          .map(([name, value]) => (
            <tr key={name} role="row">
              <th scope="row" role="rowheader">
                {name}
              </th>
              <td role="cell" className="jp-mlops-Facts-value">
                {value}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
