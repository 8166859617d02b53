import { act, render, screen } from '@testing-library/react';
import * as React from 'react';

import { Clock } from '../clock';
import { ServicesProvider } from '../components/services';
import { ClockProvider, Duration } from '../components/Times';
import type { RunSummary } from '../schema';
import { Stage, summaryOf } from './server';

const NOW = Date.parse('2026-01-02T03:04:05Z');

describe('Duration', () => {
  let clock: Clock;
  let stage: Stage;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    clock = new Clock();
    stage = new Stage();
  });

  afterEach(() => {
    stage.dispose();
    clock.dispose();
    jest.useRealTimers();
  });

  const show = (some: Partial<RunSummary>): ReturnType<typeof render> =>
    render(
      <ServicesProvider value={stage.services}>
        <ClockProvider value={clock}>
          <Duration run={summaryOf('a', some)} />
        </ClockProvider>
      </ServicesProvider>
    );
  const text = (): string | null => document.body.textContent;
  const pass = (ms: number): void => act(() => jest.advanceTimersByTime(ms));
  const executing = (started: number): Partial<RunSummary> => ({
    status: 'running',
    executing: { cell: 1, id: null, started: new Date(started).toISOString() }
  });

  it('stands still once the run has ended', () => {
    show({ duration_s: 3.25 });
    expect(text()).toBe('3.3 s');
    expect(clock.isRunning).toBe(false);
  });

  it('ticks during a cell, from what the cells before it took', () => {
    const { unmount } = show({ ...executing(NOW - 2000), duration_s: 10 });
    expect(text()).toBe('12 s');
    pass(3000);
    expect(text()).toBe('15 s');
    unmount();
    expect(clock.isRunning).toBe(false);
  });

  it('ticks during a batch from its beginning', () => {
    const started = new Date(NOW - 60_000).toISOString();
    show({ status: 'running', trigger: 'run', started, duration_s: null });
    pass(1000);
    expect(screen.getByText('1 min 1 s')).toBeTruthy();
  });

  it('never goes below zero, whatever the server’s clock says', () => {
    show({ ...executing(NOW + 60_000), duration_s: 0 });
    expect(text()).toBe('0 s');
  });

  it('stops while the panel is hidden, and is right when it is shown again', () => {
    show({ ...executing(NOW), duration_s: 0 });
    act(() => {
      clock.isShown = false;
    });
    expect(clock.isRunning).toBe(false);
    pass(5000);
    expect(text()).toBe('0 s');
    act(() => {
      clock.isShown = true;
    });
    expect(text()).toBe('5 s');
  });
});
