import type { Recipe } from './kit/recipe.ts';
import { mediawiki } from './mediawiki.ts';
import { practiceSocial } from './practice-social.ts';

const shipped: Record<string, Recipe> = { mediawiki, 'practice-social': practiceSocial };

/** The recipe that a site names, or undefined when there is none of that name. */
export function findRecipe(name: string): Recipe | undefined {
  return Object.hasOwn(shipped, name) ? shipped[name] : undefined;
}
