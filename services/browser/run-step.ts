import type { BrowserContextOptions, Page } from 'playwright';
import type { Sites, SiteSettings } from '../../config/sites-file.ts';
import type { MailProof } from '../../contracts/mail.ts';
import type { Session, StepTask } from '../../contracts/step-results.ts';
import { type ActionHook, Kit } from '../../sites/kit/kit.ts';
import type { Account, Recipe } from '../../sites/kit/recipe.ts';
import { normaliseTotpSecret } from '../../sites/kit/totp.ts';
import { RecipeError, Recipes } from '../../sites/loader/recipes.ts';
import type { StepLimits } from '../limit-time.ts';
import { raceAbort } from '../race-abort.ts';
import { makeRedactor } from '../redact.ts';
import type { BrowserPool } from './browser-pool.ts';
import { keepEvidence } from './evidence.ts';
import type { EvidencePruner } from './prune-evidence.ts';
import { describeFailure, StepFailed } from './step-failure.ts';

/** Where a step logs. */
interface StepLog {
  warn(message: string, about: object): void;
}

const largestSession = 256 * 1024;

export interface BrowserOptions {
  pool: BrowserPool;
  sites: Sites;
  /** Default: those that ship. */
  recipes?: Recipes;
  evidenceDir: string;
  /** Keeps the folder within its limits; without it, it grows. */
  evidencePruner?: EvidencePruner;
  /** Makes the hook that runs a step's actions, for whoever watches it. */
  watch?: (page: Page, listSecrets: () => string[]) => ActionHook;
  log?: StepLog;
}

export interface Step {
  kit: Kit;
  recipe: Recipe;
  account: Account;
  limits: StepLimits;
  redact: (text: string) => string;
}

/** A step to be run; `moreSecrets` are redacted like the task's own. */
export interface StepRequest {
  name: string;
  task: StepTask;
  /** Of the step before. */
  session?: Session | undefined;
  moreSecrets?: string[];
}

/**
 * Runs one step of a recipe in a fresh context with the session of the step before, and returns the new session.
 *
 * @throws StepFailed, with its evidence, whatever went wrong
 */
export async function runStep<Result>(
  options: BrowserOptions,
  request: StepRequest,
  limits: StepLimits,
  run: (step: Step) => Promise<Result>,
): Promise<Result & { session?: Session }> {
  const { site, recipe } = await findSite(options, request.task.domain);
  return new StepRun(options, request, limits, { site, recipe }).go(run);
}

/** What is known of a step while it runs, for its evidence and its failure. */
class StepRun {
  readonly #options: BrowserOptions;
  readonly #request: StepRequest;
  readonly #limits: StepLimits;
  readonly #site: SiteSettings;
  readonly #recipe: Recipe;
  #kit: Kit | undefined;
  #evidence: string | undefined;

  constructor(
    options: BrowserOptions,
    request: StepRequest,
    limits: StepLimits,
    { site, recipe }: { site: SiteSettings; recipe: Recipe },
  ) {
    this.#options = options;
    this.#request = request;
    this.#limits = limits;
    this.#site = site;
    this.#recipe = recipe;
  }

  async go<Result>(run: (step: Step) => Promise<Result>): Promise<Result & { session?: Session }> {
    const { signal } = this.#limits;
    try {
      const work = this.#options.pool.withContext(contextOptions(this.#request.session), async (context) => {
        // Ends every call of Playwright's that is still waiting, also those that don't listen to the signal.
        signal.addEventListener('abort', () => void context.close().catch(() => {}), { once: true });
        return this.#runOn(await context.newPage(), run);
      });
      // A hung browser answers nothing, not even to being closed: the step ends all the same.
      return await raceAbort(work, signal);
    } catch (error) {
      // A page that hangs no longer answers; the journal tells where it hung.
      if (this.#kit && this.#evidence === undefined && this.#limits.isOverdue())
        await this.#keepEvidence(error, this.#kit);
      throw this.#describe(error);
    }
  }

  async #runOn<Result>(page: Page, run: (step: Step) => Promise<Result>): Promise<Result & { session?: Session }> {
    const { task } = this.#request;
    const { signal, deadline } = this.#limits;
    const actionHook = this.#options.watch?.(page, this.#listSecrets);
    const kit = new Kit({
      page,
      domain: task.domain,
      siteUrl: this.#site.url,
      recipe: this.#recipe,
      totpSecret: task.twofa,
      signal,
      deadline,
      actionHook,
    });
    this.#kit = kit;
    try {
      const result = await run({
        kit,
        recipe: this.#recipe,
        account: readAccount(task),
        limits: this.#limits,
        redact: this.#redact,
      });
      const session = await readSession(page);
      return { ...result, ...(session !== undefined && { session }) };
    } catch (error) {
      if (!signal.aborted) await this.#keepEvidence(error, kit, page);
      throw error;
    }
  }

  async #keepEvidence(error: unknown, kit: Kit, page?: Page): Promise<void> {
    const { evidenceDir, evidencePruner, log } = this.#options;
    const { name, task } = this.#request;
    const about = {
      taskId: task.id,
      step: name,
      error: String(error),
      address: kit.page.url(),
      journal: kit.journal,
      secrets: this.#listSecrets(),
    };
    this.#evidence = await keepEvidence(evidenceDir, page, about);
    evidencePruner
      ?.pruneNowAndThen()
      .catch((failure: unknown) => log?.warn('could not prune EVIDENCE_DIR', { error: failure }));
  }

  #describe(error: unknown): StepFailed {
    return describeFailure(error, {
      submitted: this.#kit?.submitted ?? false,
      evidence: this.#evidence,
      cancelled: this.#limits.isCancelled(),
      overdue: this.#limits.isOverdue(),
      redact: this.#redact,
      waitForPersonMs: this.#site.waitForPerson || undefined,
      page: this.#kit && this.#redact(readPath(this.#kit.page)),
    });
  }

  readonly #listSecrets = (): string[] => [
    ...readSecrets(this.#request.task),
    ...(this.#request.moreSecrets ?? []),
    ...(this.#kit?.typedSecrets ?? []),
  ];

  readonly #redact = (text: string): string => makeRedactor(this.#listSecrets())(text);
}

/**
 * The secret parts of a mail's proof: the code, or the link's token, which pages show with its path or alone. The
 * account's own name and address, which many links also contain, are no secrets.
 */
export function readSecretParts({ kind, value }: MailProof, { username, email }: StepTask): string[] {
  if (kind === 'code') return [value];
  const { pathname, search, searchParams } = new URL(value);
  const tokens = [...searchParams.values()].filter((part) => part !== username && part !== email);
  return [value, pathname.slice(pathname.lastIndexOf('/') + 1) + search, ...tokens];
}

export async function signInIfNeeded({ kit, recipe, account }: Step): Promise<void> {
  if (!(await recipe.isSignedIn(kit, account))) await recipe.signIn(kit, account);
}

async function findSite(
  { sites, recipes = new Recipes() }: BrowserOptions,
  domain: string,
): Promise<{ site: SiteSettings; recipe: Recipe }> {
  const refuse = (message: string) => new StepFailed('NotEnabled', message, { submitted: false });
  const site = await sites.find(domain);
  if (!site) throw refuse(`${domain} is not listed in SITES_FILE`);
  const recipe = await recipes.find(site.recipe).catch((error: unknown) => {
    throw error instanceof RecipeError ? refuse(`${domain}: ${error.message}`) : error;
  });
  if (!recipe) throw refuse(`${domain}: there is no recipe "${site.recipe}"`);
  return { site, recipe };
}

function readSecrets({ password, pass_mail, app_password, twofa }: StepTask): string[] {
  return [password, pass_mail, app_password, app_password.replace(/\s/g, ''), twofa, readTotpSecret(twofa)];
}

/** As sites show it. One that can't be read fails where it is used, not here. */
function readTotpSecret(twofa: string): string {
  try {
    return normaliseTotpSecret(twofa);
  } catch {
    return '';
  }
}

function readAccount(task: StepTask): Account {
  return {
    email: task.email,
    username: task.username,
    password: task.password,
    firstName: task.first_name ?? '',
    lastName: task.last_name ?? '',
    phone: task.phone ?? '',
  };
}

function readPath(page: Page): string {
  return URL.canParse(page.url()) ? new URL(page.url()).pathname : '';
}

type StorageState = NonNullable<BrowserContextOptions['storageState']>;
/** What a new context has by itself. */
const nothingStored: StorageState = { cookies: [], origins: [] };

function contextOptions(session: Session | undefined): BrowserContextOptions {
  return {
    locale: 'en-US',
    acceptDownloads: false,
    storageState: session === undefined ? nothingStored : (JSON.parse(session) as StorageState),
  };
}

async function readSession(page: Page): Promise<Session | undefined> {
  const state = await page.context().storageState();
  const whole = JSON.stringify(state);
  if (Buffer.byteLength(whole) <= largestSession) return whole;
  // Sites keep caches in their storage; the cookies are enough to stay signed in.
  const cookies = JSON.stringify({ cookies: state.cookies, origins: [] });
  return Buffer.byteLength(cookies) <= largestSession ? cookies : undefined;
}
