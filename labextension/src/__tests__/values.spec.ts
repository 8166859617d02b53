import {
  errorText,
  formatDay,
  formatDuration,
  formatSize,
  formatTime,
  formatValue,
  shorten,
  wholeTime
} from '../format';
import { Repeater } from '../repeater';
import { isOurVersion } from '../version';

describe('format', () => {
  it('puts no colon behind an error without a message', () => {
    expect(errorText({ type: 'KeyboardInterrupt', message: '' })).toBe(
      'KeyboardInterrupt'
    );
    expect(errorText({ type: 'KeyError', message: "'x'" })).toBe(
      "KeyError: 'x'"
    );
  });

  it.each([
    [0.1 + 0.2, '0.3'],
    [1e-7, '1e-7'],
    [891, '891'],
    [123456789, '123456789'],
    ['NaN', 'NaN'],
    [['a', 2, false], '["a", 2, false]'],
    [{ a: { b: null } }, '{"a": {"b": null}}'],
    [null, 'null'],
    [{ redacted: 'hmac-sha256:0123456789ab' }, '(redacted 01234567)'],
    [
      { user: 'ada', key: { redacted: 'hmac-sha256:0123456789ab' } },
      '{"user": "ada", "key": (redacted 01234567)}'
    ],
    [
      `postgres://ada:[redacted hmac-sha256:${'0123456789abcdef'.repeat(4)}]@db`,
      'postgres://ada:[redacted 01234567]@db'
    ],
    [{ redacted: 5 }, '{"redacted": 5}']
  ])('writes %p as %p', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it.each([
    [0.0123, '12 ms'],
    [3.25, '3.3 s'],
    [125, '2 min 5 s'],
    [7260, '2 h 1 min']
  ])('writes %p seconds as %p', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [0.9996, '1.0 s'],
    [59.96, '1 min 0 s']
  ])('rounds %p seconds up to %p', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [0.9, '0 s'],
    [59.9, '59 s'],
    [61, '1 min 1 s']
  ])('writes %p ticking seconds as %p', (seconds, text) => {
    expect(formatDuration(seconds, true)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [61194, '61.2 kB'],
    [8e8, '800 MB']
  ])('writes %p bytes as %p', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('names the day only if it was another', () => {
    const now = new Date(2026, 0, 2, 15);
    expect(
      formatTime(new Date(2026, 0, 2, 3, 4, 5).toISOString(), 'en', now)
    ).toBe('03:04:05');
    expect(
      formatTime(new Date(2025, 11, 31, 3, 4).toISOString(), 'en', now)
    ).toContain('2025');
    const yesterday = new Date(2026, 0, 1, 23, 50).toISOString();
    expect(formatTime(yesterday, 'en', now)).toBe('yesterday, 23:50');
    expect(formatDay(now.toISOString(), 'en', now)).toBe('today, 15:00');
  });

  it('has the whole of a time for tooltips', () => {
    const whole = wholeTime(new Date(2026, 0, 2, 3, 4, 5).toISOString(), 'en');
    for (const part of ['Friday', 'January 2, 2026', '3:04:05']) {
      expect(whole).toContain(part);
    }
  });

  it('shortens a digest but never its algorithm', () => {
    expect(shorten('xxh3:0123456789abcdef')).toBe('xxh3:01234567');
    expect(shorten('0123456789abcdef')).toBe('01234567');
  });
});

describe('isOurVersion', () => {
  it.each([
    ['1.2.0', '1.2.0', true],
    ['1.2.0b1', '1.2.0-beta.1', true],
    ['1.2.0rc2', '1.2.0-rc.2', true],
    ['1.2.1', '1.2.0', false]
  ])('%p of Python is %p of npm: %p', (theirs, ours, same) => {
    expect(isOurVersion(theirs, ours)).toBe(same);
  });
});

describe('Repeater', () => {
  it('runs once more after the one under way, however often it is called', async () => {
    const ends: (() => void)[] = [];
    const repeater = new Repeater(
      () => new Promise(resolve => ends.push(resolve))
    );
    const first = repeater.invoke();
    const second = repeater.invoke();
    const third = repeater.invoke();
    expect(ends).toHaveLength(1);
    ends[0]();
    await first;
    await Promise.resolve();
    expect(ends).toHaveLength(2);
    ends[1]();
    await Promise.all([second, third]);
    expect(ends).toHaveLength(2);
  });

  it('runs again after a failure', async () => {
    const task = jest
      .fn()
      .mockRejectedValueOnce(new Error('no'))
      .mockResolvedValue(undefined);
    const repeater = new Repeater(task);
    const first = repeater.invoke();
    const second = repeater.invoke();
    await expect(first).rejects.toThrow('no');
    await second;
    expect(task).toHaveBeenCalledTimes(2);
  });
});
