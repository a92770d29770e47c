import type { ElementHandle } from 'playwright';

/** The part of HTMLInputElement that typing takes. */
interface TextField {
  focus(): void;
  select(): void;
  getRootNode(): { activeElement?: unknown };
  ownerDocument: { execCommand(command: 'insertText' | 'delete', showUi: false, text?: string): boolean };
}

/**
 * Puts a secret into a text field, in one go: Playwright's `fill` selects the field and then types into whatever has the
 * focus, so a page that moves the focus in between gets the secret into a field that shows it.
 *
 * @throws Error when the field can't be typed into; never with the secret
 */
export async function typeSecret(element: ElementHandle, secret: string, signal: AbortSignal): Promise<void> {
  await element.waitForElementState('visible', { signal });
  await element.waitForElementState('editable', { signal });
  const typed = await element.evaluate((node, text) => {
    const field = node as unknown as TextField;
    field.focus();
    field.select();
    if (field.getRootNode().activeElement !== field) return false;
    return field.ownerDocument.execCommand(text === '' ? 'delete' : 'insertText', false, text);
  }, secret);
  if (!typed && secret !== '') throw new Error('the field takes no text');
}
