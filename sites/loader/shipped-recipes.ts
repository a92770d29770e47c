import { dokuwiki } from '../dokuwiki/recipe.ts';
import { ikiwiki } from '../ikiwiki/recipe.ts';
import type { Recipe } from '../kit/recipe.ts';
import { mediawiki } from '../mediawiki/recipe.ts';
import { practicePodcastDirectory } from '../practice/podcast-directory.ts';
import { practicePodcastHost } from '../practice/podcast-host.ts';
import { practiceSocial } from '../practice/social.ts';
import { wordpress } from '../wordpress/recipe.ts';

const shipped: Record<string, Recipe> = {
  dokuwiki,
  ikiwiki,
  mediawiki,
  wordpress,
  'practice-social': practiceSocial,
  'practice-podcast-host': practicePodcastHost,
  'practice-podcast-directory': practicePodcastDirectory,
};

/** The recipe that a site names, or undefined when there is none of that name. */
export function findRecipe(name: string): Recipe | undefined {
  return Object.hasOwn(shipped, name) ? shipped[name] : undefined;
}
