import { FocusKeeper } from '../panels/focus';

/** Until the observer, which the browser calls after all that is under way, has been called. */
const settled = (): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, 0));

describe('FocusKeeper', () => {
  const ROWS =
    '<ul><li role="option" tabindex="-1"></li>' +
    '<li role="option" tabindex="0" id="row"></li></ul>';
  let panel: HTMLElement;
  let keeper: FocusKeeper;

  beforeEach(() => {
    document.body.innerHTML = `<button id="outside"></button><div id="panel"></div>`;
    panel = document.getElementById('panel')!;
    keeper = new FocusKeeper(panel);
  });

  afterEach(() => keeper.dispose());

  const focused = (): string | undefined => document.activeElement?.id;
  const focus = (id: string): void => document.getElementById(id)?.focus();

  it('goes to the row that Tab reaches', () => {
    panel.innerHTML = ROWS;
    keeper.enter();
    expect(focused()).toBe('row');
  });

  it('leaves who is inside in place', () => {
    panel.innerHTML = `<button id="start"></button>${ROWS}`;
    focus('start');
    keeper.enter();
    expect(focused()).toBe('start');
  });

  it('goes to the list from elsewhere in the panel when asked to', () => {
    panel.innerHTML = `<button id="start"></button>${ROWS}`;
    focus('start');
    expect(keeper.goToList()).toBe(true);
    expect(focused()).toBe('row');
    panel.innerHTML = '';
    expect(keeper.goToList()).toBe(false);
  });

  it('waits in the panel until there are rows', async () => {
    keeper.enter();
    expect(focused()).toBe('panel');
    panel.innerHTML = ROWS;
    await settled();
    expect(focused()).toBe('row');
  });

  it('goes to the list when what has the focus goes away', async () => {
    panel.innerHTML = `<button id="clear"></button>${ROWS}`;
    focus('clear');
    document.getElementById('clear')!.remove();
    await settled();
    expect(focused()).toBe('row');
  });

  it('stays in the part of the panel that lost a button, if that can be focused', async () => {
    panel.innerHTML = `${ROWS}<section id="part" tabindex="-1"><button id="start"></button></section>`;
    focus('start');
    document.getElementById('start')!.remove();
    await settled();
    expect(focused()).toBe('part');
  });

  it('takes the focus from nobody', async () => {
    panel.innerHTML = `<button id="clear"></button>${ROWS}`;
    focus('clear');
    focus('outside');
    document.getElementById('clear')!.remove();
    await settled();
    expect(focused()).toBe('outside');
  });
});
