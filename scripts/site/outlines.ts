import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { structuredPatch } from 'diff';
import escapeStringRegexp from 'escape-string-regexp';
import type { Locator } from 'playwright';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { findShippedOutlines } from '../../sites/loader/shipped-recipes.ts';
import { CommandError } from '../command.ts';

/** The forms of each step, in the order in which the recipe comes to them. */
export type Outlines = Record<string, string[]>;

const outlinesFile = z.record(z.string(), z.array(z.string())).nullish();

/**
 * The accessibility outline of the form that a field is in, or of the page when it is in none; undefined when that was
 * read since the page was loaded.
 */
export async function readOutline(field: Locator): Promise<string | undefined> {
  const fresh = await field.evaluate((element) => {
    const place = globalThis as unknown as { enlistRead?: WeakSet<object> };
    const read = (place.enlistRead ??= new WeakSet());
    const { form, ownerDocument } = element as unknown as { form?: object | null; ownerDocument: object };
    const region = form ?? ownerDocument;
    if (read.has(region)) return false;
    read.add(region);
    return true;
  });
  if (!fresh) return undefined;
  const form = field.locator('xpath=ancestor::form[1]');
  const region = (await form.count()) > 0 ? form : field.page().locator('body');
  return region.ariaSnapshot();
}

const varying = [
  /https?:\/\/[^\s"']+/g,
  // Tokens.
  /\b(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{16,}/gi,
  /\b\d{1,2}:\d\d(?::\d\d)?\b/g,
  // Dates, years, counts; the 8 of "at least 8 characters" stays.
  /\d+(?:[./-]\d+){2}|\d{4,}/g,
];

/**
 * An outline without what varies from one look, account or site to the next: what fields hold and which is chosen, where
 * links lead, addresses, tokens, dates.
 *
 * @param names of the site and the account, in any case
 */
export function tidyOutline(outline: string, names: string[]): string {
  const known = names.filter((name) => name.length > 2).sort((a, b) => b.length - a.length);
  const patterns = [
    ...(known.length > 0 ? [new RegExp(known.map(escapeStringRegexp).join('|'), 'gi')] : []),
    ...varying,
  ];
  const lines = outline
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s*- \/\w+:/.test(line))
    .map((line) =>
      line.replace(/^(\s*- (?:textbox|searchbox|spinbutton|slider)(?: "(?:[^"\\]|\\.)*")?(?: \[[^\]]*\])*): .*$/, '$1'),
    )
    .map((line) => line.replace(/ \[(?:checked|selected|active|expanded|pressed)(?:=\w+)?\]/g, ''))
    // Their names are made of what they hold, which follows.
    .map((line) => line.replace(/^(\s*- (?:row|cell|gridcell|listitem)) "(?:[^"\\]|\\.)*":$/, '$1:'))
    .map((line) => patterns.reduce((text, pattern) => text.replace(pattern, '…'), line));
  const depth = (line = '') => line.search(/\S/);
  return lines
    .map((line, index) => (line.endsWith(':') && depth(lines[index + 1]) <= depth(line) ? line.slice(0, -1) : line))
    .join('\n');
}

/**
 * Where a recipe's outlines are kept: beside it.
 *
 * @param file the operator's own recipe, when it is one
 * @throws Error when there is no recipe of that name
 */
export function outlinesPath(recipe: string, file: string | undefined): string {
  const kept =
    file === undefined ? findShippedOutlines(recipe) : path.join(path.dirname(file), `${recipe}.outlines.yaml`);
  if (kept === undefined) throw new Error(`no recipe "${recipe}" ships`);
  return kept;
}

/** What was kept; undefined when nothing was yet. @throws CommandError */
export async function readOutlines(file: string): Promise<Outlines | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return outlinesFile.parse(parse(await readFile(file, 'utf8'))) ?? {};
  } catch {
    throw new CommandError(`${file} is not what --keep wrote: remove it`);
  }
}

/** Keeps the outlines; those of steps that were not gone through stay. */
export async function keepOutlines(file: string, outlines: Outlines): Promise<void> {
  const all = { ...(await readOutlines(file)), ...outlines };
  const note = '# How the forms looked when "npm run site -- check DOMAIN --keep" last went through them.\n';
  await writeFile(file, note + stringify(all, { lineWidth: 0 }));
}

/**
 * What is another way than it was kept, as a person reads it: one short diff for each form; empty when nothing is.
 *
 * @param whole the steps whose forms are all there in `now`; of others, those that were not come to are left out
 */
export function compareOutlines(kept: Outlines, now: Outlines, whole: string[]): string[] {
  return Object.entries(now).flatMap(([step, forms]) => {
    const before = kept[step] ?? forms;
    const count = whole.includes(step) ? Math.max(forms.length, before.length) : forms.length;
    return Array.from({ length: count }, (_, index) => {
      const name = `${step}, form ${index + 1}`;
      const text = (form: string | undefined) => (form === undefined ? '' : `${form}\n`);
      const { hunks } = structuredPatch(name, name, text(before[index]), text(forms[index]), '', '', { context: 1 });
      return hunks.length === 0
        ? []
        : [`${name}:\n${hunks.map(({ lines }) => lines.map((line) => `  ${line}`).join('\n')).join('\n  …\n')}`];
    }).flat();
  });
}
