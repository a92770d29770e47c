import type { Locator } from 'playwright';
import { z } from 'zod';
import { AlreadyExists, Challenge, FormChanged, Rejected, SiteDown, Unconfirmed, WrongCredentials } from './kit/errors.ts';
import type { Kit } from './kit/kit.ts';
import { type Account, defineRecipe, type Profile } from './kit/recipe.ts';

/** How long MediaWiki looks at no password after too many wrong ones ($wgPasswordAttemptThrottle). */
const throttleMs = 5 * 60_000;
const errorBox = ':is(.mw-message-box-error, .cdx-message--error)';
/** What the wiki itself says on top of its form; what it says while one types stands beside the fields. */
const refusal = `#userloginForm form > ${errorBox}`;

const confirmationLink = (kit: Kit) => kit.mail.link({ path: 'Special:ConfirmEmail/' });

/** As the wiki writes it: `_` is a space, the first letter a capital. */
function userPage({ username }: Account): string {
  const [first = '', ...rest] = username.trim().replace(/[ _]+/g, '_');
  return `User:${encodeURIComponent(first.toUpperCase() + rest.join(''))}`;
}

const answer = z.object({
  // A wiki that only its members may read answers others with an error instead.
  query: z
    .object({
      users: z.array(z.object({ name: z.string(), userid: z.number().optional() })),
      userinfo: z.object({ name: z.string() }),
      pages: z.array(z.object({ actions: z.object({ edit: z.array(z.object({ code: z.string(), text: z.string() })) }).optional() })),
    })
    .optional(),
});

/** Asks the wiki's API, in whose answers no word depends on its language. `exists` is undefined when it doesn't say. */
async function ask(kit: Kit, account: Account): Promise<{ exists?: boolean; signedIn: boolean; unconfirmed?: string }> {
  // Behind U+001F, a `|` in a name separates nothing.
  const list = (name: string) => `\u001f${name}`;
  const parameters = new URLSearchParams({
    action: 'query',
    format: 'json',
    formatversion: '2',
    errorformat: 'plaintext',
    list: 'users',
    ususers: list(account.username),
    meta: 'userinfo',
    prop: 'info',
    titles: list(`User:${account.username}`),
    intestactions: 'edit',
    intestactionsdetail: 'full',
  });
  const response = await kit.open(`/api.php?${parameters}`);
  const parsed = answer.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new FormChanged(`${kit.domain}: /api.php does not answer as MediaWiki's does (HTTP ${response.status()})`);
  const { query } = parsed.data;
  if (!query) return { signedIn: false };
  const [user] = query.users;
  const exists = user?.userid !== undefined;
  const refused = query.pages[0]?.actions?.edit.find(({ code }) => code === 'confirmemail');
  return { exists, signedIn: exists && user.name === query.userinfo.name, unconfirmed: refused?.text };
}

/** @throws Challenge where the extension ConfirmEdit asks one of its questions, whichever it is set to */
async function refuseHumanCheck(kit: Kit): Promise<void> {
  const check = kit.page.locator('[name=captchaWord], [name=wpCaptchaWord], .g-recaptcha, .h-captcha');
  if ((await check.count()) > 0) throw new Challenge(`${kit.domain} asks to verify that a human is there (CAPTCHA)`);
}

/** Why the wiki doesn't show the form that was asked for. */
const readReason = (kit: Kit) => kit.read(kit.page.locator('#mw-content-text, .permissions-errors').last());
const readAll = async (boxes: Locator) => (await boxes.allInnerTexts()).join(' ').replace(/\s+/g, ' ').trim();

/** Text that stays text, whatever it holds: no template, link, list or signature comes of it. */
function quote(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<nowiki>${escaped.replace(/\s+/g, ' ').trim()}</nowiki>`;
}

/**
 * A bare address that the wiki reads as one link and as nothing else; undefined when it is none of the web. What would be
 * markup (brackets, quotes, `~~~~`, `__TOC__`, entities), or an end that the wiki takes for the sentence's, is written as
 * an entity, which it reads back before it makes the link.
 */
function writeUrl(link: string): string | undefined {
  if (!URL.canParse(link) || !/^https?:$/.test(new URL(link).protocol)) return undefined;
  const markup = /[[\]{}|<>"\\^`]|_(?=_)|~(?=~)|'(?=')|&(?=#?\w+;)|[,;.:!?)](?=[,;.:!?)]*$)/g;
  return new URL(link).href.replace(markup, (character) => `&#${character.charCodeAt(0)};`);
}

function writeIntroduction({ firstName, lastName, about, location, website }: Profile): string {
  const name = `${firstName} ${lastName}`.trim();
  const paragraphs = about.split(/\n{2,}/).map((paragraph) => paragraph.split('\n').filter((line) => line.trim()).map(quote).join('<br />\n'));
  const facts = [location && quote(location), website && (writeUrl(website) ?? quote(website))].filter(Boolean);
  return [name && `'''${quote(name)}'''`, ...paragraphs, facts.map((fact) => `* ${fact}`).join('\n')].filter(Boolean).join('\n\n');
}

const linksSection = /^== Links ==\n(?:\*.*(?:\n|$))*/m;

/** The user page with another introduction or other links; what is empty, and what stands behind the links, stays as it is. */
function writePage(current: string, introduction: string, links: string[]): string {
  const section = linksSection.exec(current);
  const before = section ? current.slice(0, section.index) : current;
  const behind = section ? current.slice(section.index + section[0].length) : '';
  const list = links.length > 0 ? ['== Links ==', ...links].join('\n') : (section?.[0] ?? '');
  // The form in which the wiki keeps text, so that the next run finds it unchanged.
  return [introduction || before, list, behind].map((part) => part.trim()).filter(Boolean).join('\n\n').normalize('NFC');
}

/** Writes the user page anew when that changes it. */
async function editPage(kit: Kit, account: Account, rewrite: (current: string) => string): Promise<void> {
  const { page } = kit;
  const text = page.locator('#wpTextbox1');
  await kit.open(`/index.php?title=${userPage(account)}&action=edit`);
  const shown = await kit.see({ editor: page.locator('#wpSave'), closed: page.locator('#mw-content-text') });
  if (shown === 'closed') throw new Rejected(await readReason(kit));
  // Whoever is signed out has this token: saving would publish the worker's IP address as the author.
  if ((await page.locator('#editform [name=wpEditToken]').inputValue()) === '+\\') throw new SiteDown(`${kit.domain} has ended the session`);
  const current = await text.inputValue();
  const wanted = rewrite(current);
  if (wanted === current.trim()) return;
  await kit.fill(text, wanted);
  await kit.click(page.locator('#wpSave'));
  if ((await kit.see({ saved: page.locator('body.action-view'), refused: page.locator('body.action-submit') })) === 'saved') return;
  await page.waitForLoadState('domcontentloaded');
  await refuseHumanCheck(kit);
  const words = await readAll(page.locator(`#mw-content-text ${errorBox}`));
  throw new Rejected(words || (await readReason(kit)));
}

/**
 * MediaWiki, tried with 1.39, in any language; the site's `url` is the folder of its index.php and api.php. The profile
 * is the account's user page. Pictures it has none.
 */
export const mediawiki = defineRecipe({
  name: 'mediawiki',
  limits: { about: { html: false, maxLength: 20_000 }, links: { most: 500 } },

  profileUrl: (kit, account) => kit.url(`/index.php?title=${userPage(account)}`),

  async lookFor(kit, account) {
    const { exists } = await ask(kit, account);
    if (exists === undefined) return { state: 'unknown' };
    return { state: exists ? 'exists' : 'absent' };
  },

  async signUp(kit, account) {
    const { page } = kit;
    // Not in English: the language of this page becomes the account's own.
    await kit.open('/index.php?title=Special:CreateAccount');
    const shown = await kit.see({ form: page.locator('#wpCreateaccount'), closed: page.locator('#mw-content-text') });
    if (shown === 'closed') throw new Rejected(await readReason(kit));
    await refuseHumanCheck(kit);
    await kit.fill(page.locator('#wpName2'), account.username);
    await kit.fillSecret(page.locator('#wpPassword2'), account.password);
    await kit.fillSecret(page.locator('#wpRetype'), account.password);
    // A wiki without e-mail doesn't ask for it.
    if (await page.locator('#wpEmail').isVisible()) await kit.fill(page.locator('#wpEmail'), account.email);
    await kit.submit(page.locator('#wpCreateaccount'));
    const end = await kit.see({ refused: page.locator(refusal), made: page.locator('#mw-returnto, body:not(.mw-special-CreateAccount)') });
    if (end === 'refused') {
      await refuseHumanCheck(kit);
      const words = await readAll(page.locator(`#userloginForm ${errorBox}`));
      throw /already in use/i.test(words) ? new AlreadyExists(words) : new Rejected(words);
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

  async isSignedIn(kit, account) {
    return (await ask(kit, account)).signedIn;
  },

  async signIn(kit, account) {
    const { page } = kit;
    // Who is signed in already, or becomes so, is sent on to another page.
    const elsewhere = page.locator('body:not(.mw-special-Userlogin)');
    await kit.open('/index.php?title=Special:UserLogin&returnto=Special:BlankPage&uselang=en');
    if ((await kit.see({ form: page.locator('#wpLoginAttempt'), elsewhere })) === 'form') {
      await refuseHumanCheck(kit);
      await kit.fill(page.locator('#wpName1'), account.username);
      await kit.fillSecret(page.locator('#wpPassword1'), account.password);
      await kit.click(page.locator('#wpLoginAttempt'));
      if ((await kit.see({ refused: page.locator(refusal), elsewhere })) === 'refused') {
        await refuseHumanCheck(kit);
        const words = await readAll(page.locator(refusal));
        throw /too many recent login attempts/i.test(words) ? new SiteDown(words, throttleMs) : new WrongCredentials(words);
      }
    }
    const { signedIn, unconfirmed } = await ask(kit, account);
    if (!signedIn) throw new WrongCredentials(`${kit.domain} shows another account as signed in, or none`);
    // The wiki signs such an account in, but lets it edit nothing ($wgEmailConfirmToEdit).
    if (unconfirmed !== undefined) throw new Unconfirmed(unconfirmed, confirmationLink(kit));
  },

  async updateProfile(kit, account, profile) {
    const links = profile.links.map((link) => ({ link, url: writeUrl(link) }));
    const items = links.flatMap(({ url }) => (url === undefined ? [] : `* ${url}`));
    await editPage(kit, account, (current) => writePage(current, writeIntroduction(profile), items));
    const problems = links.filter(({ url }) => url === undefined).map(({ link }) => `Link left out: ${link} is no web address`);
    return { problems };
  },

  async addLinks(kit, account, links) {
    const items = links.flatMap((link) => writeUrl(link) ?? []).map((url) => `* ${url}`);
    await editPage(kit, account, (current) => {
      const [, ...there] = linksSection.exec(current)?.[0].trim().split('\n') ?? [];
      return writePage(current, '', [...new Set([...there, ...items])]);
    });
  },

  async readLinks(kit, account) {
    await kit.open(`/index.php?title=${userPage(account)}`);
    const links = kit.page.locator('#mw-content-text a.external');
    return links.evaluateAll((anchors) => anchors.map((anchor) => (anchor as unknown as { href: string }).href));
  },
});
