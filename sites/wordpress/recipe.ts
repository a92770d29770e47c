import { AlreadyExists, Challenge, Rejected, SiteDown, WrongCredentials } from '../kit/errors.ts';
import type { Kit } from '../kit/kit.ts';
import { type Account, defineRecipe } from '../kit/recipe.ts';
import { addToBiography, findLinks, fold, furnishBiography, unescape } from './biography.ts';

/** The page of an author: WordPress makes of the name given here what it calls the account in addresses. */
const authorPage = ({ username }: Account) => `/?author_name=${encodeURIComponent(username)}`;

/** Of whom WordPress mails the name and the key that sets the password. */
const passwordLink = (kit: Kit, { username }: Account) => kit.mail.link({ query: { action: 'rp', login: username } });

/** What a page says against what it was given; or a plugin that ended the request. */
const refusal = ({ page }: Kit) =>
  page.locator('#login_error, body#error-page, #wpbody-content :is(div.error, .notice-error)');

/** Sends a form. @returns why WordPress refuses it; undefined when it doesn't */
async function send(
  kit: Kit,
  button: string,
  done: string,
  how: 'submit' | 'click' = 'click',
): Promise<string | undefined> {
  await kit[how](kit.page.locator(button));
  const end = await kit.see({ done: kit.page.locator(done), refused: refusal(kit) });
  await kit.page.waitForLoadState('domcontentloaded');
  await kit.refuseChallenge();
  return end === 'refused' ? kit.readAll(refusal(kit)) : undefined;
}

/** @returns why WordPress makes no account of it, in English; undefined when it did */
async function register(
  kit: Kit,
  username: string,
  email: string,
  how: 'submit' | 'click',
): Promise<string | undefined> {
  const { page } = kit;
  await kit.open('/wp-login.php?action=register&wp_lang=en_US');
  if ((await kit.see({ form: page.locator('#registerform'), closed: refusal(kit) })) === 'closed')
    return kit.readAll(refusal(kit));
  await kit.fill(page.locator('#user_login'), username);
  await kit.fill(page.locator('#user_email'), email);
  return send(kit, '#wp-submit', 'body:not(.login-action-register, #error-page)', how);
}

/** The name that the profile form shows: nobody sees it but who is signed in. */
const ownName = '#your-profile #user_login';

async function showsProfile(kit: Kit, { username }: Account): Promise<boolean> {
  const name = kit.page.locator(ownName);
  return (await name.count()) > 0 && (await kit.readValue(name)).toLowerCase() === username.toLowerCase();
}

/** Opens the profile form. @returns whether it is the account's */
async function openProfile(kit: Kit, account: Account): Promise<boolean> {
  await kit.open('/wp-admin/profile.php');
  return showsProfile(kit, account);
}

/**
 * Saves the profile form when that changes it.
 *
 * @param texts by the id of their field; empty ones leave what is there
 * @returns what WordPress made something else of
 */
async function editProfile(
  kit: Kit,
  account: Account,
  rewrite: (biography: string) => string,
  texts: Record<string, string> = {},
): Promise<string[]> {
  const field = (id: string) => kit.page.locator(`#your-profile #${id}`);
  if (!(await openProfile(kit, account))) throw new SiteDown(`${kit.domain} has ended the session`);
  const wanted = Object.entries({ ...texts, description: rewrite(await kit.readValue(field('description'))) }).filter(
    ([, text]) => text !== '',
  );
  let changed = false;
  for (const [id, text] of wanted) {
    if ((await kit.readValue(field(id))) === unescape(text)) continue;
    await kit.fill(field(id), text);
    changed = true;
  }
  const name = [texts.first_name, texts.last_name].filter(Boolean).join(' ');
  if (name !== '' && (await kit.readValue(field('display_name'))) !== name) {
    // The list offers a new name once the field that it was typed into has lost the focus.
    await field('display_name').focus();
    await kit.choose(field('display_name'), name);
    changed = true;
  }
  if (!changed) return [];
  const words = await send(kit, '#your-profile #submit', '#message.updated');
  if (words !== undefined) throw new Rejected(words);
  const problems: string[] = [];
  for (const [id, text] of wanted) {
    const kept = await kit.readValue(field(id));
    // To a web address without a scheme WordPress adds one.
    if (!kept.includes(unescape(text))) problems.push(`${id}: ${kit.domain} made "${kept}" of it`);
  }
  return problems;
}

/**
 * WordPress, tried with 6.1, in any language; the site's `url` is the folder of its wp-login.php. Not the networks of
 * sites that share their accounts, whose sign-up form is another. It has no pictures but a third party's, and no second
 * factor. Where a biography is shown, and whether it is for those who have published nothing, is the theme's to decide,
 * so links are read where the account itself keeps them: in the profile form.
 */
export const wordpress = defineRecipe({
  name: 'wordpress',
  limits: {
    about: {
      // What it leaves in a biography; it makes paragraphs of line breaks itself.
      html: {
        tags: ['a', 'abbr', 'b', 'blockquote', 'cite', 'code', 'del', 'em', 'i', 'q', 's', 'strike', 'strong'],
        attributes: { a: ['href', 'title'], abbr: ['title'] },
      },
      maxLength: 20_000,
    },
    links: { most: 500 },
  },

  profileUrl: (kit, account) => kit.url(authorPage(account)),

  /** The form is told an address that is none: WordPress then makes nothing, and says as well whether the name is taken. */
  async lookFor(kit, account) {
    // Nobody can sign in before the mail is answered, so it alone tells whose account it is.
    const mail = passwordLink(kit, account);
    await kit.open(authorPage(account));
    if ((await kit.page.locator('body.author').count()) > 0) return { state: 'exists', mail };
    const words = (await register(kit, account.username, 'none', 'click')) ?? '';
    if (/username is already registered/i.test(words)) return { state: 'exists', mail };
    return { state: /email address/i.test(words) && !/username/i.test(words) ? 'absent' : 'unknown', mail };
  },

  async signUp(kit, account) {
    const words = await register(kit, account.username, account.email, 'submit');
    if (words === undefined) return { awaiting: passwordLink(kit, account) };
    if (/already registered/i.test(words)) throw new AlreadyExists(words);
    throw /captcha|human|robot/i.test(words) ? new Challenge(`${kit.domain}: ${words}`) : new Rejected(words);
  },

  async confirm(kit, account, proof) {
    const { page } = kit;
    const strength = page.locator('#pass-strength-result');
    await kit.open(`/wp-login.php${new URL(proof.value).search}`);
    // The form puts in a password of its own as soon as it can rate one.
    const shown = await kit.see({
      refused: refusal(kit),
      rated: strength.and(page.locator('.strong, .good, .bad, .short')),
    });
    if (shown === 'refused') throw new Rejected(await kit.readAll(refusal(kit)));
    await kit.fillSecret(page.locator('#pass1'), account.password);
    if ((await kit.see({ weak: page.locator('.pw-weak'), ready: page.locator('#wp-submit:enabled') })) === 'weak') {
      throw new Rejected(
        `${kit.domain} calls the password "${await kit.read(strength)}" and asks to confirm that it is used all the same`,
      );
    }
    const words = await send(kit, '#wp-submit', '#login:not(:has(form)) .reset-pass');
    if (words !== undefined) throw new Rejected(words);
  },

  isSignedIn: openProfile,

  async signIn(kit, account) {
    const { page } = kit;
    await kit.open(`/wp-login.php?redirect_to=${encodeURIComponent(kit.url('/wp-admin/profile.php'))}&wp_lang=en_US`);
    if ((await kit.see({ form: page.locator('#loginform'), inside: page.locator(ownName) })) === 'form') {
      await kit.fill(page.locator('#user_login'), account.username);
      await kit.fillSecret(page.locator('#user_pass'), account.password);
      const words = await send(kit, '#wp-submit', ownName);
      // "Too many" is a plugin's: it looks at no password for a while.
      if (words !== undefined) throw /too many/i.test(words) ? new SiteDown(words) : new WrongCredentials(words);
    }
    if (!(await showsProfile(kit, account)))
      throw new WrongCredentials(`${kit.domain} shows another account as signed in`);
  },

  async updateProfile(kit, account, profile) {
    const texts = {
      first_name: fold(profile.firstName),
      last_name: fold(profile.lastName),
      url: profile.website.trim(),
    };
    return { problems: await editProfile(kit, account, (biography) => furnishBiography(biography, profile), texts) };
  },

  async addLinks(kit, account, links) {
    await editProfile(kit, account, (biography) => addToBiography(biography, links));
  },

  async readLinks(kit, account) {
    if (!(await openProfile(kit, account))) return [];
    const [website, biography] = [
      await kit.readValue(kit.page.locator('#url')),
      await kit.readValue(kit.page.locator('#description')),
    ];
    return [website, ...findLinks(biography)].filter(Boolean);
  },
});
