import * as React from 'react';

import { formatValue, isRedacted, redactedMark } from '../format';
import { useServices } from './services';
import { Tag } from './Tag';

/** A value as text; in place of one that capture redacted, that it did. */
export function Value(props: {
  value: unknown;
  digits?: number;
  /** Show also by what equal secrets are known as equal. */
  withMark?: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const { value, digits, withMark } = props;
  if (!isRedacted(value)) {
    return <>{formatValue(value, digits)}</>;
  }
  return (
    <span className="jp-mlops-Redacted">
      <Tag
        title={trans.__(
          'Kept as a keyed digest only: equal secrets compare, nothing can be read back'
        )}
      >
        {trans.__('redacted')}
      </Tag>
      {withMark && <code>{redactedMark(value)}</code>}
    </span>
  );
}
