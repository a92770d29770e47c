import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Sites } from '../../../config/sites-file.ts';
import { findRecipeProblems, RecipeError, Recipes } from '../../../sites/loader/recipes.ts';
import { findRecipe } from '../../../sites/loader/shipped-recipes.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;
let recipes: Recipes;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-recipes-'));
  recipes = new Recipes(folder);
  write('package.json', '{ "type": "module" }');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
const whole = {
  name: "'forum'",
  limits: '{ links: { most: 5 } }',
  lookFor: "async () => ({ state: 'unknown' })",
  signUp: 'async () => ({})',
  isSignedIn: 'async () => false',
  signIn: 'async () => {}',
};
/** A recipe's source with some of its members changed; those that are undefined are left out. */
function source(change: Record<string, string | undefined> = {}): string {
  const members = Object.entries({ ...whole, ...change }).flatMap(([name, value]) =>
    value === undefined ? [] : `  ${name}: ${value},`,
  );
  return `export default {\n${members.join('\n')}\n};\n`;
}

describe("the operator's folder", () => {
  test.each(['.ts', '.js', '.mjs'])('has a recipe in a %s file', async (ending) => {
    write(`forum${ending}`, source());
    expect(await recipes.find('forum')).toMatchObject({ name: 'forum', limits: { links: { most: 5 } } });
  });

  test('may be missing, or lack the recipe that is asked for', async () => {
    expect(await recipes.find('forum')).toBeUndefined();
    expect(await new Recipes(path.join(folder, 'nowhere')).find('forum')).toBeUndefined();
    expect(await new Recipes().find('forum')).toBeUndefined();
  });

  test('is never left by a name', async () => {
    mkdirSync(path.join(folder, 'inner'));
    write('outer.mjs', source({ name: "'../outer'" }));
    expect(await new Recipes(path.join(folder, 'inner')).find('../outer')).toBeUndefined();
  });

  test("can't take a shipped recipe's place", async () => {
    write('mediawiki.ts', source({ name: "'mediawiki'" }));
    expect(await recipes.find('mediawiki')).toBe(findRecipe('mediawiki'));
    expect(recipes.shadowed()).toEqual([path.join(folder, 'mediawiki.ts')]);
  });
});

describe('a recipe that is none', () => {
  test.each<[string, string, string]>([
    [
      'no default export',
      'export const recipe = {};\n',
      'has no default export: write "export default defineRecipe({ … })"',
    ],
    ['another thing', "export default 'forum';\n", 'must be what defineRecipe({ … }) gives'],
    ['a missing member', source({ signUp: undefined }), 'is missing: a recipe must have this function\n  → at signUp'],
    ['a wrongly typed member', source({ confirm: "'later'" }), 'must be a function\n  → at confirm'],
    ['a typo', source({ upateProfile: 'async () => ({ problems: [] })' }), 'Unrecognized key: "upateProfile"'],
    [
      'a typo in its limits',
      source({ limits: '{ avatar: { types: ["image/png"], maxByte: 1 } }' }),
      'at limits.avatar',
    ],
    ['no limits', source({ limits: undefined }), 'at limits'],
    ['no name', source({ name: undefined }), 'must be a text: the name of the file'],
    ["another recipe's name", source({ name: "'wiki'" }), 'its name is "wiki", and must be that of the file, "forum"'],
    ['a syntax error', 'export default {\n  name: , };\n', "can't be loaded: "],
    ['an import of what is not there', "import 'no-such-package';\n", "can't be loaded: "],
    ['a fault at its start', "throw new Error('not today');\n", "can't be loaded: not today"],
  ])('for %s is refused, with its file and what is wrong', async (_name, text, message) => {
    write('forum.ts', text);
    const error = await recipes.find('forum').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RecipeError);
    expect((error as Error).message).toContain(path.join(folder, 'forum.ts'));
    expect((error as Error).message).toContain(message);
  });

  test('for being there twice is refused', async () => {
    write('forum.ts', source());
    write('forum.js', source());
    await expect(recipes.find('forum')).rejects.toThrow('are one recipe twice');
  });

  test('disables only its own site, and each one is reported', async () => {
    write('forum.ts', source());
    write('broken.ts', source({ name: "'broken'", signIn: undefined }));
    write('mediawiki.js', source());
    const site = (name: string) => ({ domain: `${name}.test`, recipe: name, permission: 'ours' });
    write('sites.yaml', stringify({ sites: ['broken', 'forum', 'absent', 'mediawiki'].map(site) }));
    const problems = await findRecipeProblems(new Sites(path.join(folder, 'sites.yaml')), recipes);
    expect(problems).toEqual([
      expect.stringContaining('mediawiki.js is not used: a recipe of that name ships with enlist'),
      expect.stringMatching(/^broken\.test: .*broken\.ts is no recipe:[^]*at signIn/),
      'absent.test: there is no recipe "absent"',
    ]);
    expect(await recipes.find('forum')).toMatchObject({ name: 'forum' });
  });
});

describe('as the commands run it', () => {
  const typed = `import { defineRecipe, type Kit, Rejected } from 'enlist/kit';
const fail = async (_kit: Kit): Promise<never> => { throw new Rejected('no'); };
export default defineRecipe({ name: 'forum', limits: {}, lookFor: fail, signUp: fail, isSignedIn: fail, signIn: fail });\n`;
  const run = promisify(execFile);
  const load = (): Promise<{ stdout: string }> => {
    const script = `import { Rejected } from './sites/kit/errors.ts';
import { Recipes } from './sites/loader/recipes.ts';
const recipe = await new Recipes(process.argv[1]).find('forum');
console.log(await recipe.signIn().catch((error) => error instanceof Rejected));`;
    return run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script, folder], { cwd: root });
  };

  test.each(['.ts', '.js', '.mjs'])(
    'a %s file imports enlist/kit from wherever it lies, and throws errors that enlist knows',
    async (ending) => {
      write(
        `forum${ending}`,
        ending === '.ts' ? typed : typed.replace('type Kit, ', '').replaceAll(/: Kit|: Promise<never>/g, ''),
      );
      expect((await load()).stdout).toBe('true\n');
    },
  );

  test('a folder whose files Node would not take for modules is refused, with what to do', async () => {
    rmSync(path.join(folder, 'package.json'));
    write('forum.ts', typed);
    await expect(load()).rejects.toThrow('put a file package.json with {"type": "module"} into');
  });
});
