import { z } from 'zod';
import { AlreadyExists, Rejected, SiteDown, Unconfirmed, WrongCredentials } from '../kit/errors.ts';
import type { Kit } from '../kit/kit.ts';
import { type Account, defineRecipe, type PublicLookup } from '../kit/recipe.ts';
import { addToPage, furnishPage } from './wikitext.ts';

/** How long MediaWiki looks at no password after too many wrong ones ($wgPasswordAttemptThrottle). */
const throttleMs = 5 * 60_000;
const errorBox = ':is(.mw-message-box-error, .cdx-message--error)';
/** What the wiki says of a form that was sent; what it says while one types stands beside the fields. */
const refusal = `#userloginForm form > ${errorBox}`;

const userPage = ({ username }: Account) => `/index.php?title=User:${encodeURIComponent(username.trim())}`;
/** How a form of the sign-in ends; who is signed in, or becomes so, is sent on to another page. */
const signInEnds = ({ page }: Kit) => ({
  refused: page.locator(refusal),
  elsewhere: page.locator('body:not(.mw-special-Userlogin)'),
});
const confirmationLink = (kit: Kit) => kit.mail.link({ path: 'Special:ConfirmEmail/' });
/** Why the wiki doesn't show what it was asked for. */
const readReason = (kit: Kit) => kit.read(kit.page.locator('#mw-content-text, .permissions-errors').last());

/** A wiki that only its members may read answers others with an error, without a `query`. */
const answer = z.object({
  query: z
    .object({
      users: z.tuple([z.object({ userid: z.number().optional() })]),
      userinfo: z.object({ id: z.number() }),
      pages: z.array(
        z.object({ actions: z.object({ edit: z.array(z.object({ code: z.string(), text: z.string() })) }).optional() }),
      ),
    })
    .optional(),
});

/** Asks the wiki's API, in whose answers no word depends on its language. */
async function ask(
  kit: Kit,
  { username }: Account,
): Promise<PublicLookup & { signedIn: boolean; unconfirmed?: string | undefined }> {
  const format = { format: 'json', formatversion: '2', errorformat: 'plaintext' };
  // Behind U+001F, a `|` in a name separates nothing.
  const user = { list: 'users', ususers: `\u001f${username}`, meta: 'userinfo' };
  const mayEdit = {
    prop: 'info',
    titles: `\u001fUser:${username}`,
    intestactions: 'edit',
    intestactionsdetail: 'full',
  };
  const { query } = await kit.readJson('/api.php', { action: 'query', ...format, ...user, ...mayEdit }, answer);
  if (!query) return { state: 'unknown', signedIn: false };
  const { userid } = query.users[0];
  const refused = query.pages[0]?.actions?.edit.find(({ code }) => code === 'confirmemail');
  return {
    state: userid === undefined ? 'absent' : 'exists',
    signedIn: userid === query.userinfo.id,
    unconfirmed: refused?.text,
  };
}

/** Opens a page for the form that this button sends. @throws Rejected when the wiki shows none, in its words */
async function openForm(kit: Kit, path: string, button: string): Promise<void> {
  await kit.open(path);
  const shown = await kit.see({ form: kit.page.locator(button), closed: kit.page.locator('#mw-content-text') });
  if (shown === 'closed') throw new Rejected(await readReason(kit));
}

/** Answers what the extension OATHAuth asks behind the password. */
async function enterCode(kit: Kit): Promise<'refused' | 'elsewhere'> {
  if (!kit.hasTotp)
    throw new WrongCredentials(`${kit.domain} asks for an authenticator code, and the task has no secret`);
  const enter = async () => {
    await kit.fillSecret(kit.page.locator('#wpOATHToken'), await kit.totp());
    await kit.click(kit.page.locator('#wpLoginAttempt'));
    return kit.see(signInEnds(kit));
  };
  // A code counts once: one that another sign-in has used is refused, and the next one is good.
  return (await enter()) === 'refused' ? enter() : 'elsewhere';
}

/** Writes the user page anew when that changes it. */
async function editPage(kit: Kit, account: Account, rewrite: (current: string) => string): Promise<void> {
  const { page } = kit;
  const text = page.locator('#wpTextbox1');
  await openForm(kit, `${userPage(account)}&action=edit`, '#wpSave');
  // Whoever is signed out has this token: saving would publish the worker's IP address as the author.
  if ((await page.locator('#editform [name=wpEditToken]').inputValue()) === '+\\')
    throw new SiteDown(`${kit.domain} has ended the session`);
  const current = await text.inputValue();
  const wanted = rewrite(current);
  if (wanted === current.trim()) return;
  await kit.fill(text, wanted);
  await kit.click(page.locator('#wpSave'));
  if (
    (await kit.see({ saved: page.locator('body.action-view'), refused: page.locator('body.action-submit') })) ===
    'saved'
  )
    return;
  throw new Rejected((await kit.readRefusal(page.locator(`#mw-content-text ${errorBox}`))) || (await readReason(kit)));
}

/**
 * MediaWiki, tried with 1.39, in any language; the site's `url` is the folder of its index.php and api.php. The profile
 * is the account's user page. Pictures it has none.
 */
export const mediawiki = defineRecipe({
  name: 'mediawiki',
  limits: { about: { html: false, maxLength: 20_000 }, links: { most: 500 } },

  profileUrl: (kit, account) => kit.url(userPage(account)),

  lookFor: async (kit, account) => ({ state: (await ask(kit, account)).state }),

  async signUp(kit, account) {
    const { page } = kit;
    // Not in English: the language of this page becomes the account's own.
    await openForm(kit, '/index.php?title=Special:CreateAccount', '#wpCreateaccount');
    await kit.fill(page.locator('#wpName2'), account.username);
    await kit.fillSecret(page.locator('#wpPassword2'), account.password);
    await kit.fillSecret(page.locator('#wpRetype'), account.password);
    // A wiki without e-mail doesn't ask for it.
    if (await page.locator('#wpEmail').isVisible()) await kit.fill(page.locator('#wpEmail'), account.email);
    await kit.submit(page.locator('#wpCreateaccount'));
    const made = page.locator('#mw-returnto, body:not(.mw-special-CreateAccount)');
    if ((await kit.see({ refused: page.locator(refusal), made })) === 'refused') {
      const words = await kit.readRefusal(page.locator(`#userloginForm ${errorBox}`));
      throw (await ask(kit, account)).state === 'exists' ? new AlreadyExists(words) : new Rejected(words);
    }
    const { unconfirmed } = await ask(kit, account);
    return unconfirmed === undefined ? {} : { awaiting: confirmationLink(kit) };
  },

  async confirm(kit, account, proof) {
    const [code] = /\w+$/.exec(proof.value) ?? [''];
    await kit.open(`/index.php?title=Special:ConfirmEmail/${code}`);
    const words = await readReason(kit);
    if ((await ask(kit, account)).unconfirmed !== undefined) throw new Rejected(words);
  },

  isSignedIn: async (kit, account) => (await ask(kit, account)).signedIn,

  async signIn(kit, account) {
    const { page } = kit;
    const ends = signInEnds(kit);
    const button = page.locator('#wpLoginAttempt');
    await kit.open('/index.php?title=Special:UserLogin&returnto=Special:BlankPage&uselang=en');
    if ((await kit.see({ button, elsewhere: ends.elsewhere })) === 'button') {
      await kit.fill(page.locator('#wpName1'), account.username);
      await kit.fillSecret(page.locator('#wpPassword1'), account.password);
      await kit.click(button);
      let end = await kit.see({ code: page.locator('#wpOATHToken'), ...ends });
      if (end === 'code') end = await enterCode(kit);
      if (end === 'refused') {
        const words = await kit.readRefusal(ends.refused);
        throw /too many/i.test(words) ? new SiteDown(words, throttleMs) : new WrongCredentials(words);
      }
    }
    const { signedIn, unconfirmed } = await ask(kit, account);
    if (!signedIn) throw new WrongCredentials(`${kit.domain} shows another account as signed in, or none`);
    // The wiki signs such an account in, but lets it edit nothing ($wgEmailConfirmToEdit).
    if (unconfirmed !== undefined) throw new Unconfirmed(unconfirmed, confirmationLink(kit));
  },

  async updateProfile(kit, account, profile) {
    await editPage(kit, account, (current) => furnishPage(current, profile));
    return { problems: [] };
  },

  async addLinks(kit, account, links) {
    await editPage(kit, account, (current) => addToPage(current, links));
  },

  async readLinks(kit, account) {
    await kit.open(userPage(account));
    return kit.readHrefs(kit.page.locator('#mw-content-text a.external'));
  },
});
