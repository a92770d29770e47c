import { AlreadyExists, FormChanged, Rejected, WrongCredentials } from '../kit/errors.ts';
import type { Kit } from '../kit/kit.ts';
import { type Account, defineRecipe } from '../kit/recipe.ts';

const cgi = '/ikiwiki.cgi';

function locate({ page }: Kit) {
  return {
    /** Of the forms that sign up and sign in, which share their names. */
    name: page.locator('#signin_name_field input'),
    password: page.locator('#signin_password_field input'),
    button: (value: string) => page.locator(`#signin input[type=submit][value="${value}"]`),
    /** Stands in front of these forms where there are several ways to sign in. */
    byPassword: page.locator('#login_btns a.othersignin'),
    invalid: page.locator('#signin .fb_invalid'),
    invalidName: page.locator('#signin_name_label .fb_invalid'),
    /** Who is signed in. */
    owner: page.locator('#preferences_name_field input'),
    text: page.locator('#editcontent'),
    error: page.locator('p.error'),
  };
}

/** Which fields were refused, and the wiki's words on each. */
async function readFaults(kit: Kit): Promise<string> {
  const labels = await locate(kit).invalid.allInnerTexts();
  const words = await kit.page.locator('#signin .fb_message').allInnerTexts();
  return labels.map((label, number) => `${label}: ${words[number]}`).join('; ');
}

/** Opens a page that shows the form of names and passwords, or the preferences to who is signed in. */
async function openForm(kit: Kit, action: string): Promise<'name' | 'owner'> {
  const { name, owner, byPassword, error } = locate(kit);
  await kit.open(`${cgi}?do=${action}`);
  const shown = await kit.see({ owner, name, byPassword, error });
  if (shown === 'error') throw new Rejected(await kit.read(error));
  if (shown === 'owner') return 'owner';
  if (shown === 'byPassword') await kit.click(byPassword);
  return 'name';
}

/** What makes a page the feed's: it lists the feed, which the wiki fetches from then on, and shows what that brings. */
function writeFeed(page: string, { username }: Account, feed: string): { list: string; show: string } {
  const folder = `${page}/feed`;
  // The link goes into the page as it is, and there brackets are the wiki's and `&` is HTML's; what is fetched does not.
  const link = feed.replace(/[&[\]]/g, (character) => `&#${character.charCodeAt(0)};`);
  return {
    list: `[[!aggregate name="${username}" dir="${folder}" url="${link}" feedurl="${feed}"]]`,
    show: `[[!inline pages="internal(${folder}/*)" show="10"]]`,
  };
}

/** The page with the feed on it in place of another one of the account's; the rest stays as it is. */
function putFeed(current: string, { list, show }: { list: string; show: string }): string {
  const ours = `${list.split(' ', 2).join(' ')} `;
  const lines = current.trim().split('\n');
  const at = lines.findIndex((line) => line.startsWith(ours));
  if (at >= 0) return lines.with(at, list).join('\n');
  return [current.trim(), list, show].filter(Boolean).join('\n\n');
}

/** Opens the editor of the account's own page, made or not. */
async function editOwnPage(kit: Kit): Promise<void> {
  const { page } = kit;
  const { owner, text, error } = locate(kit);
  const make = page.locator('#content > a[href*="do=edit"]');
  await kit.open(`${cgi}?do=prefs`);
  // The form is there when all above it is.
  await kit.see({ owner });
  if (await make.isVisible()) {
    const wanted = new URL((await make.getAttribute('href')) ?? '', page.url()).searchParams.get('page');
    if (wanted === null) throw new FormChanged('the link that makes the own page names no page');
    // The link's own action edits a page that is not there: it would have to be saved twice.
    await kit.open(`${cgi}?do=create&page=${encodeURIComponent(wanted)}`);
  } else {
    await kit.click(page.locator('#content > a').first());
    await kit.click(page.locator('.actions a[href*="do=edit"]'));
  }
  if ((await kit.see({ text, error })) === 'error') throw new Rejected(await kit.read(error));
}

/**
 * ikiwiki with its plugins passwordauth and aggregate, tried with 3.20200202, in any language; the site's `url` is the
 * folder of its pages and of ikiwiki.cgi. An account's feed stands on the account's own page, where everyone sees its
 * episodes: the wiki fetches it when its operator's timer says so.
 */
export const ikiwiki = defineRecipe({
  name: 'ikiwiki',
  limits: {},

  async lookFor(kit, { username }) {
    const { name, button, invalid, invalidName } = locate(kit);
    await openForm(kit, 'signin');
    await kit.fill(name, username);
    // Without a password the form is refused in any case, and says for what.
    await kit.click(button('Login'));
    await kit.see({ invalid });
    return { state: (await invalidName.isVisible()) ? 'absent' : 'exists' };
  },

  async signUp(kit, account) {
    const { page } = kit;
    const { name, password, button, invalid, invalidName, error } = locate(kit);
    await openForm(kit, 'register');
    await kit.fill(name, account.username);
    await kit.fillSecret(password, account.password);
    await kit.fillSecret(page.locator('#signin_confirm_password_field input'), account.password);
    await kit.fill(page.locator('#signin_email_field input'), account.email);
    await kit.submit(button('Create Account'));
    const end = await kit.see({ invalid, error, made: button('Login') });
    if (end === 'error') throw new Rejected(await kit.read(error));
    if (end === 'made') return {};
    const words = await readFaults(kit);
    // A name that is taken and one that can't be are refused alike.
    const taken = (await invalidName.isVisible()) && (await ikiwiki.lookFor(kit, account)).state === 'exists';
    throw taken ? new AlreadyExists(words) : new Rejected(words);
  },

  async isSignedIn(kit, { username }) {
    return (await openForm(kit, 'prefs')) === 'owner' && (await locate(kit).owner.inputValue()) === username;
  },

  async signIn(kit, account) {
    const { name, password, button, invalid, owner } = locate(kit);
    if ((await openForm(kit, 'prefs')) === 'name') {
      await kit.fill(name, account.username);
      await kit.fillSecret(password, account.password);
      await kit.click(button('Login'));
      if ((await kit.see({ owner, invalid })) === 'invalid') throw new WrongCredentials(await readFaults(kit));
    }
    const shown = await owner.inputValue();
    if (shown !== account.username) throw new WrongCredentials(`${kit.domain} shows another account as signed in`);
  },

  async importFeed(kit, account, feedUrl) {
    if (!URL.canParse(feedUrl)) throw new Rejected(`${kit.domain}: the feed's address is no web address`);
    const { page } = kit;
    const { text, error } = locate(kit);
    // As the wiki writes it into its page; a quotation mark is none in an address.
    const feed = new URL(feedUrl).href;
    await editOwnPage(kit);
    const current = await kit.readValue(text);
    const wanted = putFeed(current, writeFeed(await kit.readValue(page.locator('#page')), account, feed));
    if (wanted === current.trim()) {
      await kit.click(page.locator('input[type=submit][value=Cancel]'));
    } else {
      await kit.fill(text, wanted);
      await kit.click(page.locator('input[type=submit][value="Save Page"]'));
    }
    // The link, then what the wiki says of the feed: in <em>, why it can't be had.
    const listed = page.locator('#content p').filter({ has: page.locator(`a[href=${JSON.stringify(feed)}]`) });
    const end = await kit.see({ error, listed, unlisted: page.locator('#pageinfo') });
    if (end === 'error') throw new Rejected(await kit.read(error));
    if (end === 'unlisted')
      throw new Rejected(`${kit.domain}: the page does not list the feed: the wiki lacks its plugin "aggregate"`);
    const fault = listed.locator('em');
    if (await fault.isVisible()) throw new Rejected(await kit.read(fault));
    return {};
  },
});
