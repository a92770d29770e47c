import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { AnsweringServer } from '../../support/answering-server.ts';
import { type BrowserAndSites, mailDomain, startBrowserAndSites } from '../../support/browser-and-sites.ts';
import { type Ran, runSite } from '../../support/run-site.ts';

const domain = 'forms.practice.test';
const password = 'Right&Pass"1<x>';
let lab: BrowserAndSites;
let recipesDir: string;
/** The practice site with some of its words changed. */
let changed: AnsweringServer;
let rewrite: (page: string) => string;
let mailServers: object;

beforeAll(async () => {
  lab = await startBrowserAndSites([{ domain, confirmation: 'link' }], ['member', 'tried']);
  recipesDir = path.join(lab.folder, 'recipes');
  mkdirSync(recipesDir);
  writeFileSync(path.join(recipesDir, 'package.json'), '{ "type": "module" }');
  changed = await AnsweringServer.start();
  changed.answer = (response, request, { method, path: asked, body }) => {
    void (async () => {
      const { cookie = '', 'content-type': type = '' } = request.headers;
      const answer = await fetch(lab.site(domain).url + asked, {
        method,
        redirect: 'manual',
        headers: { cookie, 'content-type': type },
        body: body || null,
      });
      const headers = Object.fromEntries(
        ['content-type', 'location'].flatMap((name) =>
          answer.headers.has(name) ? [[name, answer.headers.get(name)!]] : [],
        ),
      );
      response
        .writeHead(answer.status, { ...headers, 'set-cookie': answer.headers.getSetCookie() })
        .end(rewrite(await answer.text()));
    })();
  };
  const { host, port, tls } = { ...lab.practice.mail.imap, tls: false };
  mailServers = { [mailDomain]: { host, port, tls } };
  lab.listSites(
    { domain: 'changed.practice.test', recipe: 'practice-social', url: changed.url, permission: 'a test of our own' },
    { domain: 'own.practice.test', recipe: 'own', url: changed.url, permission: 'a test of our own' },
    {
      domain: 'gone.practice.test',
      recipe: 'practice-social',
      url: 'http://127.0.0.1:1',
      permission: 'a test of our own',
    },
  );
});
afterAll(async () => {
  await changed.close();
  await lab.close();
});
beforeEach(() => {
  rewrite = (page) => page;
});

const site = (...args: string[]) =>
  runSite(
    {
      SITES_FILE: lab.sitesFile,
      RECIPES_DIR: recipesDir,
      DATA_DIR: path.join(lab.folder, 'data'),
      ASSETS_ALLOW: '127.0.0.0/8',
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
    },
    ...args,
  );

/** The cells of the table's rows. */
const rows = ({ stdout }: Ran) =>
  stdout.split('\n').flatMap((line) =>
    line.startsWith('│')
      ? [
          line
            .split('│')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  );
const made = () => lab.site(domain).state().accounts.length;
const submits = () => lab.site(domain).state().counts.signUpSubmits.length;

function writeAccount(username: string, more: object = {}): string {
  const file = path.join(lab.folder, `${username}.yaml`);
  const account = {
    email: `${username}@${mailDomain}`,
    username,
    password,
    app_password: 'mailbox-password',
    first_name: 'Sample',
    last_name: 'Brand',
    phone: '0900000000',
    links: ['https://social.example/@sample'],
    ...more,
  };
  writeFileSync(file, stringify(account), { mode: 0o600 });
  return file;
}

async function makeMember(username: string): Promise<void> {
  const task = lab.task(domain, username);
  const { session } = await lab.run('createAccount', [task]);
  await lab.run('confirmEmail', [task, session, await lab.readMail(username, 'link')]);
}

describe('check', () => {
  test('goes through a wizard to its last button, and makes nothing', async () => {
    const before = lab.site(domain).state().counts.signUpPages;
    const ran = await site('check', domain);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/nothing is missing\. Nothing was made\.\n$/);
    expect(rows(ran)).toContainEqual(['signUp', "getByLabel('I accept the terms')", 'found', '']);
    expect(rows(ran)).toContainEqual([
      'signUp',
      "getByRole('button', { name: 'Create account' })",
      'found',
      'not pressed',
    ]);
    expect(rows(ran)).toContainEqual(['signIn', "getByRole('button', { name: 'Sign in' })", 'found', 'not pressed']);
    expect({ made: made(), submits: submits(), signIns: lab.site(domain).state().counts.signIns }).toEqual({
      made: 0,
      submits: 0,
      signIns: 0,
    });
    expect(lab.site(domain).state().counts.signUpPages).toBe(before + 1);
  });

  test('finds the outlines of the shipped practice recipe as they were kept', async () => {
    expect((await site('check', domain)).stdout).toContain('\nThe forms are as they were kept: signUp, signIn.\n');
  });

  test('shows a renamed label as missing with its step, what changed, and goes on to the fields after it', async () => {
    rewrite = (page) => page.replace('>Last name<', '>Family name<').replace('>Email or username<', '>Your name<');
    const ran = await site('check', 'changed.practice.test');
    expect(ran.code).toBe(1);
    expect(rows(ran)).toContainEqual(['signUp', "getByLabel('Last name')", 'MISSING', '']);
    expect(rows(ran)).toContainEqual(['signUp', "getByLabel('Phone')", 'found', '']);
    expect(rows(ran)).toContainEqual([
      'signUp',
      "getByRole('button', { name: 'Create account' })",
      'found',
      'not pressed',
    ]);
    expect(rows(ran)).toContainEqual(['signIn', "getByLabel('Email or username')", 'MISSING', '']);
    expect(ran.stdout).toContain('  -- textbox "Last name"');
    expect(ran.stdout).toContain('  +- textbox "Family name"');
    expect(ran.stdout).toContain('2 missing. Nothing was made.');
    expect(submits()).toBe(0);
  });

  test('shows a field that the site wants and the recipe does not fill in', async () => {
    rewrite = (page) =>
      page
        .replace(/ novalidate/g, '')
        .replace('<button>Create', '<label>Country <input name="country" required></label><button>Create');
    const ran = await site('check', 'changed.practice.test');
    expect(ran.code).toBe(1);
    expect(rows(ran)).toContainEqual([
      'signUp',
      '(form)',
      'MISSING',
      expect.stringMatching(/it would not be sent: .*country: /),
    ]);
    expect(submits()).toBe(0);
  });

  test("signs in with an account, goes through its profile's form, and saves nothing", async () => {
    await makeMember('member');
    const { profileSaves, signIns } = lab.site(domain).state().counts;
    const ran = await site('check', domain, '--account', writeAccount('member'));
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    for (const label of ['Avatar', 'Cover', 'About', 'Links'])
      expect(rows(ran)).toContainEqual(['updateProfile', `getByLabel('${label}')`, 'found', '']);
    expect(rows(ran)).toContainEqual([
      'updateProfile',
      "getByRole('button', { name: 'Save profile' })",
      'found',
      'not pressed',
    ]);
    expect(lab.site(domain).state().counts).toMatchObject({ profileSaves, signIns: signIns + 1 });
  });

  test.each<[string, string[], RegExp]>([
    ['a site that is not listed', ['other.test'], /other\.test is not listed in SITES_FILE/],
    ['a site that is down', ['gone.practice.test'], /could not go on in signUp: gone\.practice\.test .*ERR_/],
    ['an account that the site refuses', [domain, '--account', 'STRANGER'], /could not go on in signIn: /],
    ['an account that is none', [domain, '--account', 'SPOILT'], /spoilt\.yaml is no account:\n[^]*pasword/],
  ])('ends with 2 at %s', async (_what, args, message) => {
    const files: Record<string, () => string> = {
      STRANGER: () => writeAccount('stranger'),
      SPOILT: () => writeAccount('spoilt', { pasword: password }),
    };
    const ran = await site('check', ...args.map((arg) => files[arg]?.() ?? arg));
    expect(ran.stderr).toMatch(message);
    expect(ran.code).toBe(2);
    expect(ran.stdout + ran.stderr).not.toContain('Right&Pass');
  });

  test('ends with 2 at a check for humans', async () => {
    rewrite = (page) =>
      page.replace('<button>Continue', '<iframe title="Human check" src="/"></iframe><button>Continue');
    const ran = await site('check', 'changed.practice.test');
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('asks to verify that a human is there') });
  });

  describe("of the operator's own recipe", () => {
    const source = (change: (text: string) => string = (text) => text) =>
      change(`import { defineRecipe } from 'enlist/kit';
export default defineRecipe({
  name: 'own',
  limits: {},
  lookFor: async () => ({ state: 'unknown' }),
  async signUp(kit, account) {
    const { page } = kit;
    await kit.open('/signup');
    await kit.fill(page.getByLabel('Email'), account.email);
    await kit.submit(page.getByRole('button', { name: 'Continue' }));
    return {};
  },
  isSignedIn: async () => false,
  async signIn(kit) {
    await kit.open('/signin');
  },
});
`);
    test('keeps the outlines beside it, when it is told to, and compares with them', async () => {
      writeFileSync(path.join(recipesDir, 'own.ts'), source());
      const outlines = path.join(recipesDir, 'own.outlines.yaml');
      await site('check', 'own.practice.test');
      expect(readdirSync(recipesDir)).not.toContain('own.outlines.yaml');
      expect(await site('check', 'own.practice.test', '--keep')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`kept: signUp, signIn, in ${outlines}`),
      });
      expect(readFileSync(outlines, 'utf8')).toContain('- textbox "Username"');
      expect((await site('check', 'own.practice.test')).stdout).toContain(
        '\nThe forms are as they were kept: signUp, signIn.\n',
      );
      rewrite = (page) => page.replace('>Username<', '>User name<');
      const ran = await site('check', 'own.practice.test');
      expect(ran).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('The forms changed since they were kept:\nsignUp, form 1:'),
      });
      expect(ran.stdout).toContain('  -- textbox "Username"');
    });

    test.each<[string, (text: string) => string, number, string]>([
      [
        'that never comes to its button',
        (text) => text.replace(/ *await kit\.submit.*\n/, ''),
        1,
        'the recipe ended without it',
      ],
      [
        'whose sign-in uses kit.submit',
        (text) =>
          text.replace(
            "await kit.open('/signin');",
            "await kit.open('/signin'); await kit.submit(kit.page.getByRole('button', { name: 'Sign in' }));",
          ),
        1,
        'use kit.click here',
      ],
      ['that is none', (text) => text.replace('signIn', 'sginIn'), 2, 'Unrecognized key: "sginIn"'],
    ])('tells of one %s', async (_what, change, code, words) => {
      writeFileSync(path.join(recipesDir, 'own.ts'), source(change));
      const ran = await site('check', 'own.practice.test');
      expect(ran.stdout + ran.stderr).toContain(words);
      expect(ran.code).toBe(code);
      expect(made()).toBe(1);
    });
  });
});

describe('try', () => {
  const secrets = [password, 'mailbox-password'];
  const attempt = async (step: string, ...more: string[]) => {
    const ran = await site('try', domain, '--account', writeAccount('tried'), '--step', step, ...more);
    for (const secret of secrets) expect(ran.stdout + ran.stderr).not.toContain(secret);
    return ran;
  };

  test('makes no account that nobody said yes to', async () => {
    const before = submits();
    expect(await attempt('createAccount')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('on this permission: a test of our own. Say --yes'),
    });
    expect(submits()).toBe(before);
  });

  test('runs steps one after another, each in the session of the one before, and shows what they do', async () => {
    // With the mail server known, the confirmation is read from the mailbox.
    writeFileSync(lab.sitesFile, readFileSync(lab.sitesFile, 'utf8') + stringify({ mail: mailServers }));
    const before = submits();
    const pictures = path.join(lab.folder, 'pictures');
    const created = await attempt('createAccount', '--yes', '--pictures', pictures);
    expect(created).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /createAccount: done\n  profileUrl: .*\n  a mail with a link is awaited.*\n  next: --step confirmEmail\n/,
      ),
    });
    expect(created.stderr).toMatch(
      /open \/signup\n.*fill getByLabel\('Email'\)\n[^]*fill \(secret\)[^]*submit getByRole[^]*see link\n/,
    );
    expect(readdirSync(pictures)).toEqual(expect.arrayContaining(['01-open.png', '03-fill.png']));
    for (const file of readdirSync(pictures)) expect(statSync(path.join(pictures, file)).mode & 0o777).toBe(0o600);

    expect(await attempt('confirmEmail')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('confirmEmail: done'),
    });
    const { signIns } = lab.site(domain).state().counts;
    expect(await attempt('updateProfile')).toMatchObject({ code: 0 });
    expect(lab.site(domain).state().counts.signIns).toBe(signIns);
    expect(
      lab
        .site(domain)
        .state()
        .accounts.find(({ username }) => username === 'tried'),
    ).toMatchObject({ confirmed: true, firstName: 'Sample', links: ['https://social.example/@sample'] });
    expect(statSync(path.join(lab.folder, 'data/try', `${domain}-tried.json`)).mode & 0o777).toBe(0o600);
    expect(submits()).toBe(before + 1);
  });

  test('tells how a step failed, ends with 1, and answers no mail that nobody asked for', async () => {
    expect(await attempt('makeShow')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('makeShow: Rejected: '),
    });
    expect(await attempt('answerSignIn')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no step before asked for a mail'),
    });
    expect(await attempt('confirmEmail', '--proof', 'https:')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--proof must be the whole link'),
    });
    expect(await attempt('lookFor', '--visible')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--visible needs a display'),
    });
  });
});

describe('new', () => {
  test('writes a recipe with the fields that it sees, whose check passes, and invents no permission', async () => {
    const ran = await site(
      'new',
      'fresh',
      '--url',
      lab.site(domain).url,
      '--domain',
      'fresh.practice.test',
      '--signup',
      '/signup',
      '--signin',
      '/signin',
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('  - domain: fresh.practice.test\n    recipe: fresh\n');
    expect(ran.stdout).toContain('permission: ""');
    expect(ran.stdout).toContain("Playwright's recorder would open here");
    const source = readFileSync(path.join(recipesDir, 'fresh.ts'), 'utf8');
    for (const line of [
      "await kit.fill(page.getByLabel('Email'), account.email);",
      "await kit.fillSecret(page.getByLabel('Repeat password'), account.password);",
      "await kit.submit(page.getByRole('button', { name: 'Continue' }));",
      "await kit.fill(page.getByLabel('Email or username'), account.username);",
    ]) {
      expect(source).toContain(line);
    }
    lab.listSites({
      domain: 'fresh.practice.test',
      recipe: 'fresh',
      url: lab.site(domain).url,
      permission: 'a test of our own',
    });
    expect(await site('check', 'fresh.practice.test')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing is missing'),
    });
    expect(readFileSync(path.join(recipesDir, 'fresh.test.ts'), 'utf8')).toContain("'check', 'fresh.practice.test'");
  });

  test.each<[string, string[], string]>([
    [
      "a shipped recipe's name",
      ['mediawiki', '--url', 'https://wiki.brand.example'],
      'a recipe "mediawiki" ships with enlist',
    ],
    ['a name that is there', ['fresh', '--url', 'https://forum.brand.example'], 'fresh.ts is there already'],
    ['a name that is none', ['../fresh', '--url', 'https://forum.brand.example'], "can't be a recipe's name"],
    ['an address that is none', ['other', '--url', 'forum.brand.example'], 'is no web address'],
    ['a page that is not there', ['other', '--url', 'http://127.0.0.1:1', '--signup', '/signup'], 'does not answer'],
  ])('writes nothing for %s', async (_what, args, words) => {
    const ran = await site('new', ...args);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
    expect(existsSync(path.join(recipesDir, 'other.ts'))).toBe(false);
  });
});

test.each(['list', 'pause', 'resume', 'check', 'try', 'new'])('%s --help has an example', async (name) => {
  expect(await site(name, '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`Example: npm run site -- ${name}`)),
  });
});
