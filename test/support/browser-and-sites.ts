import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type Browser, chromium } from 'playwright';
import { vi } from 'vitest';
import { stringify } from 'yaml';
import { type BrowserActivities, createBrowserActivities } from '../../activities/browser.ts';
import { findBrowser } from '../../config/find-browser.mjs';
import { Sites } from '../../config/sites-file.ts';
import type { MailProof } from '../../contracts/mail.ts';
import { type PodcastTask, podcastTask } from '../../contracts/podcast.ts';
import { type SocialTask, socialTask } from '../../contracts/social.ts';
import type { StepFailure } from '../../contracts/step-results.ts';
import type { PictureKind } from '../../practice/pictures.ts';
import { type Practice, type PracticeConfig, startPractice } from '../../practice/start.ts';
import { BrowserPool } from '../../services/browser/browser-pool.ts';
import { EvidencePruner } from '../../services/browser/prune-evidence.ts';

export const mailDomain = 'mail.practice.test';

type Step = keyof BrowserActivities;

/** How a step that failed says so. */
export interface Failed {
  type: string;
  /** Without the name of the evidence, which must be its end. */
  message: string;
  submitted: boolean | undefined;
  evidence: string | undefined;
  retryAfterMs: number | undefined;
  waitForPersonMs: number | undefined;
  page: string | undefined;
  name: string;
}

/** The browser steps as a worker has them, a browser, and practice sites that one account each is made on. */
export class BrowserAndSites {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'enlist-lab-'));
  readonly evidenceDir = path.join(this.folder, 'evidence');
  readonly sitesFile = path.join(this.folder, 'sites.yaml');
  /** Every browser that was launched, and with what. */
  readonly launched: { browser: Browser; options: Parameters<typeof chromium.launch>[0] }[] = [];
  readonly activities: BrowserActivities;
  readonly practice: Practice;
  readonly #pool: BrowserPool;
  readonly #spy;
  #others: object[] = [];

  constructor(practice: Practice) {
    this.practice = practice;
    const launch = chromium.launch.bind(chromium);
    this.#spy = vi.spyOn(chromium, 'launch').mockImplementation(async (options) => {
      const browser = await launch(options);
      this.launched.push({ browser, options });
      return browser;
    });
    this.listSites();
    this.#pool = new BrowserPool(findBrowser()!);
    const sites = new Sites(this.sitesFile);
    const { evidenceDir } = this;
    const evidencePruner = new EvidencePruner(evidenceDir, { maxAgeMs: 14 * 86_400_000, maxBytes: 1e9 });
    this.activities = createBrowserActivities({
      pool: this.#pool,
      sites,
      evidenceDir,
      evidencePruner,
      assetsAllow: ['127.0.0.0/8'],
    });
  }

  /** Writes the operator's file: the practice sites, and others. */
  listSites(...others: object[]): void {
    this.#others.push(...others);
    const list = (recipe: string, { domain, url }: { domain: string; url: string }) => ({
      domain,
      recipe,
      url,
      permission: 'a test of our own',
    });
    const sites = [
      ...this.practice.sites.map((site) => list('practice-social', site)),
      ...this.practice.podcasts.map((site) => list(`practice-podcast-${site.kind}`, site)),
    ];
    writeFileSync(this.sitesFile, stringify({ sites: [...sites, ...this.#others] }));
  }

  site(domain: string) {
    return this.practice.sites.find((site) => site.domain === domain)!;
  }

  host(domain: string) {
    return this.practice.podcasts.filter((site) => site.kind === 'host').find((site) => site.domain === domain)!;
  }

  directory(domain: string) {
    return this.practice.podcasts.filter((site) => site.kind === 'directory').find((site) => site.domain === domain)!;
  }

  task(domain: string, username: string, more: Partial<SocialTask> = {}): SocialTask {
    return socialTask.parse({
      id: `task-${username}`,
      request_id: 'request-1',
      domain,
      website: 'https://brand.example',
      email: `${username}@${mailDomain}`,
      username,
      password: 'Right&Pass"1<x>',
      first_name: 'Sample',
      last_name: 'Brand',
      location: 'Huế',
      about: '<p>We are <b>a sample</b>.</p>',
      social_connect: ['https://social.example/@sample'],
      ...more,
    });
  }

  podcastTask(domain: string, username: string, more: Partial<PodcastTask> = {}): PodcastTask {
    return podcastTask.parse({
      id: `task-${username}`,
      request_id: 'request-1',
      type_request: 'register',
      domain,
      website: 'https://brand.example',
      email: `${username}@${mailDomain}`,
      username,
      password: 'Right&Pass"1<x>',
      about: '<p>We talk about <b>samples</b>.</p>',
      image_url: this.picture('square', username),
      ...more,
    });
  }

  picture(kind: PictureKind, name: string): string {
    return `${this.practice.pictures!.url}/${kind}/${name}.png`;
  }

  /** Runs a step as an activity, with what the server would allow it. */
  run<Name extends Step>(
    name: Name,
    args: Parameters<BrowserActivities[Name]>,
    environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 }),
  ): ReturnType<BrowserActivities[Name]> {
    const activity = this.activities[name] as (...given: unknown[]) => Promise<object>;
    return environment.run<unknown[], object, (...given: unknown[]) => Promise<object>>(
      activity,
      ...args,
    ) as ReturnType<BrowserActivities[Name]>;
  }

  /** Runs a step that must fail and tells how. */
  async fail<Name extends Step>(
    name: Name,
    args: Parameters<BrowserActivities[Name]>,
    environment?: MockActivityEnvironment,
  ): Promise<Failed> {
    const error: unknown = await this.run(name, args, environment).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    if (!(error instanceof Error)) throw new Error(`${name} did not fail`);
    const { details, type } = error as Error & { details?: StepFailure[]; type?: string };
    const { submitted, evidence, retryAfterMs, waitForPersonMs, page } = details?.[0] ?? {};
    const end = evidence === undefined ? '' : ` (evidence: ${evidence})`;
    if (!error.message.endsWith(end))
      throw new Error(`${name}: the failure does not name its evidence ${evidence}: ${error.message}`);
    return {
      name: error.name,
      type: type ?? '',
      message: error.message.slice(0, error.message.length - end.length),
      submitted,
      evidence,
      retryAfterMs,
      waitForPersonMs,
      page,
    };
  }

  /** How many contexts are open in all browsers. */
  openContexts(): number {
    return this.launched.reduce((sum, { browser }) => sum + browser.contexts().length, 0);
  }

  /** The newest mail's link or code. */
  async readMail(username: string, kind: MailProof['kind']): Promise<MailProof> {
    const mail = (await this.practice.mail.messages(`${username}@${mailDomain}`)).at(-1)!;
    const [value] = (kind === 'link' ? /http\S+\/confirm\?token=\S+/ : /\b\d{6}\b/).exec(mail.text)!;
    return { kind, value };
  }

  /** Everything that was kept of a failed step, as text; pictures are left out. */
  readEvidence(name: string): string {
    const folder = path.join(this.evidenceDir, name);
    return readdirSync(folder)
      .filter((file) => !file.endsWith('.png'))
      .map((file) => readFileSync(path.join(folder, file), 'utf8'))
      .join('\n');
  }

  async close(): Promise<void> {
    await this.#pool.close();
    this.#spy.mockRestore();
    await this.practice.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function startBrowserAndSites(
  sites: NonNullable<PracticeConfig['sites']>,
  mailboxes: string[] = [],
  podcasts: NonNullable<PracticeConfig['podcasts']> = [],
): Promise<BrowserAndSites> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'enlist-practice-'));
  const boxes = mailboxes.map((name) => ({ address: `${name}@${mailDomain}`, password: 'mailbox-password' }));
  const practice = await startPractice({ dataDir, sites, podcasts, mailboxes: boxes, pictures: 0 });
  const close = practice.close.bind(practice);
  practice.close = async () => {
    await close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return new BrowserAndSites(practice);
}

/** A secret in the forms in which pages, addresses, files and errors write it. */
export function writeForms(secret: string): string[] {
  const html = secret.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  return [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ v: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    html,
    html.replace(/'/g, '&#39;'),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    secret.replace(/'/g, "''"),
  ];
}
