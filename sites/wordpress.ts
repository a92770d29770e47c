import { AlreadyExists, Challenge, Rejected, SiteDown, WrongCredentials } from './kit/errors.ts';
import type { Kit } from './kit/kit.ts';
import { type Account, defineRecipe, type Profile } from './kit/recipe.ts';
import { escape, findLinks, fold, joinBiography, splitBiography, unescape, writeLink } from './wordpress-text.ts';

/** The page of an author: WordPress makes of the name given here what it calls the account in addresses. */
const authorPage = ({ username }: Account) => `/?author_name=${encodeURIComponent(username)}`;

/** Of whom WordPress mails the name and the key that sets the password. */
const passwordLink = (kit: Kit, { username }: Account) => kit.mail.link({ query: { action: 'rp', login: username } });

/** What a page of wp-login.php says against what it was given; or a plugin that ended the request. */
const refusal = ({ page }: Kit) => page.locator('#login_error, body#error-page');

/** Sends the sign-up form. @returns why WordPress refuses it, in English; undefined when it made the account */
async function register(kit: Kit, username: string, email: string, send: 'submit' | 'click'): Promise<string | undefined> {
  const { page } = kit;
  await kit.open('/wp-login.php?action=register&wp_lang=en_US');
  if ((await kit.see({ form: page.locator('#registerform'), closed: refusal(kit) })) === 'form') {
    await kit.fill(page.locator('#user_login'), username);
    await kit.fill(page.locator('#user_email'), email);
    await kit[send](page.locator('#wp-submit'));
    if ((await kit.see({ refused: refusal(kit), made: page.locator('body:not(.login-action-register)') })) === 'made') return undefined;
    await kit.refuseChallenge();
  }
  return kit.read(refusal(kit));
}

/** The name that the profile form shows: nobody sees it but who is signed in. */
const ownName = ({ page }: Kit) => page.locator('#your-profile #user_login');

async function isOwnProfile(kit: Kit, { username }: Account): Promise<boolean> {
  const name = ownName(kit);
  return (await name.count()) > 0 && (await kit.readValue(name)).toLowerCase() === username.toLowerCase();
}

/** What the profile form is to hold, by the id of the field; empty texts leave what is there. */
interface ProfileForm {
  names?: { first_name: string; last_name: string };
  url?: string;
  description(current: string): string;
}

/** Saves the profile form when that changes it. @returns what WordPress made something else of */
async function editProfile(kit: Kit, account: Account, wanted: ProfileForm): Promise<string[]> {
  const { page } = kit;
  const field = (id: string) => page.locator(`#your-profile #${id}`);
  await kit.open('/wp-admin/profile.php');
  if (!(await isOwnProfile(kit, account))) throw new SiteDown(`${kit.domain} has ended the session`);
  const description = wanted.description(await kit.readValue(field('description')));
  const texts = Object.entries({ ...wanted.names, url: wanted.url ?? '', description: unescape(description) }).filter(([, text]) => text !== '');
  const name = fold(Object.values(wanted.names ?? {}).join(' '));

  let changed = false;
  for (const [id, text] of texts) {
    if ((await kit.readValue(field(id))) === text) continue;
    await kit.fill(field(id), id === 'description' ? description : text);
    changed = true;
  }
  // The list offers a new name once the field that it was typed into has lost the focus.
  if (name !== '' && (await kit.readValue(field('display_name'))) !== name) {
    await field('display_name').focus();
    await kit.choose(field('display_name'), name);
    changed = true;
  }
  if (!changed) return [];

  const refused = page.locator('#wpbody-content :is(div.error, .notice-error)');
  await kit.click(page.locator('#your-profile #submit'));
  if ((await kit.see({ saved: page.locator('#message.updated'), refused })) === 'refused') throw new Rejected(await kit.read(refused));
  await page.waitForLoadState('domcontentloaded');
  const problems: string[] = [];
  for (const [id, text] of texts) {
    const kept = await kit.readValue(field(id));
    // To a web address without a scheme WordPress adds one.
    if (!kept.includes(text)) problems.push(`${id}: ${kit.domain} made "${kept}" of it`);
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
    const password = page.locator('#pass1');
    const strength = page.locator('#pass-strength-result');
    await kit.open(`/wp-login.php${new URL(proof.value).search}`);
    if ((await kit.see({ refused: refusal(kit), form: password })) === 'refused') throw new Rejected(await kit.read(refusal(kit)));
    // The form puts in a password of its own as soon as it can rate one.
    await kit.see({ rated: strength.and(page.locator('.strong, .good, .bad, .short')) });
    await kit.fillSecret(password, account.password);
    if ((await kit.see({ weak: page.locator('.pw-weak'), ready: page.locator('#wp-submit:enabled') })) === 'weak') {
      throw new Rejected(`${kit.domain} calls the password "${await kit.read(strength)}" and asks to confirm that it is used all the same`);
    }
    await kit.click(page.locator('#wp-submit'));
    const end = await kit.see({ refused: refusal(kit), set: page.locator('#login:not(:has(form)) .reset-pass') });
    if (end === 'refused') throw new Rejected(await kit.read(refusal(kit)));
  },

  async isSignedIn(kit, account) {
    await kit.open('/wp-admin/profile.php');
    return isOwnProfile(kit, account);
  },

  async signIn(kit, account) {
    const { page } = kit;
    const inside = ownName(kit);
    await kit.open(`/wp-login.php?redirect_to=${encodeURIComponent(kit.url('/wp-admin/profile.php'))}&wp_lang=en_US`);
    if ((await kit.see({ form: page.locator('#loginform'), inside })) === 'form') {
      await kit.fill(page.locator('#user_login'), account.username);
      await kit.fillSecret(page.locator('#user_pass'), account.password);
      await kit.click(page.locator('#wp-submit'));
      if ((await kit.see({ refused: refusal(kit), inside })) === 'refused') {
        await kit.refuseChallenge();
        const words = await kit.read(refusal(kit));
        // A plugin's: it looks at no password for a while.
        throw /too many/i.test(words) ? new SiteDown(words) : new WrongCredentials(words);
      }
    }
    if (!(await isOwnProfile(kit, account))) throw new WrongCredentials(`${kit.domain} shows another account as signed in`);
  },

  async updateProfile(kit, account, profile: Profile) {
    const links = profile.links.map((link) => ({ link, line: writeLink(link) }));
    const lines = links.flatMap(({ line }) => line ?? []);
    const introduction = [profile.about, escape(fold(profile.location))].filter(Boolean).join('\n\n');
    const problems = await editProfile(kit, account, {
      names: { first_name: fold(profile.firstName), last_name: fold(profile.lastName) },
      url: profile.website.trim(),
      description(current) {
        const there = splitBiography(current);
        return joinBiography(introduction || there.text, lines.length > 0 ? lines : there.links);
      },
    });
    return { problems: [...problems, ...links.filter(({ line }) => line === undefined).map(({ link }) => `Link left out: ${link} is no web address`)] };
  },

  async addLinks(kit, account, links) {
    await editProfile(kit, account, {
      description(current) {
        const there = splitBiography(current);
        const known = findLinks(current);
        const lines = links.filter((link) => URL.canParse(link) && !known.includes(new URL(link).href)).flatMap((link) => writeLink(link) ?? []);
        return joinBiography(there.text, [...there.links, ...lines]);
      },
    });
  },

  async readLinks(kit, account) {
    await kit.open('/wp-admin/profile.php');
    if (!(await isOwnProfile(kit, account))) return [];
    const [website, biography] = [await kit.readValue(kit.page.locator('#url')), await kit.readValue(kit.page.locator('#description'))];
    return [website, ...findLinks(biography)].filter(Boolean);
  },
});
