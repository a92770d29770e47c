import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { root } from '../../config/find-browser.mjs';
import { type MailHost, mailHostMissing, startMailHost } from '../support/mail-host.ts';
import { provideRoundup, type Roundup, startRoundup } from '../support/roundup.ts';
import { runSite } from '../support/run-site.ts';

const domain = 'tracker.practice.test';
const password = 'Quiet-river-91x!';
const missing = mailHostMissing() ?? provideRoundup();

describe.skipIf(missing)(
  `the recipe of docs/recipes.md, at a real Roundup${missing ? ` (left out: needs ${missing})` : ''}`,
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'enlist-example-'));
    const account = path.join(folder, 'account.yaml');
    let mail: MailHost;
    let tracker: Roundup;
    beforeAll(async () => {
      mail = await startMailHost([{ address: 'brand@brand.test', password: 'mailbox-password' }]);
      tracker = await startRoundup({ smtp: mail.smtp, mailDomain: domain });
      const sites = [{ domain, recipe: 'roundup', url: tracker.url, permission: 'a test of our own' }];
      writeFileSync(path.join(folder, 'sites.yaml'), stringify({ sites, mail: { 'brand.test': mail.imap } }));
      const texts = { first_name: 'Sample', last_name: 'Brand', phone: '0900000000', website: 'https://brand.example' };
      writeFileSync(
        account,
        stringify({
          email: 'brand@brand.test',
          username: 'brand',
          password,
          app_password: 'mailbox-password',
          ...texts,
        }),
        { mode: 0o600 },
      );
    });
    afterAll(async () => {
      await tracker?.close();
      await mail?.close();
      rmSync(folder, { recursive: true });
    });

    const site = (...args: string[]) =>
      runSite(
        {
          SITES_FILE: path.join(folder, 'sites.yaml'),
          RECIPES_DIR: path.join(root, 'docs/examples'),
          DATA_DIR: folder,
        },
        ...args,
      );
    const attempt = async (step: string, ...more: string[]) => {
      const ran = await site('try', domain, '--account', account, '--step', step, ...more);
      expect(ran.stdout + ran.stderr).not.toContain(password);
      return ran;
    };

    test('passes its check, and the check makes no account', async () => {
      const ran = await site('check', domain);
      expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing is missing. Nothing was made.') });
      expect(ran.stdout).toContain('\nThe forms are as they were kept: signUp, signIn.\n');
      expect(await tracker.users()).toEqual([]);
    });

    test('signs up, confirms by the mail that came, signs in, and fills in the profile', async () => {
      expect(await attempt('createAccount', '--yes')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('next: --step confirmEmail'),
      });
      // Roundup makes the account when the link is followed.
      expect(await tracker.users()).toEqual([]);
      expect(await attempt('confirmEmail')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('confirmEmail: done'),
      });
      expect(await tracker.users()).toMatchObject([{ username: 'brand', address: 'brand@brand.test' }]);
      expect(await mail.messages('brand@brand.test')).toMatchObject([
        { subject: expect.stringContaining('Complete your registration') },
      ]);

      expect(await attempt('signIn')).toMatchObject({ code: 0 });
      expect(await attempt('updateProfile')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`profileUrl: ${tracker.url}/user?`),
      });
      expect(await tracker.users()).toEqual([
        {
          username: 'brand',
          realname: 'Sample Brand',
          address: 'brand@brand.test',
          organisation: 'https://brand.example',
        },
      ]);
      expect(statSync(path.join(folder, `try/${domain}-brand.json`)).mode & 0o777).toBe(0o600);
    });

    test("finds the profile's form as it was kept, and saves nothing", async () => {
      const before = await tracker.users();
      const ran = await site('check', domain, '--account', account);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).toMatch(/updateProfile .*Submit Changes.*not pressed/);
      expect(ran.stdout).toContain('\nThe forms are as they were kept: signUp, signIn, updateProfile.\n');
      expect(await tracker.users()).toEqual(before);
    });

    test('tells a name that is taken, and a wrong password, for what they are', async () => {
      expect(await attempt('createAccount', '--yes')).toMatchObject({
        code: 0,
        stdout: expect.not.stringContaining('confirmEmail'),
      });
      writeFileSync(
        account,
        stringify({
          email: 'brand@brand.test',
          username: 'brand',
          password: `${password}x`,
          first_name: 'Sample',
          last_name: 'Brand',
        }),
      );
      expect(await attempt('createAccount', '--yes')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('AlreadyExists: '),
      });
      expect(await attempt('signIn')).toMatchObject({ code: 1, stdout: expect.stringContaining('WrongCredentials: ') });
      expect(await tracker.users()).toHaveLength(1);
    });
  },
);
