import type { IThemeManager } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { RequestError } from '../client';
import type { Feed, IChange } from '../feed';
import { Repeater } from '../repeater';
import type { IMlops } from '../tokens';

/** What every view of ours needs. */
export interface IServices {
  mlops: IMlops;
  commands: CommandRegistry;
  rendermime: IRenderMimeRegistry;
  themes: IThemeManager | null;
  trans: TranslationBundle;
  /** Language for dates; undefined is the browser's. */
  locale?: string;
}

const ServicesContext = React.createContext<IServices | null>(null);

export const ServicesProvider = ServicesContext.Provider;

export function useServices(): IServices {
  const services = React.useContext(ServicesContext);
  if (services === null) {
    throw new Error(
      'A view of jupyter-mlops stands outside its ServicesProvider'
    );
  }
  return services;
}

/** Execute a command of ours; it tells its failures to the user itself. */
export function useCommand(): (
  id: string,
  args?: ReadonlyPartialJSONObject
) => void {
  const { commands } = useServices();
  return (id, args) => void commands.execute(id, args);
}

/** Render again whenever `signal` is emitted. */
export function useSignal(signal: ISignal<unknown, unknown> | undefined): void {
  const [, count] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    const slot = (): void => count();
    signal?.connect(slot);
    return () => {
      signal?.disconnect(slot);
    };
  }, [signal]);
}

/** A document of the server: while `value` and `error` are both null, it is being fetched. */
export interface IFetched<T> {
  value: T | null;
  error: RequestError | null;
  refetch: () => void;
}

/**
 * Fetch a document, and again whenever the feed tells a change that `concerns` it.
 * A failed repetition keeps the earlier value beside the error.
 */
export function useFetched<T>(
  key: string,
  fetch: () => Promise<T>,
  feed: Feed,
  concerns: (change: IChange) => boolean
): IFetched<T> {
  interface IState {
    key: string;
    value: T | null;
    error: RequestError | null;
  }
  const [state, setState] = React.useState<IState>({
    key,
    value: null,
    error: null
  });
  const current = React.useRef({ fetch, concerns });
  current.current = { fetch, concerns };
  const refetch = React.useRef<() => void>(() => undefined);

  React.useEffect(() => {
    let isWanted = true;
    const set = (next: (last: IState) => IState): void => {
      if (isWanted) {
        setState(next);
      }
    };
    const repeater = new Repeater(async () => {
      try {
        const value = await current.current.fetch();
        set(() => ({ key, value, error: null }));
      } catch (error) {
        const failed = { key, error: error as RequestError };
        set(last => ({
          ...failed,
          value: last.key === key ? last.value : null
        }));
      }
    });
    refetch.current = () => void repeater.invoke();
    const onChange = (_: Feed, change: IChange): void => {
      if (current.current.concerns(change)) {
        refetch.current();
      }
    };
    feed.changed.connect(onChange);
    refetch.current();
    return () => {
      isWanted = false;
      feed.changed.disconnect(onChange);
    };
  }, [key, feed]);

  const shown = state.key === key ? state : { value: null, error: null };
  return { ...shown, refetch: () => refetch.current() };
}
