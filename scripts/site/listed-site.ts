import { readEnvironment } from '../../config/environment.ts';
import { findBrowser } from '../../config/find-browser.mjs';
import { Sites, type SiteSettings } from '../../config/sites-file.ts';
import type { Recipe } from '../../sites/kit/recipe.ts';
import { RecipeError, Recipes } from '../../sites/loader/recipes.ts';
import { CommandError } from '../command.ts';

export function readSites(): Sites {
  return new Sites(readEnvironment('SITES_FILE').SITES_FILE);
}

/** @throws CommandError when the operator's file does not list the domain */
export async function requireListed(domain: string): Promise<SiteSettings> {
  const site = await readSites().find(domain);
  if (!site) throw new CommandError(`${domain} is not listed in SITES_FILE ("npm run site -- list" shows what is)`);
  return site;
}

/** A listed site and its recipe. @throws CommandError */
export async function readListed(domain: string): Promise<{ site: SiteSettings; recipe: Recipe; recipes: Recipes }> {
  const site = await requireListed(domain);
  const { RECIPES_DIR } = readEnvironment('RECIPES_DIR');
  const recipes = new Recipes(RECIPES_DIR);
  const recipe = await recipes.find(site.recipe).catch((error: unknown) => {
    throw error instanceof RecipeError ? new CommandError(error.message) : error;
  });
  if (!recipe)
    throw new CommandError(
      `${domain}: there is no recipe "${site.recipe}", neither among those that ship nor in ${RECIPES_DIR}`,
    );
  return { site, recipe, recipes };
}

/** The headless browser's program. @throws CommandError */
export function requireBrowser(): string {
  const browser = findBrowser();
  if (!browser)
    throw new CommandError('no browser: run "npm start" once, install Chromium, or set BROWSER_PATH to one');
  return browser;
}
