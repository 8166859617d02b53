// jsdom has neither; without the first, JupyterLab warns in every test file.
Object.defineProperty(navigator, 'clipboard', {
  value: {},
  configurable: true
});
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};

// jsdom lays nothing out, so there is nothing to scroll.
Element.prototype.scrollIntoView = () => undefined;
