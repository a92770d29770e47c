import type { BrowserContext, Locator, Page } from 'playwright';
import type { SiteSettings } from '../../config/sites-file.ts';
import { DeadlinePassed, FormChanged, Rejected, SiteError } from '../../sites/kit/errors.ts';
import { type ActionHook, Kit, type KitAction } from '../../sites/kit/kit.ts';
import type { Picture, PictureLimits } from '../../sites/kit/picture.ts';
import type { Account, Limits, Profile, Recipe } from '../../sites/kit/recipe.ts';
import { type Outlines, readOutline, tidyOutline } from './outlines.ts';

/** Shorter than a step's: a field that isn't there yet when its page is, will not come. */
const fieldTimeoutMs = 5_000;

type WalkedStep = 'signUp' | 'signIn' | 'updateProfile';

/** One thing that a recipe uses, and whether the site has it. */
export interface Sight {
  step: WalkedStep;
  what: string;
  found: boolean;
  note: string;
}

/** What going through a site's forms showed. */
export interface Walk {
  sights: Sight[];
  /** The outlines of the forms that were come to, in each step. */
  outlines: Outlines;
  /** The steps that were gone through to their end. */
  whole: WalkedStep[];
  /** Why steps could not be gone through, one sentence each. */
  hindrances: string[];
}

/** Leaves a recipe where it would send its form. */
class WalkEnded extends Error {
  override readonly name = 'WalkEnded';
}

/**
 * How far a recipe is let go. `fill in`: it types, and goes on from page to page, up to the button that makes the account;
 * `look`: it types nothing, and goes up to the first button after a field; `act`: it does all it does.
 */
type Reach = 'fill in' | 'look' | 'act';

/** One recipe going through one site's forms, in one browser context. */
class FormWalk {
  readonly kit: Kit;
  readonly #page: Page;
  readonly #walk: Walk;
  /** What outlines leave out. */
  readonly #names: string[];
  #step: WalkedStep = 'signUp';
  #reach: Reach = 'look';
  #fields = 0;
  #ended = false;
  #outlines: string[] = [];

  constructor(page: Page, walk: Walk, { site, recipe, madeUp, member, signal }: WalkOptions) {
    this.#page = page;
    this.#walk = walk;
    const { email, username } = member?.account ?? madeUp;
    this.#names = [site.domain, new URL(site.url).host, email, username];
    const totpSecret = member?.totpSecret ?? '';
    // A deadline that is always over: the kit itself sends nothing by `submit`.
    this.kit = new Kit({
      page,
      domain: site.domain,
      siteUrl: site.url,
      recipe,
      totpSecret,
      signal,
      deadline: -Infinity,
      actionHook: this.#actionHook,
    });
    page.setDefaultTimeout(fieldTimeoutMs);
  }

  /** Whether all that the step uses was found, as far as it went. */
  async go(step: WalkedStep, reach: Reach, run: () => Promise<unknown>): Promise<boolean> {
    this.#step = step;
    this.#reach = reach;
    this.#fields = 0;
    this.#ended = false;
    this.#outlines = [];
    const before = this.#walk.sights.length;
    if (reach === 'look') await refuseChanges(this.#page.context());
    try {
      await run();
      if (reach === 'fill in') this.#see('kit.submit', false, 'the recipe ended without it');
    } catch (error) {
      this.#onEnd(error);
    }
    this.#walk.outlines[step] = this.#outlines;
    const whole =
      this.#walk.sights.slice(before).every(({ found }) => found) &&
      !this.#walk.hindrances.some((words) => words.startsWith(`${step}: `));
    if (whole) this.#walk.whole.push(step);
    return whole;
  }

  #onEnd(error: unknown): void {
    if (error instanceof WalkEnded) return;
    if (error instanceof DeadlinePassed) {
      if (this.#reach !== 'fill in')
        this.#see('kit.submit', false, 'it is for what makes an account: use kit.click here');
    } else if (error instanceof FormChanged) this.#see('(page)', false, error.message);
    else if (error instanceof Rejected && this.#ended)
      this.#see('(form)', false, `it would not be sent: ${error.message}`);
    else if (error instanceof SiteError) this.#walk.hindrances.push(`${this.#step}: ${error.message}`);
    else throw error;
  }

  #see(what: string, found: boolean, note = ''): void {
    this.#walk.sights.push({ step: this.#step, what, found, note });
  }

  /** An arrow, since the kit takes it along. */
  readonly #actionHook: ActionHook = async <Result>(
    { verb, target }: KitAction,
    run: () => Promise<Result>,
  ): Promise<Result> => {
    if (this.#ended) throw new WalkEnded();
    if (!target) return run();
    // A list may offer what was typed before, and nothing was.
    if (verb === 'find option' && this.#reach === 'look') return undefined as Result;
    if (verb === 'read' || verb === 'find option') return this.#find(target, run, false);
    if (verb === 'find' || verb === 'submit') return this.#reachButton(target, run, true);
    if (verb === 'click')
      return this.#reach === 'look' && this.#fields > 0
        ? this.#stopBefore(target)
        : this.#reachButton(target, run, false);
    this.#fields += 1;
    return this.#find(target, this.#reach === 'look' ? () => look(verb, target) as Promise<Result> : run, true);
  };

  /** What makes the account is only looked for; the kit, whose time is over, does not press it. */
  async #reachButton<Result>(target: Locator, run: () => Promise<Result>, isSubmit: boolean): Promise<Result> {
    try {
      const result = await run();
      this.#see(String(target), true, isSubmit ? 'not pressed' : '');
      if (!isSubmit) return result;
      this.#ended = true;
      await this.#page.context().setOffline(true);
      return result;
    } catch (error) {
      if (!(error instanceof FormChanged)) throw error;
      return this.#stopAt(target);
    }
  }

  async #stopBefore(target: Locator): Promise<never> {
    const found = await target.click({ trial: true, signal: this.kit.signal }).then(
      () => true,
      () => false,
    );
    this.kit.signal.throwIfAborted();
    if (!found) return this.#stopAt(target);
    this.#see(String(target), true, 'not pressed');
    this.#ended = true;
    throw new WalkEnded();
  }

  async #stopAt(target: Locator): Promise<never> {
    this.#see(String(target), false, describeCount(await target.count()));
    this.#ended = true;
    throw new WalkEnded();
  }

  /** A field that is missing is noted, and the recipe goes on as if it were there; with a real sign-in it ends. */
  async #find<Result>(target: Locator, run: () => Promise<Result>, isField: boolean): Promise<Result> {
    try {
      await target.first().waitFor({ state: 'attached', signal: this.kit.signal });
      if (isField) await this.#keepOutline(target.first());
      const result = await run();
      if (isField) this.#see(String(target), true);
      return result;
    } catch (error) {
      this.kit.signal.throwIfAborted();
      if (!(error instanceof FormChanged) && (error as Error).name !== 'TimeoutError') throw error;
      await this.kit.refuseChallenge();
      if (this.#reach === 'act') return this.#stopAt(target);
      this.#see(String(target), false, describeCount(await target.count()));
      return undefined as Result;
    }
  }

  async #keepOutline(field: Locator): Promise<void> {
    const outline = await readOutline(field);
    if (outline !== undefined) this.#outlines.push(tidyOutline(outline, this.#names));
  }
}

function describeCount(count: number): string {
  if (count === 0) return '';
  return count === 1 ? "it is there, but can't be used" : `${count} of them`;
}

async function look(verb: string, target: Locator): Promise<void> {
  // A file field is often hidden behind a button.
  if (verb === 'upload') return target.waitFor({ state: 'attached' });
  await target.waitFor({ state: 'visible' });
  if (!(await (verb.startsWith('fill') ? target.isEditable() : target.isEnabled()))) throw new FormChanged('disabled');
}

/** From here on, nothing that could change something leaves the browser. */
async function refuseChanges(context: BrowserContext): Promise<void> {
  await context.route('**', (route) =>
    ['GET', 'HEAD', 'OPTIONS'].includes(route.request().method()) ? route.continue() : route.abort(),
  );
}

/** A profile whose every part is there, so that every field is asked for. */
function makeUpProfile({ avatar, cover, links }: Limits, site: SiteSettings): Profile {
  const picture = (name: string, { types: [type = 'image/png'] }: PictureLimits): Picture => ({
    name,
    type,
    bytes: Buffer.alloc(0),
  });
  return {
    firstName: 'Sample',
    lastName: 'Check',
    website: site.url,
    address: 'Sample street 1',
    location: 'Sample town',
    about: 'A sample.',
    links: links ? [site.url] : [],
    avatar: avatar && picture('avatar', avatar),
    cover: cover && picture('cover', cover),
  };
}

export interface WalkOptions {
  /** A listed site's, and the recipe that it names. */
  site: SiteSettings;
  recipe: Recipe;
  /** Nobody's, for the sign-up form. */
  madeUp: Account;
  /** One that may be signed in to, for the profile's form. */
  member?: { account: Account; totpSecret: string } | undefined;
  signal: AbortSignal;
  /** Runs with a browser context of its own. */
  withContext: (run: (context: BrowserContext) => Promise<void>) => Promise<void>;
}

/** Goes through a site's forms as its recipe does, up to the button that would make or change something. */
export async function walkForms(options: WalkOptions): Promise<Walk> {
  const { site, recipe, madeUp, member, withContext } = options;
  const walk: Walk = { sights: [], outlines: {}, whole: [], hindrances: [] };
  const begin = (run: (forms: FormWalk) => Promise<void>) =>
    withContext(async (context) => run(new FormWalk(await context.newPage(), walk, options)));

  await begin(async (forms) => {
    await forms.go('signUp', 'fill in', () => recipe.signUp(forms.kit, madeUp));
  });
  await begin(async (forms) => {
    const { kit } = forms;
    if (!member) {
      await forms.go('signIn', 'look', () => recipe.signIn(kit, madeUp));
      return;
    }
    const signedIn = await forms.go('signIn', 'act', () => recipe.signIn(kit, member.account));
    if (!signedIn || !recipe.updateProfile) return;
    const profile = makeUpProfile(recipe.limits, site);
    await forms.go('updateProfile', 'look', async () => recipe.updateProfile?.(kit, member.account, profile));
  });
  return walk;
}
