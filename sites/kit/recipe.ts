import type { MailProof, MailRequest } from '../../contracts/mail.ts';
import type { Kit } from './kit.ts';
import type { Picture, PictureLimits } from './picture.ts';
import type { SitePages } from './site-pages.ts';

/** The account as a recipe sees it. The password may be typed by `kit.fillSecret` only. */
export interface Account {
  email: string;
  username: string;
  password: string;
  firstName: string;
  lastName: string;
  phone: string;
}

/** What a profile is furnished with; empty texts and absent pictures are left as they are on the site. */
export interface Profile {
  firstName: string;
  lastName: string;
  website: string;
  address: string;
  location: string;
  /** In the form that the recipe's limits state. */
  about: string;
  /** web addresses, no more than the recipe's limits state */
  links: string[];
  avatar?: Picture | undefined;
  cover?: Picture | undefined;
}

/** What a podcast's show is made of. */
export interface Show {
  title: string;
  /** In the form that the recipe's limits state for `about`. */
  description: string;
  ownerEmail: string;
  cover: Picture;
}

/** What the platform takes; absent means that it has no such thing. */
export interface Limits {
  avatar?: PictureLimits;
  cover?: PictureLimits;
  /** The picture of a podcast's show. */
  showCover?: PictureLimits;
  about?: { html: { tags: string[]; attributes: Record<string, string[]> } | false; maxLength: number };
  links?: { most: number };
}

/** How the sign-up form ended: the account is there, and usable at once or only after a mail is answered. */
export interface SignedUp {
  awaiting?: MailRequest | undefined;
}

/** What can be seen of an account without signing in. `mail`: one that proves that it was made, when it has come. */
export interface PublicLookup {
  state: 'exists' | 'absent' | 'unknown';
  mail?: MailRequest | undefined;
}

/** The result of submitting a feed: it is imported, or will be once the mail to the feed's owner is answered. */
export interface FeedImport {
  awaiting?: MailRequest | undefined;
}

/** What was not accepted into the profile, in the site's words. */
export interface Furnished {
  problems: string[];
}

/**
 * One platform: how to sign up, sign in and furnish a profile there. It knows pages and words, and nothing of Temporal,
 * retries or time-outs; it throws the errors of `errors.ts`. How often a step may run depends on what it does:
 *
 * - read, tried again as often as need be: `lookFor`, `isSignedIn`, `readLinks`, `readFeed`;
 * - idempotent, tried again after a failure, and a second run changes nothing: `signIn`, `confirm`, `answerSignIn`,
 *   `updateProfile`, `addLinks`, `importFeed`, `confirmImport`;
 * - create, sends its form by `kit.submit` and once; when its end is unknown, a read step looks first: `signUp`, `makeShow`.
 */
export interface Recipe extends SitePages {
  name: string;
  limits: Limits;
  /** The public profile's address, whether or not it is there. */
  profileUrl?(kit: Kit, account: Account): string;
  /** Looks without signing in, and changes nothing. */
  lookFor(kit: Kit, account: Account): Promise<PublicLookup>;
  /** Fills in the form and sends it by `kit.submit`, once. */
  signUp(kit: Kit, account: Account): Promise<SignedUp>;
  /** Answers the mail that `signUp` or a refused sign-in asked for. */
  confirm?(kit: Kit, account: Account, proof: MailProof): Promise<void>;
  isSignedIn(kit: Kit, account: Account): Promise<boolean>;
  /** @throws WrongCredentials, Unconfirmed, MailCodeNeeded */
  signIn(kit: Kit, account: Account): Promise<void>;
  /** Enters what the mail brought that `MailCodeNeeded` asked for, in the session of that sign-in. */
  answerSignIn?(kit: Kit, account: Account, proof: MailProof): Promise<void>;
  /** Signed in. Leaves what is already so; a second run changes nothing. */
  updateProfile?(kit: Kit, account: Account, profile: Profile): Promise<Furnished>;
  /** Signed in. Puts the links, web addresses all, on the profile beside those that are there. */
  addLinks?(kit: Kit, account: Account, links: string[]): Promise<void>;
  /** The links that the public profile shows. */
  readLinks?(kit: Kit, account: Account): Promise<string[]>;
  /** Signed in. The feed of the account's show, or undefined while it has none. Changes nothing. */
  readFeed?(kit: Kit, account: Account): Promise<string | undefined>;
  /** Signed in. Makes the account's show, and sends its form by `kit.submit`, once. */
  makeShow?(kit: Kit, account: Account, show: Show): Promise<void>;
  /** Signed in. Has the site import a podcast's feed; one that this account imported before is left as it is. */
  importFeed?(kit: Kit, account: Account, feedUrl: string): Promise<FeedImport>;
  /** Signed in. Answers the mail to the feed's owner that `importFeed` asked for; an import that is done is left as it is. */
  confirmImport?(kit: Kit, account: Account, feedUrl: string, proof: MailProof): Promise<void>;
}

/** Declares a recipe; does nothing but check its shape while it is written. */
export function defineRecipe(recipe: Recipe): Recipe {
  return recipe;
}
