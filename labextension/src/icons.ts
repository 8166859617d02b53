import { LabIcon } from '@jupyterlab/ui-components';

/** Two runs through the same axes: what the product is about. */
export const mlopsIcon = new LabIcon({
  name: 'mlops:panel',
  // The classes are what JupyterLab's themes colour; on strokes alone, as nothing is filled.
  svgstr: svg(
    '<g fill="none" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">' +
      '<path class="jp-icon3" stroke="#616161" stroke-opacity=".5" d="M3 3v14M10 3v14M17 3v14"/>' +
      '<path class="jp-icon3" stroke="#616161" d="M3 14l7-8 7 4"/>' +
      '<path class="jp-icon3" stroke="#616161" d="M3 7l7 6 7-8"/></g>',
    20
  )
});

const SHAPES = {
  check: 'M2.5 6.5 5 9l4.5-5.5',
  cross: 'M3 3l6 6M9 3l-6 6',
  warning: 'M6 2 10.6 10H1.4zM6 5v2M6 8.6v.01',
  bar: 'M2.5 6h7',
  question: 'M4 4.2a2 2 0 1 1 2.9 1.8C6.2 6.4 6 6.8 6 7.4M6 9.6v.2',
  approximate:
    'M2 4.6c1.4-1.6 2.6-1.2 4 0s2.6 1.6 4 0M2 8.4c1.4-1.6 2.6-1.2 4 0s2.6 1.6 4 0',
  unequal: 'M2.5 4.4h7M2.5 7.6h7M8 2 4 10',
  ring: 'M6 2.2a3.8 3.8 0 1 0 .01 0z',
  arc: 'M6 2.2a3.8 3.8 0 1 0 3.8 3.8',
  dot: 'M6 4a2 2 0 1 0 .01 0M6 5.2a.8 .8 0 1 0 .01 0',
  pencil: 'M2.4 9.6l.5-2.2 5.2-5.2 1.7 1.7-5.2 5.2z'
};

export type MarkShape = keyof typeof SHAPES;

/** Small marks, told apart by their shape; colour only repeats what the shape says. */
export const markIcons = Object.fromEntries(
  Object.entries(SHAPES).map(([name, path]) => [
    name,
    new LabIcon({
      name: `mlops:mark-${name}`,
      svgstr: svg(
        `<path d="${path}" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>`,
        12
      )
    })
  ])
) as Record<MarkShape, LabIcon>;

function svg(content: string, size: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}">${content}</svg>`;
}
