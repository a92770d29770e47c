/** What a recipe imports, as `enlist/kit`. */
export type { MailProof, MailRequest } from '../../contracts/mail.ts';
export { plainAbout, sanitiseAbout } from './about.ts';
export {
  AlreadyExists,
  Challenge,
  FormChanged,
  MailCodeNeeded,
  Rejected,
  SiteDown,
  SiteError,
  Unconfirmed,
  WrongCredentials,
} from './errors.ts';
export type { Kit } from './kit.ts';
export type { Picture, PictureLimits } from './picture.ts';
export * from './recipe.ts';
export type { Locator, Page } from 'playwright';
