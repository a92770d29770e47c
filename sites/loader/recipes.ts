import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type Sites, SitesFileError } from '../../config/sites-file.ts';
import type { Recipe } from '../kit/recipe.ts';
import { recipeShape } from './recipe-shape.ts';
import { findRecipe } from './shipped-recipes.ts';

const endings = ['.ts', '.js', '.mjs'];
const longestReason = 600;

/** A recipe of the operator's own can't be used; says which file, and what is wrong with it. */
export class RecipeError extends Error {
  override name = 'RecipeError';
}

/** The names under which a recipe can be kept as a file and named in SITES_FILE. */
export const recipeName = /^[a-z0-9][a-z0-9-]*$/;

/** The recipes that ship, and those of the operator's folder. */
export class Recipes {
  readonly #folder: string | undefined;

  /** @param folder the operator's, RECIPES_DIR; it need not be there */
  constructor(folder?: string) {
    this.#folder = folder;
  }

  /**
   * The recipe that a site names, or undefined when there is none of that name. A shipped one comes first. Each file is
   * loaded once for the process: a changed one needs a new process.
   *
   * @throws RecipeError when the operator's recipe of that name can't be used
   */
  async find(name: string): Promise<Recipe | undefined> {
    const shipped = findRecipe(name);
    if (shipped) return shipped;
    const file = this.fileOf(name);
    return file === undefined ? undefined : loadRecipe(file, name);
  }

  /** The operator's file that is used for this name. @throws RecipeError when there are several */
  fileOf(name: string): string | undefined {
    const folder = this.#folder;
    if (folder === undefined || findRecipe(name) || !recipeName.test(name)) return undefined;
    const files = endings.map((ending) => path.join(folder, name + ending)).filter((file) => existsSync(file));
    if (files.length > 1) throw new RecipeError(`${files.join(' and ')} are one recipe twice: keep one of them`);
    return files[0];
  }

  /** Files of the operator's that nobody uses, since a recipe of that name ships. */
  shadowed(): string[] {
    const folder = this.#folder;
    if (folder === undefined || !existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((file) => endings.includes(path.extname(file)) && findRecipe(path.parse(file).name))
      .map((file) => path.join(folder, file));
  }
}

/** What keeps recipes from being used, one sentence each: those that listed sites name, and files that a shipped one hides. */
export async function findRecipeProblems(sites: Sites, recipes: Recipes): Promise<string[]> {
  const problems = recipes
    .shadowed()
    .map((file) => `${file} is not used: a recipe of that name ships with enlist, so give it another one`);
  const listed = await sites.read().catch((error: unknown) => {
    if (!(error instanceof SitesFileError)) throw error;
    problems.push(error.message);
    return { sites: [] };
  });
  for (const { domain, recipe: name } of listed.sites) {
    try {
      if (!(await recipes.find(name))) problems.push(`${domain}: there is no recipe "${name}"`);
    } catch (error) {
      if (!(error instanceof RecipeError)) throw error;
      problems.push(`${domain}: ${error.message}`);
    }
  }
  return problems;
}

async function loadRecipe(file: string, name: string): Promise<Recipe> {
  if (!isModule(file)) {
    throw new RecipeError(
      `${file}: put a file package.json with {"type": "module"} into ${path.dirname(file)} ("npm run site -- new" writes one)`,
    );
  }
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecipeError(`${file} can't be loaded: ${reason.slice(0, longestReason)}`);
  }
  if (module.default === undefined)
    throw new RecipeError(`${file} has no default export: write "export default defineRecipe({ … })"`);
  const parsed = recipeShape.safeParse(module.default);
  if (!parsed.success) throw new RecipeError(`${file} is no recipe:\n${z.prettifyError(parsed.error)}`);
  if (parsed.data.name !== name)
    throw new RecipeError(`${file}: its name is "${parsed.data.name}", and must be that of the file, "${name}"`);
  return module.default as Recipe;
}

/**
 * Whether Node takes the file for an ES module. As CommonJS it would get copies of the kit's errors, which nobody here
 * would know again.
 */
function isModule(file: string): boolean {
  if (path.extname(file) === '.mjs') return true;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const description = path.join(folder, 'package.json');
    if (existsSync(description)) {
      try {
        return (JSON.parse(readFileSync(description, 'utf8')) as { type?: unknown }).type === 'module';
      } catch {
        return false;
      }
    }
    if (folder === path.dirname(folder)) return false;
  }
}
