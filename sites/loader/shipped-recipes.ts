import { fileURLToPath } from 'node:url';
import { dokuwiki } from '../dokuwiki/recipe.ts';
import { ikiwiki } from '../ikiwiki/recipe.ts';
import type { Recipe } from '../kit/recipe.ts';
import { mediawiki } from '../mediawiki/recipe.ts';
import { practicePodcastDirectory } from '../practice/podcast-directory.ts';
import { practicePodcastHost } from '../practice/podcast-host.ts';
import { practiceSocial } from '../practice/social.ts';
import { wordpress } from '../wordpress/recipe.ts';

/** Every recipe that ships, and where the outlines of its platform's forms are kept, below `sites/`. */
const shipped: Record<string, { recipe: Recipe; outlines: string }> = {
  dokuwiki: { recipe: dokuwiki, outlines: 'dokuwiki/outlines.yaml' },
  ikiwiki: { recipe: ikiwiki, outlines: 'ikiwiki/outlines.yaml' },
  mediawiki: { recipe: mediawiki, outlines: 'mediawiki/outlines.yaml' },
  wordpress: { recipe: wordpress, outlines: 'wordpress/outlines.yaml' },
  'practice-social': { recipe: practiceSocial, outlines: 'practice/social.outlines.yaml' },
  'practice-podcast-host': { recipe: practicePodcastHost, outlines: 'practice/podcast-host.outlines.yaml' },
  'practice-podcast-directory': {
    recipe: practicePodcastDirectory,
    outlines: 'practice/podcast-directory.outlines.yaml',
  },
};

const findShipped = (name: string) => (Object.hasOwn(shipped, name) ? shipped[name] : undefined);

/** The recipe that a site names, or undefined when there is none of that name. */
export function findRecipe(name: string): Recipe | undefined {
  return findShipped(name)?.recipe;
}

/** Where a shipped recipe's outlines are kept, though none may be there yet; undefined when no such recipe ships. */
export function findShippedOutlines(name: string): string | undefined {
  const found = findShipped(name);
  return found && fileURLToPath(new URL(`../${found.outlines}`, import.meta.url));
}
