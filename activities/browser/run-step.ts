import { ApplicationFailure, cancellationSignal, log } from '@temporalio/activity';
import type { BrowserContextOptions, Page } from 'playwright';
import type { MailProof } from '../../contracts/mail.ts';
import type { FailureKind, Session } from '../../contracts/outcomes.ts';
import type { SocialTask } from '../../contracts/social.ts';
import type { SiteSettings } from '../../contracts/sites.ts';
import { type Around, Kit } from '../../sites/kit/kit.ts';
import type { Account, Recipe } from '../../sites/kit/recipe.ts';
import { normaliseTotpSecret } from '../../sites/kit/totp.ts';
import { RecipeError, Recipes } from '../../sites/own-recipes.ts';
import type { Sites } from '../../sites/sites-file.ts';
import { type StepLimits, withinLimits } from '../step-limits.ts';
import { keepEvidence } from './evidence.ts';
import { describeFailure } from './failure.ts';
import type { BrowserPool } from './pool.ts';
import type { EvidencePruner } from './prune-evidence.ts';
import { makeRedactor } from './redact.ts';

const largestSession = 256 * 1024;

export interface BrowserSetting {
  pool: BrowserPool;
  sites: Sites;
  /** Default: those that ship. */
  recipes?: Recipes;
  evidenceDir: string;
  /** Keeps the folder within its limits; without it, it grows. */
  evidencePruner?: EvidencePruner;
  /** Makes what runs the actions of a step, for who watches it. */
  watch?: (page: Page, listSecrets: () => string[]) => Around;
}

/** The task fields that every browser step uses. */
export type StepTask = Pick<SocialTask, 'id' | 'domain' | 'email' | 'username' | 'password' | 'twofa' | 'pass_mail' | 'app_password'> &
  Partial<Pick<SocialTask, 'first_name' | 'last_name' | 'phone'>>;

export interface Step {
  kit: Kit;
  recipe: Recipe;
  account: Account;
  limits: StepLimits;
  redact: (text: string) => string;
}

/**
 * Runs one step of a recipe in a fresh context with the session of the step before, and hands on the new session.
 * Whatever goes wrong becomes a typed failure with its evidence.
 *
 * @param moreSecrets what nobody may read in failures and evidence, besides the task's own secrets
 */
export async function runStep<Result>(
  setting: BrowserSetting,
  name: string,
  task: StepTask,
  session: Session | undefined,
  run: (step: Step) => Promise<Result>,
  moreSecrets: string[] = [],
): Promise<Result & { session?: Session }> {
  const { site, recipe } = await findSite(setting, task.domain);
  return withinLimits(async (limits) => {
    let kit: Kit | undefined;
    const listSecrets = () => [...readSecrets(task), ...moreSecrets, ...(kit?.typedSecrets ?? [])];
    const redact = (text: string) => makeRedactor(listSecrets())(text);
    let evidence: string | undefined;
    const keep = async (error: unknown, kit: Kit, page?: Page) => {
      const about = { taskId: task.id, step: name, error: String(error), address: kit.page.url(), journal: kit.journal, secrets: listSecrets() };
      evidence = await keepEvidence(setting.evidenceDir, page, about);
      setting.evidencePruner?.pruneNowAndThen().catch((failure: unknown) => log.warn('could not prune EVIDENCE_DIR', { error: failure }));
    };
    try {
      const work = setting.pool.withContext(contextOptions(session), async (context) => {
        // Ends every call of Playwright's that is still waiting, also those that don't listen to the signal.
        limits.signal.addEventListener('abort', () => void context.close().catch(() => {}), { once: true });
        const page = await context.newPage();
        const around = setting.watch?.(page, listSecrets);
        kit = new Kit({ page, domain: task.domain, siteUrl: site.url, recipe, totpSecret: task.twofa, signal: limits.signal, deadline: limits.deadline, around });
        try {
          const result = await run({ kit, recipe, account: readAccount(task), limits, redact });
          return { ...result, session: await readSession(page) };
        } catch (error) {
          if (!limits.signal.aborted) await keep(error, kit, page);
          throw error;
        }
      });
      return await raceAbort(work, limits.signal);
    } catch (error) {
      // A page that hung answers nothing any more; what the step did tells where.
      if (kit && evidence === undefined && limits.isOverdue()) await keep(error, kit);
      throw describeFailure(error, {
        submitted: kit?.submitted ?? false,
        evidence,
        cancelled: cancellationSignal().aborted,
        overdue: limits.isOverdue(),
        redact,
        waitForPersonMs: site.waitForPerson || undefined,
        page: kit && redact(readPath(kit.page)),
      });
    }
  });
}

/**
 * What of a mail's proof must be read nowhere: the code, or the link's token, which pages write with its path or alone.
 * The account's own name and address, which many links hold as well, are no secrets.
 */
export function readSecretParts({ kind, value }: MailProof, { username, email }: StepTask): string[] {
  if (kind === 'code') return [value];
  const { pathname, search, searchParams } = new URL(value);
  const tokens = [...searchParams.values()].filter((part) => part !== username && part !== email);
  return [value, pathname.split('/').at(-1)! + search, ...tokens];
}

export async function signInIfNeeded({ kit, recipe, account }: Step): Promise<void> {
  if (!(await recipe.isSignedIn(kit, account))) await recipe.signIn(kit, account);
}

async function findSite({ sites, recipes = new Recipes() }: BrowserSetting, domain: string): Promise<{ site: SiteSettings; recipe: Recipe }> {
  const refuse = (message: string) => ApplicationFailure.create({ type: 'NotEnabled' satisfies FailureKind, message, details: [{ submitted: false }] });
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

function contextOptions(session: Session | undefined): BrowserContextOptions {
  return {
    locale: 'en-US',
    acceptDownloads: false,
    storageState: session === undefined ? undefined : (JSON.parse(session) as BrowserContextOptions['storageState']),
  };
}

async function readSession(page: Page): Promise<Session | undefined> {
  const state = await page.context().storageState();
  const whole = JSON.stringify(state);
  if (Buffer.byteLength(whole) <= largestSession) return whole;
  // Sites keep caches in their storage; the cookies are what signs in.
  const cookies = JSON.stringify({ cookies: state.cookies, origins: [] });
  return Buffer.byteLength(cookies) <= largestSession ? cookies : undefined;
}

/** A hung browser answers nothing, not even to being closed: the step ends all the same. */
async function raceAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  work.catch(() => {});
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
