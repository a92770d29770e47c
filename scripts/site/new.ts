import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { readEnvironment } from '../../config/environment.ts';
import { findWholeBrowser, root } from '../../config/find-browser.mjs';
import { BrowserPool } from '../../services/browser/browser-pool.ts';
import { recipeName, Recipes } from '../../sites/loader/recipes.ts';
import { findRecipe } from '../../sites/loader/shipped-recipes.ts';
import { CommandError } from '../command.ts';
import { hasDisplay } from './display.ts';
import { requireBrowser } from './listed-site.ts';
import { readForm, type SeenForm } from './read-form.ts';
import { record } from './record.ts';
import { writeListing, writeRecipe, writeTest } from './scaffold.ts';

interface NewOptions {
  url: string;
  domain?: string;
  signup?: string;
  signin?: string;
  record: boolean;
}

function readUrl(given: string): URL {
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new CommandError(`--url ${given} is no web address, such as https://forum.brand.example`);
  return new URL(given);
}

/** Lets files outside enlist's own folder be modules, and editors know what enlist/kit is; what is there already stays. */
async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (!path.relative(root, folder).startsWith('..')) return;
  const files = {
    'package.json': { private: true, type: 'module' },
    'tsconfig.json': {
      extends: path.join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots: [path.join(root, 'node_modules/@types')] },
      include: ['*.ts'],
    },
  };
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    if (!existsSync(file)) await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
  }
}

/** The forms at these paths, as far as paths were given. */
async function readForms(
  url: string,
  paths: (string | undefined)[],
): Promise<({ path: string; form: SeenForm } | undefined)[]> {
  if (paths.every((one) => one === undefined)) return paths.map(() => undefined);
  const pool = new BrowserPool(requireBrowser());
  try {
    return await pool.withContext({ locale: 'en-US' }, async (context) => {
      const page = await context.newPage();
      const forms: ({ path: string; form: SeenForm } | undefined)[] = [];
      for (const one of paths)
        forms.push(one === undefined ? undefined : { path: one, form: await readForm(page, url + one) });
      return forms;
    });
  } finally {
    await pool.close();
  }
}

async function make(name: string, options: NewOptions): Promise<void> {
  if (!recipeName.test(name))
    throw new CommandError(`"${name}" can't be a recipe's name: take small letters, digits and dashes`);
  if (findRecipe(name))
    throw new CommandError(`a recipe "${name}" ships with enlist: take another name, or just list the site with it`);
  const { RECIPES_DIR: folder } = readEnvironment('RECIPES_DIR');
  const there = new Recipes(folder).fileOf(name);
  if (there) throw new CommandError(`${there} is there already`);
  const address = readUrl(options.url);
  const url = address.href.replace(/\/+$/, '');
  const domain = options.domain ?? address.hostname;

  const [signUp, signIn] = await readForms(url, [options.signup, options.signin]);
  await prepareFolder(folder);
  const file = path.join(folder, `${name}.ts`);
  const testFile = path.join(folder, `${name}.test.ts`);
  await writeFile(file, writeRecipe({ name, signUp, signIn }), { flag: 'wx' });
  await writeFile(testFile, writeTest(name, domain), { flag: 'wx' });

  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  if (signUp)
    say(
      `${options.signup}: ${signUp.form.fields.length} fields${signUp.form.challenge ? ', and a check for humans that no recipe goes past' : ''}`,
    );
  if (signIn) say(`${options.signin}: ${signIn.form.fields.length} fields`);
  say(`written: ${file}\n         ${testFile}\n`);
  say(`Add to SITES_FILE, below "sites:", with the permission that you act on:\n\n${writeListing(name, domain, url)}`);
  say(
    `Then:  npm run site -- check ${domain}\n       node --import tsx --test ${path.relative(process.cwd(), testFile) || testFile}\n\ndocs/recipes.md says how to go on.`,
  );
  if (!options.record) return;
  const browser = hasDisplay() ? findWholeBrowser() : undefined;
  if (!browser) {
    say(
      `\nWith a display and a whole Chromium or Chrome, Playwright's recorder would open here and show how it finds what you click.`,
    );
    return;
  }
  say(
    "\nPlaywright's recorder opens: press Record, or pick an element, to see how it finds what you click; close its window to end.",
  );
  await record(browser, url + (options.signup ?? ''));
}

export function addNew(program: Command): void {
  program
    .command('new <name>')
    .description('begin a recipe: its file, its test, and the lines for SITES_FILE')
    .requiredOption('--url <url>', 'where the site is')
    .option('--domain <domain>', 'as tasks name the site; default: the host of --url')
    .option('--signup <path>', 'the sign-up page, whose fields are written into the recipe; it is only looked at')
    .option('--signin <path>', 'the sign-in page, likewise')
    .option('--no-record', "don't open Playwright's recorder where there is a display")
    .addHelpText(
      'after',
      `
The files go into RECIPES_DIR (default ./recipes).
Exit code: 0 written; 2 nothing was written.

Example: npm run site -- new forum --url https://forum.brand.example --signup /register --signin /login`,
    )
    .action(make);
}
