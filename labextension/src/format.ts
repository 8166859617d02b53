/** How values are written for people. Nothing is computed here, only spelled. */

/** Stands where there is no value. */
export const NOTHING = '—';

/** A value as short text; a fraction with at most so many significant digits. */
export function formatValue(value: unknown, digits = 6): string {
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? String(value)
      : String(Number(value.toPrecision(digits)));
  }
  return shortenRedactions(wholeValue(value));
}

/** A value as short text, a dash where a run has none. */
export function valueText(value: unknown): string {
  return value === null ? NOTHING : formatValue(value);
}

/** A value whole, as the command line spells it and `-p` takes it. */
export function wholeValue(value: unknown): string {
  return typeof value === 'string' ? value : json(value);
}

/** JSON with the spaces that Python puts into it. */
function json(value: unknown): string {
  if (isRedacted(value)) {
    return `(redacted ${redactedMark(value)})`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(json).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}: ${json(item)}`
    );
    return `{${items.join(', ')}}`;
  }
  return JSON.stringify(value) ?? '';
}

/** Two values with as many digits as it takes to see that they differ. */
export function toldApart(before: unknown, after: unknown): [string, string] {
  const spell = (value: unknown, digits: number): string =>
    typeof value === 'number' && Math.abs(value) >= 1e6
      ? value.toPrecision(Math.max(digits, 7))
      : formatValue(value, digits);
  for (let digits = 6; digits < 17; digits++) {
    const texts: [string, string] = [
      spell(before, digits),
      spell(after, digits)
    ];
    if (before === after || texts[0] !== texts[1]) {
      return texts;
    }
  }
  return [wholeValue(before), wholeValue(after)];
}

/** How far a number moved, also in percent of what it was; a dash where that makes no sense. */
export function formatChange(before: unknown, after: unknown): string {
  if (typeof before !== 'number' || typeof after !== 'number') {
    return NOTHING;
  }
  const change = after - before;
  const sign = change > 0 ? '+' : change < 0 ? '−' : '';
  const text = sign + formatValue(Math.abs(change), 3);
  if (change === 0 || before === 0) {
    return text;
  }
  const share = Math.abs((change / before) * 100);
  return share < 0.01
    ? `${text} (< 0.01 %)`
    : `${text} (${sign}${formatValue(share, 2)} %)`;
}

/** An error in one line; many, such as an interruption, have no message. */
export function errorText(error: { type: string; message: string }): string {
  return [error.type, error.message].filter(Boolean).join(': ');
}

/** What capture keeps in place of a secret. */
export interface IRedacted {
  redacted: string;
}

/** Whether capture kept a keyed digest in place of the value. */
export function isRedacted(value: unknown): value is IRedacted {
  return (
    typeof value === 'object' &&
    value !== null &&
    'redacted' in value &&
    typeof value.redacted === 'string'
  );
}

/** By what equal secrets are known as equal: the start of the digest. */
export function redactedMark({ redacted }: IRedacted): string {
  return redacted.slice(redacted.indexOf(':') + 1).slice(0, 8);
}

const REDACTION = /\[redacted [a-z0-9-]+:([0-9a-f]{8})[0-9a-f]*\]/g;

/** A text whose secrets were redacted, with as much of their digests as tells them apart. */
export function shortenRedactions(text: string): string {
  return text.replace(REDACTION, '[redacted $1]');
}

/** A duration for people; `whole` leaves out what is below a second, for what is ticking. */
export function formatDuration(seconds: number, whole = false): string {
  if (!whole && Math.round(seconds * 1000) < 1000) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (!whole && Math.round(seconds * 10) < 600) {
    return `${seconds.toFixed(1)} s`;
  }
  const total = whole ? Math.floor(seconds) : Math.round(seconds);
  if (total < 60) {
    return `${total} s`;
  }
  const minutes = Math.floor(total / 60);
  return minutes < 60
    ? `${minutes} min ${total % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(
    Math.floor(Math.log10(Math.max(bytes, 1)) / 3),
    units.length - 1
  );
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}

const TIME: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23'
};

/** The time of day, with the day unless it was today. */
export function formatTime(
  iso: string,
  locale?: string,
  now: Date = new Date()
): string {
  const at = new Date(iso);
  return at.toDateString() === now.toDateString()
    ? at.toLocaleTimeString(locale, { ...TIME, second: '2-digit' })
    : formatDay(iso, locale, now);
}

/** The day in a word or as a date, and the time. */
export function formatDay(
  iso: string,
  locale?: string,
  now: Date = new Date()
): string {
  const at = new Date(iso);
  const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
  if (days === 0 || days === -1) {
    const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
    return `${words.format(days, 'day')}, ${at.toLocaleTimeString(locale, TIME)}`;
  }
  const year =
    at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const };
  return at.toLocaleString(locale, {
    ...year,
    ...TIME,
    month: 'short',
    day: 'numeric'
  });
}

/** Everything about a point in time, for tooltips. */
export function wholeTime(iso: string, locale?: string): string {
  return new Date(iso).toLocaleString(locale, {
    dateStyle: 'full',
    timeStyle: 'long'
  });
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** The first characters of an id or of a digest's hexadecimal part. */
export function shorten(id: string): string {
  const colon = id.indexOf(':');
  return id.slice(0, colon + 1 + 8);
}
