import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { readEnvironment } from '../../config/environment.ts';
import { readEvidenceFolder } from '../../config/evidence-folder.ts';
import { findWholeBrowser } from '../../config/find-browser.mjs';
import type { SiteSettings } from '../../config/sites-file.ts';
import type { MailProof, MailRequest } from '../../contracts/mail.ts';
import { podcastTask } from '../../contracts/podcast.ts';
import { socialTask } from '../../contracts/social.ts';
import type { AccountResult } from '../../contracts/step-results.ts';
import { BrowserPool } from '../../services/browser/browser-pool.ts';
import { createBrowserSteps } from '../../services/browser/browser-steps.ts';
import { StepFailed } from '../../services/browser/step-failure.ts';
import { limitTime, type StepLimits } from '../../services/limit-time.ts';
import { makeRedactor } from '../../services/redact.ts';
import { CommandError } from '../command.ts';
import { readDuration } from '../duration.ts';
import { type AccountFile, readAccountFile } from './account-file.ts';
import { hasDisplay } from './display.ts';
import { readListed, readSites, requireBrowser } from './listed-site.ts';
import { awaitProof, noteMailbox } from './mail.ts';
import { keepState, readState, type TryState } from './try-state.ts';
import { watchStep } from './watch.ts';

const longestStepMs = 5 * 60_000;

const steps = [
  'lookFor',
  'createAccount',
  'confirmEmail',
  'signIn',
  'answerSignIn',
  'updateProfile',
  'addLinks',
  'makeShow',
  'importFeed',
  'confirmImport',
] as const;
type StepName = (typeof steps)[number];

/** The step that answers the mail which each of these may ask for. */
const answeredBy: Partial<Record<StepName, StepName>> = {
  createAccount: 'confirmEmail',
  lookFor: 'confirmEmail',
  signIn: 'answerSignIn',
  importFeed: 'confirmImport',
};

interface TryOptions {
  account: string;
  step: StepName;
  pictures?: string;
  visible?: boolean;
  yes?: boolean;
  proof?: string;
  wait: number;
}

/** The account and its profile as tasks of every flow bring them. */
function toTask(domain: string, given: AccountFile) {
  const { links, feed, image_url, ...fields } = given;
  const task = { id: 'try', request_id: 'try', domain, ...fields };
  const social = socialTask.parse({ ...task, social_connect: links });
  return {
    ...social,
    entity_connect: links,
    link_profile: '',
    podcast: podcastTask.parse({ ...task, type_request: 'register', image_url, link_rss: feed }),
  };
}

async function confirmMaking(site: SiteSettings, given: AccountFile, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  const what = `This makes an account for ${given.username || given.email} at ${site.url}, on this permission: ${site.permission}.`;
  if (!process.stdin.isTTY) throw new CommandError(`${what} Say --yes if it is to be made`);
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await ask.question(`${what} Go on? [y/N] `);
  ask.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was made');
}

function openPool(visible: boolean | undefined): BrowserPool {
  if (!visible) return new BrowserPool(requireBrowser());
  if (!hasDisplay()) {
    throw new CommandError('--visible needs a display, and there is none here: take --pictures FOLDER');
  }
  const browser = findWholeBrowser();
  if (!browser)
    throw new CommandError(
      '--visible needs a whole Chromium or Chrome: install one, or run "npx playwright install chromium"',
    );
  return new BrowserPool(browser, { headless: false, slowMo: 250 });
}

/** The link or code of the mail that the step before asked for: from the command line, or from the account's mailbox. */
async function findProof(given: AccountFile, state: TryState, options: TryOptions): Promise<MailProof> {
  if (options.proof !== undefined) {
    const isLink = URL.canParse(options.proof);
    if (!isLink && !/^\w+$/.test(options.proof))
      throw new CommandError('--proof must be the whole link of the mail, or its code');
    return { kind: isLink ? 'link' : 'code', value: options.proof };
  }
  if (!state.awaiting)
    throw new CommandError('no step before asked for a mail: try one that does, or give the link or code by --proof');
  process.stderr.write(`waiting for the mail at ${given.email}, at most ${options.wait / 1_000} s …\n`);
  return awaitProof(await readSites().read(), given, state.mark, state.awaiting, options.wait);
}

/** Runs a step as a worker would, for as long as its longest may take; Ctrl-C cancels it. */
async function runOnce<Result>(run: (limits: StepLimits) => Promise<Result>): Promise<Result> {
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error('interrupted'));
  process.once('SIGINT', stop);
  try {
    return await limitTime({ timeMs: longestStepMs, cancelled: stopping.signal, attempt: 1 }, run);
  } finally {
    process.off('SIGINT', stop);
  }
}

async function tryStep(domain: string, options: TryOptions): Promise<void> {
  const { step } = options;
  const { site, recipes } = await readListed(domain);
  const given = readAccountFile(options.account);
  const environment = readEnvironment('DATA_DIR', 'ASSETS_ALLOW');
  const stateFile = path.join(
    environment.DATA_DIR,
    'try',
    `${site.domain}-${(given.username || given.email).replace(/[^\w.@-]/g, '_')}.json`,
  );
  const before = await readState(stateFile);
  if (step === 'createAccount') await confirmMaking(site, given, options.yes);

  const isAnswer = step === 'confirmEmail' || step === 'answerSignIn' || step === 'confirmImport';
  const proof = isAnswer ? await findProof(given, before, options) : undefined;
  const mark = answeredBy[step] === undefined ? before.mark : await noteMailbox(await readSites().read(), given);
  const redact = makeRedactor([
    given.password,
    given.app_password,
    given.app_password.replace(/\s/g, ''),
    given.pass_mail,
    given.twofa,
    proof?.value ?? '',
  ]);

  const pool = openPool(options.visible);
  const browser = createBrowserSteps({
    pool,
    sites: readSites(),
    recipes,
    evidenceDir: readEvidenceFolder(),
    assetsAllow: environment.ASSETS_ALLOW,
    watch: (page, listSecrets) => watchStep(page, listSecrets, options.pictures),
  });
  const { podcast, ...task } = toTask(site.domain, given);
  const { session } = before;
  const needProof = (): MailProof => {
    if (!proof) throw new Error(`${step} has no mail to answer`);
    return proof;
  };
  const run: Record<StepName, (limits: StepLimits) => Promise<object>> = {
    lookFor: (limits) => browser.lookFor(limits, task),
    createAccount: (limits) => browser.createAccount(limits, task),
    confirmEmail: (limits) => browser.confirmEmail(limits, task, session, needProof()),
    signIn: (limits) => browser.signIn(limits, task),
    answerSignIn: (limits) => browser.answerSignIn(limits, task, session, needProof()),
    updateProfile: (limits) => browser.updateProfile(limits, task, session),
    addLinks: (limits) => browser.addLinks(limits, task, session),
    makeShow: (limits) => browser.makeShow(limits, podcast, session),
    importFeed: (limits) => browser.importFeed(limits, podcast, session),
    confirmImport: (limits) => browser.confirmImport(limits, podcast, session, needProof()),
  };
  try {
    const { session: now = session, awaiting, ...told } = (await runOnce(run[step])) as AccountResult;
    await keepState(stateFile, {
      ...(now !== undefined && { session: now }),
      ...(awaiting && { awaiting }),
      ...(mark && { mark }),
    });
    process.stdout.write(redact(describeEnd(step, told, awaiting)));
    process.stderr.write(`the session is kept in ${stateFile}\n`);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { kind, message, details } = error;
    const { evidence, submitted } = details;
    process.stdout.write(redact(`${step}: ${kind}: ${message}\n`));
    if (submitted)
      process.stdout.write('The form that makes the account was sent, or may have been: look with --step lookFor.\n');
    if (evidence) process.stderr.write(`evidence: ${path.join(readEvidenceFolder(), evidence)}\n`);
    process.exitCode = 1;
  } finally {
    await pool.close();
  }
}

function describeEnd(step: StepName, told: object, awaiting: MailRequest | undefined): string {
  const facts = Object.entries(told).flatMap(([name, value]) => {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
    return [`  ${name}: ${Array.isArray(value) ? value.join('; ') : String(value)}`];
  });
  const next = awaiting && [
    `  a mail with a ${awaiting.kind} is awaited, from ${awaiting.from.join(' or ')}${awaiting.subject === undefined ? '' : `, about "${awaiting.subject}"`}`,
    `  next: --step ${answeredBy[step]}`,
  ];
  return [`${step}: done`, ...facts, ...(next ?? [])].map((line) => `${line}\n`).join('');
}

export function addTry(program: Command): void {
  program
    .command('try <domain>')
    .description('run one step of a recipe for real, as a worker would, and show what it does')
    .requiredOption(
      '--account <file>',
      'YAML or JSON: email, username, password, app_password, twofa, first_name, about, links …',
    )
    .addOption(new Option('--step <step>', 'the step').choices(steps).default('lookFor'))
    .option('--pictures <folder>', 'keep a picture of the page after each action, its fields masked')
    .option('--visible', 'show the browser, where there is a display')
    .option('--proof <link or code>', 'what the mail brought, instead of reading the mailbox')
    .addOption(
      new Option('--wait <duration>', 'how long to wait for a mail').argParser(readDuration).default(120_000, '2m'),
    )
    .option('--yes', 'make the account without asking')
    .addHelpText(
      'after',
      `
createAccount makes an account; updateProfile, addLinks, makeShow and importFeed change one. Steps go on with the session
of the one before, kept in DATA_DIR/try for you alone to read. The site's pace is yours to keep here.
Exit code: 0 done; 1 the step failed; 2 it was not begun.

Example: npm run site -- try wiki.brand.example --account account.yaml --step createAccount
         npm run site -- try wiki.brand.example --account account.yaml --step confirmEmail`,
    )
    .action(tryStep);
}
