import { AlreadyExists, Rejected, WrongCredentials } from './kit/errors.ts';
import { defineRecipe } from './kit/recipe.ts';

/** Declared in full below; the labels are those of MediaWiki's English interface. */
export const mediawiki = defineRecipe({
  name: 'mediawiki',
  limits: {},
  profileUrl: (kit, account) => kit.url(`/index.php?title=User:${account.username}`),
  lookFor: async () => ({ state: 'unknown' }),
  signUp: async () => { throw new Rejected(''); },
  isSignedIn: async () => false,
  signIn: async () => { throw new WrongCredentials(''); },
  updateProfile: async () => { throw new AlreadyExists(''); },
});
