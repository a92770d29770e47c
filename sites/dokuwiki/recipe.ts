import type { Locator } from 'playwright';
import type { MailRequest } from '../../contracts/mail.ts';
import { AlreadyExists, Rejected, SiteDown, WrongCredentials } from '../kit/errors.ts';
import type { Kit } from '../kit/kit.ts';
import { type Account, defineRecipe } from '../kit/recipe.ts';
import { addToPage, furnishPage } from './markup.ts';

/** As DokuWiki cleans names and pages alike, so that both stay one name. */
const userPage = ({ username }: Account) =>
  `user:${encodeURIComponent(username.trim().toLowerCase().replace(/[:;/]/g, '_'))}`;
const fullName = ({ firstName, lastName }: Pick<Account, 'firstName' | 'lastName'>) =>
  `${firstName} ${lastName}`.replace(/[\p{Cc}:<>&%,;]+/gu, '').trim();

/** The pages, by what DokuWiki is asked to do there; a template names that by its function `tpl_classes`. */
type Form = 'login' | 'register' | 'profile' | 'edit';
const showing = (kit: Kit, what: Form | 'show') => kit.page.locator(`.mode_${what}`);
const anyPage = (kit: Kit) => kit.page.locator('.dokuwiki');
const signedIn = (kit: Kit) => kit.page.locator('.loggedIn');
/** What the wiki says in refusing; some have such a box for their administrator on every page. */
const complaints = (kit: Kit) => kit.page.locator('div.error');
const readComplaints = async (kit: Kit, from = 0) => (await complaints(kit).allInnerTexts()).slice(from).join(' ');

/** @throws SiteDown when it is for those who are signed in and nobody is; Rejected in the wiki's words when it shows another page */
async function openForm(kit: Kit, what: Form, id = ''): Promise<void> {
  await kit.open(`/doku.php?do=${what}&id=${id}`);
  const shown = await kit.see({ wanted: showing(kit, what), other: anyPage(kit) });
  // Where anybody may write, saving would publish the worker's IP address as the author.
  if ((what === 'profile' || what === 'edit') && !(await signedIn(kit).isVisible()))
    throw new SiteDown(`${kit.domain} has ended the session`);
  if (shown === 'wanted') return;
  throw new Rejected(
    (await readComplaints(kit)) || `${kit.domain} shows no ${what} form ${decodeURIComponent(id)}`.trim(),
  );
}

/** Sends a form; gives what the wiki says when it refuses. The page that comes then has one complaint more. */
async function send(
  kit: Kit,
  button: Locator,
  done: Locator,
  how: 'submit' | 'click' = 'click',
): Promise<string | undefined> {
  const before = await complaints(kit).count();
  await kit[how](button);
  if ((await kit.see({ done, refused: complaints(kit).nth(before) })) === 'done') return undefined;
  await kit.page.waitForLoadState('domcontentloaded');
  await kit.refuseChallenge();
  return readComplaints(kit, before);
}

/** The mail that brings the password. It calls it what the sign-in form calls it, in whatever language; that form is shown now. */
async function passwordMail(kit: Kit): Promise<MailRequest> {
  const label = await kit.read(kit.page.locator('#dw__login label').filter({ has: kit.page.locator('[name=p]') }));
  return kit.mail.code({ after: label });
}

/** Also proves the password of who is signed in: there is no form for those. */
async function signIn(kit: Kit, { username }: Account, password: string): Promise<void> {
  const form = kit.page.locator('#dw__login');
  await kit.page.context().clearCookies();
  await openForm(kit, 'login');
  await kit.fill(form.locator('[name=u]'), username);
  await kit.fillSecret(form.locator('[name=p]'), password);
  const words = await send(kit, form.locator('[type=submit]'), signedIn(kit));
  if (words !== undefined) throw new WrongCredentials(words);
}

/** Changes what differs in the profile form, which asks for the password that is good so far. */
async function changeProfile(
  kit: Kit,
  password: string,
  texts: { fullname?: string; email?: string },
  newPassword?: string,
): Promise<void> {
  const form = kit.page.locator('#dw__register');
  await openForm(kit, 'profile');
  let changed = newPassword !== undefined;
  for (const [name, value] of Object.entries(texts)) {
    const field = form.locator(`[name=${name}]`);
    if (!value || (await kit.readValue(field)) === value) continue;
    // A wiki that takes its users from elsewhere may not change this.
    if (await field.isDisabled()) continue;
    await kit.fill(field, value);
    changed = true;
  }
  if (!changed) return;
  if (newPassword !== undefined)
    for (const name of ['newpass', 'passchk']) await kit.fillSecret(form.locator(`[name=${name}]`), newPassword);
  const current = form.locator('[name=oldpass]');
  if (await current.isVisible()) await kit.fillSecret(current, password);
  const words = await send(kit, form.locator('[type=submit]'), showing(kit, 'show'));
  if (words !== undefined) throw new Rejected(words);
}

/** Writes the user's page anew when that changes it. */
async function editPage(kit: Kit, account: Account, rewrite: (current: string) => string): Promise<void> {
  const text = kit.page.locator('#wiki__text');
  await openForm(kit, 'edit', userPage(account));
  const current = await kit.readValue(text);
  const wanted = rewrite(current);
  if (wanted.trim() === current.trim()) return;
  await kit.fill(text, wanted);
  const words = await send(kit, kit.page.locator('#edbtn__save'), showing(kit, 'show'));
  if (words !== undefined) throw new Rejected(words);
}

/**
 * DokuWiki, tried with 2022-07-31b; the site's `url` is the folder of its doku.php. In its default setting it mails a
 * password of its own, which is changed for the account's. The profile is the page `user:NAME`. Pictures it has none.
 */
export const dokuwiki = defineRecipe({
  name: 'dokuwiki',
  limits: { about: { html: false, maxLength: 20_000 }, links: { most: 500 } },

  profileUrl: (kit, account) => kit.url(`/doku.php?id=${userPage(account)}`),

  /** DokuWiki tells nobody who has an account. */
  async lookFor(kit) {
    await openForm(kit, 'login');
    return { state: 'unknown', mail: await passwordMail(kit) };
  },

  async signUp(kit, account) {
    const form = kit.page.locator('#dw__register');
    await openForm(kit, 'register');
    await kit.fill(form.locator('[name=login]'), account.username);
    await kit.fill(form.locator('[name=fullname]'), fullName(account) || account.username);
    await kit.fill(form.locator('[name=email]'), account.email);
    const byMail = !(await form.locator('[name=pass]').isVisible());
    if (!byMail)
      for (const name of ['pass', 'passchk']) await kit.fillSecret(form.locator(`[name=${name}]`), account.password);
    const words = await send(kit, form.locator('[type=submit]'), showing(kit, 'login'), 'submit');
    if (words === undefined) return byMail ? { awaiting: await passwordMail(kit) } : {};
    // The account is there all the same, with a password that nobody knows.
    if (/error on sending the password mail/i.test(words))
      return { awaiting: (await dokuwiki.lookFor(kit, account)).mail };
    throw /already exists/i.test(words) ? new AlreadyExists(words) : new Rejected(words);
  },

  async confirm(kit, account, proof) {
    await signIn(kit, account, proof.value).catch((error: unknown) => {
      // Changed already, perhaps: the account's own password tells.
      throw error instanceof WrongCredentials ? new Rejected(error.message) : error;
    });
    await changeProfile(kit, proof.value, {}, account.password);
  },

  async isSignedIn(kit) {
    await kit.open('/doku.php');
    return (await kit.see({ signedIn: signedIn(kit), anyone: anyPage(kit) })) === 'signedIn';
  },

  signIn: (kit, account) => signIn(kit, account, account.password),

  async updateProfile(kit, account, profile) {
    await changeProfile(kit, account.password, { fullname: fullName(profile), email: account.email });
    await editPage(kit, account, (current) => furnishPage(current, fullName(profile), profile));
    return { problems: [] };
  },

  addLinks: (kit, account, links) => editPage(kit, account, (current) => addToPage(current, links)),

  async readLinks(kit, account) {
    await kit.open(`/doku.php?id=${userPage(account)}`);
    // Not the wiki's own link to its licence.
    return kit.readHrefs(kit.page.locator('a.urlextern:not([rel~=license])'));
  },
});
