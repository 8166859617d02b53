// The partial bundle has the interface of the whole and ships no types of its own.
declare module 'plotly.js-gl2d-dist-min' {
  export * from 'plotly.js';
}
