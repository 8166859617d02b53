import * as React from 'react';

import { Banner, Loading } from './Notices';
import { useServices } from './services';

interface ITrace {
  type: string;
  line?: object;
  [key: string]: unknown;
}

/** A plotly figure as the server made it; only its colours follow the theme. */
export interface IFigure {
  data: ITrace[];
  layout: Record<string, unknown>;
}

/** The traces of the partial bundle that we ship; the whole one is three times its size. */
const DRAWABLE = ['parcoords', 'scatter', 'scattergl', 'splom'];

export function isDrawable(figure: IFigure): boolean {
  return figure.data.every(trace => DRAWABLE.includes(trace.type));
}

type Plotly = typeof import('plotly.js-gl2d-dist-min');

type Drawing = 'loading' | 'drawn' | { failure: string };

/**
 * Draws a figure, in the theme's colours and in its own width.
 *
 * `onPick` is told which line of parallel coordinates was clicked: plotly tells which one
 * the pointer is over, and a click picks that.
 */
export function Figure(props: {
  figure: IFigure;
  label: string;
  onPick?: (line: number) => void;
}): JSX.Element {
  const { trans } = useServices();
  const host = React.useRef<HTMLDivElement>(null);
  const hovered = React.useRef<number | null>(null);
  const { figure } = props;
  const state = useDrawing(figure, host, hovered);
  const onClick = (event: React.MouseEvent): void => {
    const line = lineAt(event, hovered);
    if (line !== null) {
      props.onPick?.(line);
    }
  };
  return (
    <div
      className="jp-mlops-Figure"
      data-state={typeof state === 'string' ? state : 'failed'}
    >
      {state === 'loading' && (
        <Loading label={trans.__('Drawing the figure…')} lines={5} />
      )}
      {typeof state === 'object' && (
        <Banner tone="error">
          {trans.__(
            'The figure can’t be drawn here (%1). The table below holds the same values.',
            state.failure
          )}
        </Banner>
      )}
      <div
        ref={host}
        role="img"
        aria-label={props.label}
        style={{ height: heightOf(figure) }}
        onClick={onClick}
      />
      <Thicker />
    </div>
  );
}

/** Draws a figure into `host`, again after each change of it, of the theme or of the size. */
function useDrawing(
  figure: IFigure,
  host: React.RefObject<HTMLDivElement>,
  hovered: React.MutableRefObject<number | null>
): Drawing {
  const { themes } = useServices();
  const [state, setState] = React.useState<Drawing>('loading');
  React.useLayoutEffect(() => {
    const node = host.current;
    if (node === null) {
      return;
    }
    let plotly: Plotly | null = null;
    let isWanted = true;
    const draw = async (): Promise<void> => {
      try {
        plotly ??= await loadPlotly();
        if (isWanted) {
          const data = themed(figure.data, node) as Parameters<
            Plotly['react']
          >[1];
          await plotly.react(
            node,
            data,
            themedLayout(figure.layout, node),
            CONFIG
          );
          followPointer(node, hovered);
          setState('drawn');
        }
      } catch (error) {
        if (isWanted) {
          setState({ failure: String(error) });
        }
      }
    };
    const redraw = (): void => void draw();
    const observer = new ResizeObserver(() => {
      if (plotly && node.offsetWidth > 0 && node.querySelector('.main-svg')) {
        plotly.Plots.resize(node);
      }
    });
    observer.observe(node);
    themes?.themeChanged.connect(redraw);
    redraw();
    return () => {
      isWanted = false;
      observer.disconnect();
      themes?.themeChanged.disconnect(redraw);
      plotly?.purge(node);
    };
  }, [figure, themes, host, hovered]);

  return state;
}

/** A figure of many frames says how tall it has to be. */
function heightOf({ layout }: IFigure): number | undefined {
  return typeof layout.height === 'number' ? layout.height : undefined;
}

/** Makes plotly's lines, which are one pixel wide, wide enough for their colours to be seen. */
function Thicker(): JSX.Element {
  return (
    <svg width="0" height="0" aria-hidden="true">
      <filter id="jp-mlops-thicker">
        <feMorphology operator="dilate" radius="0.7" />
      </filter>
    </svg>
  );
}

async function loadPlotly(): Promise<Plotly> {
  const module = await import('plotly.js-gl2d-dist-min');
  return (module as unknown as { default?: Plotly }).default ?? module;
}

const CONFIG = {
  displaylogo: false,
  displayModeBar: false,
  responsive: false,
  // Lines are one device pixel wide; of two on a pixel of the page, as is plotly's way, one is
  // too faint to see.
  plotGlPixelRatio: 1
};

/** What parallel coordinates tell of the line under the pointer. */
interface IHover {
  curveNumber?: number;
}

interface IPlotElement extends HTMLElement {
  on?: (event: string, listener: (event: IHover) => void) => void;
  removeAllListeners?: (event: string) => void;
}

function followPointer(
  node: IPlotElement,
  hovered: React.MutableRefObject<number | null>
): void {
  for (const event of ['plotly_hover', 'plotly_unhover']) {
    node.removeAllListeners?.(event);
  }
  node.on?.('plotly_hover', event => {
    hovered.current = event.curveNumber ?? null;
  });
  node.on?.('plotly_unhover', () => {
    hovered.current = null;
  });
}

/** So far from a line, in px, a click still means it. */
const REACH = 6;

/** The line at a click. Plotly finds one only on its very pixel, so we look around it as well. */
function lineAt(
  { target, clientX, clientY }: React.MouseEvent,
  hovered: React.MutableRefObject<number | null>
): number | null {
  const isPlot = (target as Element).classList.contains('gl-canvas-pick');
  for (
    let step = 2;
    isPlot && hovered.current === null && step <= 2 * REACH + 1;
    step++
  ) {
    // 1 px above, 1 px below, 2 px above …
    const y = clientY + (step % 2 ? 1 : -1) * Math.floor(step / 2);
    target.dispatchEvent(new MouseEvent('mousemove', { clientX, clientY: y }));
  }
  return hovered.current;
}

/** What a variable of the theme stands for: plotly parses colours itself and knows none. */
function variable(node: Element, name: string): string {
  return getComputedStyle(node).getPropertyValue(name).trim();
}

function themedLayout(
  layout: IFigure['layout'],
  node: Element
): Record<string, unknown> {
  const grid = variable(node, '--jp-border-color2');
  const axes = Object.entries(layout)
    .filter(([name]) => /^[xy]axis/.test(name))
    .map(([name, axis]) => [
      name,
      {
        ...(axis as object),
        gridcolor: grid,
        zerolinecolor: grid,
        linecolor: grid,
        tickcolor: grid
      }
    ]);
  return {
    ...layout,
    ...Object.fromEntries(axes),
    autosize: true,
    font: {
      family: variable(node, '--jp-ui-font-family'),
      color: variable(node, '--jp-ui-font-color1'),
      size: 12
    },
    paper_bgcolor: variable(node, '--jp-layout-color0'),
    plot_bgcolor: 'rgba(0,0,0,0)'
  };
}

function isScale(line: object | undefined): boolean {
  return (line as { showscale?: boolean } | undefined)?.showscale === true;
}

function themed(data: ITrace[], node: Element): ITrace[] {
  const color = variable(node, '--jp-ui-font-color1');
  // From blue to orange: told apart by most eyes, and on both grounds.
  const colorscale = [
    [0, variable(node, '--jp-brand-color1')],
    [1, variable(node, '--jp-warn-color0')]
  ];
  return data.map(trace =>
    trace.type === 'parcoords'
      ? {
          ...trace,
          // Few runs have a colour each, which the legend names.
          line: isScale(trace.line)
            ? { ...trace.line, colorscale }
            : trace.line,
          labelfont: { color },
          tickfont: { color },
          rangefont: { color },
          unselected: {
            line: { color: variable(node, '--jp-border-color2'), opacity: 0.4 }
          }
        }
      : trace
  );
}
