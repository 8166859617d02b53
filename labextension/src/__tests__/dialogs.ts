/** What tests do with JupyterLab's dialogs. */

/** Wait until there is something on the page. */
export async function found<T extends HTMLElement>(
  selector: string
): Promise<T> {
  for (let tries = 0; tries < 100; tries++) {
    const node = document.querySelector<T>(selector);
    if (node) {
      return node;
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  throw new Error(`no ${selector}`);
}

/** Press a button of the dialog that is or comes up. */
export async function press(name: string): Promise<void> {
  await found('.jp-Dialog .jp-Dialog-button');
  const buttons = Array.from(
    document.querySelectorAll<HTMLButtonElement>('.jp-Dialog .jp-Dialog-button')
  );
  const button = buttons.find(({ textContent }) => textContent === name);
  if (!button) {
    throw new Error(`no button ${name}: ${buttons.map(b => b.textContent)}`);
  }
  button.click();
}
