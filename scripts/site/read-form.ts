import type { Locator, Page } from 'playwright';
import { locateChallenge } from '../../sites/kit/challenge.ts';
import { CommandError } from '../command.ts';

/** A field as a person sees it, with the source of a locator that finds it alone. */
export interface SeenField {
  kind: 'text' | 'email' | 'password' | 'tel' | 'checkbox' | 'radio' | 'select' | 'file';
  /** What it says beside it, or its name. */
  label: string;
  /** Its names in the page, for guessing what goes into it: name, id, autocomplete and label. */
  hints: string;
  locator: string;
  required: boolean;
  options: string[];
}

export interface SeenForm {
  fields: SeenField[];
  /** The source of the button's locator. */
  button: string | undefined;
  /** The page asks for a human. */
  challenge: boolean;
}

/** What is read of an element of the form. */
interface FieldElement {
  type: string;
  name: string;
  id: string;
  autocomplete: string;
  required: boolean;
  placeholder?: string;
  innerText: string;
  value: string;
  labels?: Iterable<{ innerText: string }> | null;
  options?: Iterable<{ text: string }>;
  getAttribute(name: string): string | null;
}

const quote = (text: string) => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;

/** The form with a password, or else the one with the most fields. */
async function findForm(page: Page): Promise<Locator | undefined> {
  const forms = await page
    .locator('form')
    .filter({ has: page.locator('input:visible, textarea:visible, select:visible') })
    .all();
  const sizes = await Promise.all(
    forms.map(
      async (form) =>
        ((await form.locator('input[type=password]').count()) > 0 ? 1_000 : 0) +
        (await form.locator('input:visible, textarea:visible, select:visible').count()),
    ),
  );
  return forms[sizes.indexOf(Math.max(...sizes))];
}

function readKind(type: string): SeenField['kind'] | undefined {
  if (type.startsWith('select')) return 'select';
  if (['email', 'password', 'tel', 'checkbox', 'radio', 'file'].includes(type)) return type as SeenField['kind'];
  return ['text', 'url', 'search', 'number', 'date', 'textarea', ''].includes(type) ? 'text' : undefined;
}

/** The first of these sources that finds one element in the page; they are plain enough to be made locators here, too. */
async function findLocator(
  page: Page,
  { label, placeholder, name, id }: Record<'label' | 'placeholder' | 'name' | 'id', string>,
): Promise<string | undefined> {
  const candidates: [source: string, locator: Locator][] = [];
  if (label)
    candidates.push(
      [`page.getByLabel(${quote(label)})`, page.getByLabel(label)],
      [`page.getByLabel(${quote(label)}, { exact: true })`, page.getByLabel(label, { exact: true })],
    );
  if (placeholder)
    candidates.push([`page.getByPlaceholder(${quote(placeholder)})`, page.getByPlaceholder(placeholder)]);
  for (const [attribute, value] of [
    ['name', name],
    ['id', id],
  ] as const) {
    if (value)
      candidates.push([
        `page.locator(${quote(`[${attribute}="${value}"]`)})`,
        page.locator(`[${attribute}=${JSON.stringify(value)}]`),
      ]);
  }
  for (const [source, locator] of candidates) if ((await locator.count()) === 1) return source;
  return undefined;
}

async function readField(page: Page, field: Locator): Promise<SeenField | undefined> {
  const { type, name, id, autocomplete, required, placeholder, label, options } = await field.evaluate((element) => {
    const one = element as unknown as FieldElement;
    const [first] = one.labels ?? [];
    return {
      type: one.type,
      name: one.name,
      id: one.id,
      autocomplete: one.autocomplete,
      required: one.required,
      placeholder: one.placeholder ?? '',
      label: one.getAttribute('aria-label') ?? first?.innerText ?? '',
      options: [...(one.options ?? [])].map(({ text }) => text.trim()),
    };
  });
  const kind = readKind(type);
  if (!kind) return undefined;
  const words = label.replace(/[\s*:]+/g, ' ').trim();
  const locator = await findLocator(page, { label: words, placeholder, name, id });
  if (locator === undefined) return undefined;
  return {
    kind,
    label: words || placeholder || name || id,
    hints: [name, id, autocomplete, words, placeholder].join(' '),
    locator,
    required,
    options,
  };
}

async function readButton(page: Page, form: Locator): Promise<string | undefined> {
  const button = form
    .locator('button:not([type=button]):not([type=reset]), input[type=submit], input[type=image]')
    .filter({ visible: true })
    .last();
  if ((await button.count()) === 0) return undefined;
  const { name, value, words } = await button.evaluate((element) => {
    const { name, value, innerText } = element as unknown as FieldElement;
    return { name, value, words: innerText.trim() };
  });
  const text = (words || value).replace(/\s+/g, ' ');
  for (const exact of [false, true]) {
    if (text && (await page.getByRole('button', { name: text, exact }).count()) === 1) {
      return `page.getByRole('button', { name: ${quote(text)}${exact ? ', exact: true' : ''} })`;
    }
  }
  return findLocator(page, { label: '', placeholder: '', name, id: '' });
}

/** Reads a page's form, and sends nothing. @throws CommandError when there is none, or no page */
export async function readForm(page: Page, address: string): Promise<SeenForm> {
  const response = await page.goto(address, { waitUntil: 'load' }).catch(() => undefined);
  if (!response?.ok())
    throw new CommandError(`${address} ${response ? `answers ${response.status()}` : 'does not answer'}`);
  const form = await findForm(page);
  if (!form) throw new CommandError(`${address} shows no form`);
  const fields: SeenField[] = [];
  for (const field of await form.locator('input:visible, textarea:visible, select:visible, input[type=file]').all()) {
    const seen = await readField(page, field);
    if (seen) fields.push(seen);
  }
  return { fields, button: await readButton(page, form), challenge: await locateChallenge(page).isVisible() };
}
