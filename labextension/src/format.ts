/** How values are written for people. Nothing is computed here, only spelled. */

/** A value as short text; a fraction with at most so many significant digits. */
export function formatValue(value: unknown, digits = 6): string {
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? String(value)
      : String(Number(value.toPrecision(digits)));
  }
  if (typeof value === 'string') {
    return value;
  }
  return isRedacted(value) ? '•••' : (JSON.stringify(value) ?? '');
}

/** A value whole, for tooltips and copies. */
export function wholeValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Whether capture kept a keyed hash in place of the value. */
export function isRedacted(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'redacted' in value;
}

export function formatDuration(seconds: number): string {
  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
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

/** The time of day, with the date unless it was today. */
export function formatTime(
  iso: string,
  locale?: string,
  now: Date = new Date()
): string {
  const at = new Date(iso);
  const time: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23'
  };
  if (at.toDateString() === now.toDateString()) {
    return at.toLocaleTimeString(locale, time);
  }
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
  const year =
    at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' as const };
  return at.toLocaleString(locale, {
    ...year,
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23'
  });
}

/** The first characters of an id or of a digest's hexadecimal part. */
export function shorten(id: string): string {
  const colon = id.indexOf(':');
  return id.slice(0, colon + 1 + 8);
}
