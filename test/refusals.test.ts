import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Browser, chromium } from 'playwright';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createBrowserActivities } from '../activities/browser.ts';
import { parseSites, type Sites } from '../config/sites-file.ts';
import { socialTask } from '../contracts/social.ts';
import { BrowserPool } from '../services/browser/browser-pool.ts';
import { nonRetryable } from '../workflows/steps.ts';
import { AnsweringServer, ok } from './support/answering-server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const quiet = () =>
  new MockActivityEnvironment({ startToCloseTimeoutMs: 5_000 }, { logger: new DefaultLogger('ERROR') });

afterEach(() => {
  vi.restoreAllMocks();
});

/** The operator's file as a text, read as workers read it. */
function sitesOf(yaml: string): Sites {
  const read = () => Promise.resolve(parseSites(yaml, 'test'));
  return {
    read,
    find: async (domain: string) => (await read()).sites.find((site) => site.domain === domain.toLowerCase()),
  } as unknown as Sites;
}

describe('a domain that the operator does not list', () => {
  const listed = (url: string) =>
    `sites:\n  - { domain: listed.test, recipe: practice-social, url: '${url}', permission: a test }\n`;

  test.each(['createAccount', 'lookFor', 'confirmEmail', 'updateProfile'] as const)(
    'gets no %s: neither a browser nor a request',
    async (name) => {
      const launch = vi.spyOn(chromium, 'launch');
      const site = await AnsweringServer.start();
      site.answer = ok();
      const pool = new BrowserPool('/nowhere/browser');
      const activities = createBrowserActivities({
        pool,
        sites: sitesOf(listed(site.url)),
        evidenceDir: '/nowhere',
        assetsAllow: ['127.0.0.0/8'],
      });
      for (const domain of ['other.test', 'sub.listed.test', new URL(site.url).host, 'listed.test.']) {
        const task = socialTask.parse({ id: 'a', request_id: 'r', domain, avatar_url: `${site.url}/a.png` });
        const proof = { kind: 'link', value: `${site.url}/confirm` };
        const act = activities[name] as (...given: unknown[]) => Promise<unknown>;
        await expect(quiet().run(act, task, undefined, proof)).rejects.toMatchObject({
          type: 'NotEnabled',
          details: [{ submitted: false }],
        });
      }
      expect(launch).not.toHaveBeenCalled();
      expect(site.taken).toEqual([]);
      await site.close();
    },
  );

  test('is refused at the load when its permission is missing or empty', () => {
    expect(() => parseSites('sites: [{ domain: a.test, recipe: mediawiki }]', 'f')).toThrow('permission');
    expect(() => parseSites('sites: [{ domain: a.test, recipe: mediawiki, permission: " " }]', 'f')).toThrow(
      'say on whose permission',
    );
  });
});

describe('the browser does not disguise itself', () => {
  test('it is launched without a proxy, a borrowed profile or a flag that hides what drives it', async () => {
    const launch = vi
      .spyOn(chromium, 'launch')
      .mockImplementation(() => Promise.reject(new Error('no browser in this test')));
    await expect(new BrowserPool('/nowhere/browser').withContext({}, () => Promise.resolve())).rejects.toThrow(
      'no browser in this test',
    );
    const [options] = launch.mock.calls[0]!;
    expect(Object.keys(options!).sort()).toEqual([
      'args',
      'chromiumSandbox',
      'executablePath',
      'handleSIGHUP',
      'handleSIGINT',
      'handleSIGTERM',
    ]);
    expect(options!.args!.join(' ')).not.toMatch(
      /user-agent|proxy|AutomationControlled|user-data-dir|load-extension|disable-web-security|ignore-certificate|lang=|window-size/i,
    );
  });

  test('its contexts have no user agent, headers, place or script of their own', async () => {
    const opened: object[] = [];
    const browser = {
      on: () => browser,
      once: () => browser,
      off: () => browser,
      isConnected: () => true,
      close: () => Promise.resolve(),
      newContext: (options: object) => {
        opened.push(options);
        return Promise.reject(new Error('no context in this test'));
      },
    };
    vi.spyOn(chromium, 'launch').mockResolvedValue(browser as unknown as Browser);
    const activities = createBrowserActivities({
      pool: new BrowserPool('/nowhere/browser'),
      sites: sitesOf('sites: [{ domain: a.test, recipe: practice-social, permission: a test }]'),
      evidenceDir: '/nowhere',
      assetsAllow: [],
    });
    const task = socialTask.parse({ id: 'a', request_id: 'r', domain: 'a.test' });
    await expect(quiet().run(activities.lookFor as (task: unknown) => Promise<unknown>, task)).rejects.toThrow();
    expect(opened.map((options) => Object.keys(options).sort())).toEqual([
      ['acceptDownloads', 'locale', 'storageState'],
    ]);
  });

  test('no file of the product changes what a page sees of it', () => {
    for (const [file, text] of productFiles()) {
      expect(text, file).not.toMatch(
        /addInitScript|navigator\.webdriver|setUserAgentOverride|setExtraHTTPHeaders|AutomationControlled|connectOverCDP|newCDPSession/,
      );
    }
  });
});

test('a check for a human is never tried again', () => {
  expect(nonRetryable).toContain('Challenge');
});

describe('what the product is made of', () => {
  test('no package, not even of a package, evades, solves checks, or borrows addresses', () => {
    const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, object>;
    };
    const names = Object.keys(packages).map((at) => at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length));
    const forbidden =
      /stealth|captcha|turnstile|puppeteer-extra|playwright-extra|undetect|patchright|rebrowser|camoufox|fingerprint-(inject|generat|suite)|anti-?detect|2captcha|capsolver|capmonster|death-?by|nopecha|proxy-(chain|rotat|pool|list)|rotating-?proxy|brightdata|luminati|oxylabs|smartproxy|scrapingbee|zenrows|user-agents?$|random-useragent|ghost-cursor|temp-?mail|disposable-?email|sms-?activate/i;
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => forbidden.test(name))).toEqual([]);
  });

  test('no shipped recipe names a host of someone else', () => {
    for (const [file, text] of productFiles('sites')) {
      const hosts = [
        ...text.matchAll(
          /\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|me|tv|vn|app|dev|social|info|biz|gg|ly|us|uk|de|fr)\b/gi,
        ),
      ].map(([host]) => host);
      // The marks by which a page's check for humans is told, so that the attempt ends there.
      const told = [
        'google.com',
        'recaptcha.net',
        'hcaptcha.com',
        'challenges.cloudflare.com',
        'arkoselabs.com',
        'funcaptcha.com',
        'captcha-delivery.com',
      ];
      const known = file.endsWith('kit/challenge.ts') ? told : [];
      expect(
        hosts.filter((host) => !known.includes(host)),
        file,
      ).toEqual([]);
      if (!file.endsWith('kit/about.ts')) expect(text, file).not.toMatch(/https?:\/\/[a-z]/i);
    }
  });
});

/** The files that run in production, by their path below the root. */
function productFiles(...folders: string[]): [file: string, text: string][] {
  const wanted =
    folders.length > 0
      ? folders
      : ['activities', 'services', 'sites', 'workers', 'workflows', 'temporal', 'contracts', 'config', 'scripts'];
  return wanted.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mts|mjs|cjs)$/.test(file))
      .map((file): [string, string] => [path.join(folder, file), readFileSync(path.join(root, folder, file), 'utf8')]),
  );
}
