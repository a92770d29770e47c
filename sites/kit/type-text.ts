import type { ElementHandle } from 'playwright';

/** The part of HTMLInputElement that typing takes. */
interface TextField {
  focus(): void;
  /** Lists, and elements that are edited in place, lack it. */
  select?(): void;
  getRootNode(): { activeElement?: unknown };
  ownerDocument: { execCommand(command: 'insertText' | 'delete', showUi: false, text?: string): boolean };
}

/**
 * Puts a text into a text field in place of what it holds, in one go: Playwright's `fill` selects the field and then
 * types into whatever has the focus, so where a page moves the focus in between, another field gets the text.
 *
 * @returns false when the element takes no text, or has not the focus
 * @throws Error when the element is gone or never gets ready; never with the text
 */
export async function typeText(element: ElementHandle, text: string, signal: AbortSignal): Promise<boolean> {
  await element.waitForElementState('visible', { signal });
  await element.waitForElementState('editable', { signal });
  return element.evaluate((node, text) => {
    const field = node as unknown as TextField;
    field.focus();
    field.select?.();
    if (!field.select || field.getRootNode().activeElement !== field) return false;
    // What is empty already can't be emptied.
    return field.ownerDocument.execCommand(text === '' ? 'delete' : 'insertText', false, text) || text === '';
  }, text);
}
