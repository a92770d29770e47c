import type { MailProof, MailRequest } from '../../contracts/mail.ts';
import type { Kit } from './kit.ts';

/** The account as a recipe sees it. The password may be typed by `kit.fillSecret` only. */
export interface Account {
  email: string;
  username: string;
  password: string;
  firstName: string;
  lastName: string;
  phone: string;
}

/** A picture, already within the limits that the recipe states. */
export interface Picture {
  name: string;
  type: 'image/png' | 'image/jpeg' | 'image/webp';
  bytes: Buffer;
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
  links: string[];
  avatar?: Picture;
  cover?: Picture;
}

export interface PictureLimits {
  types: Picture['type'][];
  maxBytes: number;
  maxWidth?: number;
  maxHeight?: number;
}

/** What the platform takes; absent means that it has no such thing. */
export interface Limits {
  avatar?: PictureLimits;
  cover?: PictureLimits;
  about?: { html: { tags: string[]; attributes: Record<string, string[]> } | false; maxLength: number };
  links?: { most: number };
}

/** How the sign-up form ended: the account is there, and usable at once or only after a mail is answered. */
export interface SignedUp {
  awaiting?: MailRequest;
}

/** What can be seen of an account without signing in. `mail`: one that proves that it was made, when it has come. */
export interface PublicSighting {
  state: 'exists' | 'absent' | 'unknown';
  mail?: MailRequest;
}

/** What was not taken over into the profile, in the site's words. */
export interface Furnished {
  problems: string[];
}

/**
 * One platform: how to sign up, sign in and furnish a profile there. It knows pages and words, and nothing of Temporal,
 * retries or time-outs; it throws the errors of `errors.ts`.
 */
export interface Recipe {
  name: string;
  limits: Limits;
  /** The public profile's address, whether or not it is there. */
  profileUrl(kit: Kit, account: Account): string;
  /** Looks without signing in, and changes nothing. */
  lookFor(kit: Kit, account: Account): Promise<PublicSighting>;
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
  updateProfile(kit: Kit, account: Account, profile: Profile): Promise<Furnished>;
  /** Signed in. Puts the links on the profile beside those that are there. */
  addLinks?(kit: Kit, account: Account, links: string[]): Promise<void>;
  /** The links that the public profile shows. */
  readLinks?(kit: Kit, account: Account): Promise<string[]>;
}

/** Declares a recipe; does nothing but check its shape while it is written. */
export function defineRecipe(recipe: Recipe): Recipe {
  return recipe;
}
