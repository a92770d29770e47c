import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { ImapFlow } from 'imapflow';
import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { startPictureServer } from '../../practice/pictures.ts';
import type { PracticeConfig } from '../../practice/start.ts';
import { ann, ben, Visitor } from './visitor.ts';

interface Addresses {
  smtp: { host: string; port: number };
  imap: { host: string; port: number };
  sites: { domain: string; url: string }[];
  pictures: string;
}

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function run(config: unknown, dir: string): ChildProcess {
  const file = path.join(dir, 'practice.json');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, ['--import', 'tsx', 'practice/main.ts'], {
    env: { ...process.env, PRACTICE_CONFIG: file },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endings.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

async function addresses(child: ChildProcess): Promise<Addresses> {
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return JSON.parse(line) as Addresses;
}

function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'practice-process-'));
  endings.push(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('accounts and mail survive kill -9, and SIGTERM ends it at once though a request hangs', async () => {
  const dir = folder();
  const config: PracticeConfig = {
    dataDir: path.join(dir, 'data'),
    controlToken: 'control',
    mailboxes: [{ address: ann.email, password: 'mail-pass-1' }],
    sites: [
      { domain: 'social.test', confirmation: 'link' },
      { domain: 'other.test', confirmation: 'none', behaviour: { hangAfterCreate: true } },
    ],
    pictures: 0,
  };
  const first = run(config, dir);
  const before = await addresses(first);
  expect(before.sites.map((site) => site.domain)).toEqual(['social.test', 'other.test']);
  expect((await fetch(`${before.pictures}/avatar/ann.png`)).status).toBe(200);
  await (await new Visitor(before.sites[0]!.url).begin(ann)).finish();
  first.kill('SIGKILL');
  await once(first, 'exit');

  const second = run(config, dir);
  const after = await addresses(second);
  const client = new ImapFlow({
    ...after.imap,
    secure: false,
    auth: { user: ann.email, pass: 'mail-pass-1' },
    logger: false,
  });
  await client.connect();
  await client.mailboxOpen('INBOX');
  const mail = await client.fetchOne('1', { source: true });
  await client.logout();
  const token = /confirm\?token=[\w-]+/.exec(
    mail ? mail.source!.toString().replaceAll('=\r\n', '').replaceAll('=3D', '=') : '',
  )![0];
  expect((await new Visitor(after.sites[0]!.url).open(`/${token}`)).statusLine).toBe('Your account is confirmed.');

  const hanging = (await new Visitor(after.sites[1]!.url).begin(ben)).finish();
  hanging.catch(() => {});
  await expect
    .poll(
      async () => {
        const answer = await fetch(`${after.sites[1]!.url}/_practice/state`, {
          headers: { 'x-practice-token': 'control' },
        });
        return ((await answer.json()) as { counts: { accountsMade: number } }).counts.accountsMade;
      },
      { timeout: 10_000 },
    )
    .toBe(1);
  second.kill('SIGTERM');
  expect(await once(second, 'exit')).toEqual([0, null]);
  await expect(hanging).rejects.toThrow();
}, 30_000);

test('a wrong configuration is named and nothing starts', async () => {
  const dir = folder();
  const child = run({ dataDir: dir, sites: [{ domain: 'social.test', confirmation: 'sometimes' }] }, dir);
  const [complaint, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  expect(code).toBe(1);
  expect(complaint).toContain('sites[0].confirmation');
}, 30_000);

test('pictures are PNGs of a fixed size whose look follows from the name', async () => {
  const server = await startPictureServer();
  endings.push(() => server.close());
  const fetchPicture = async (name: string) => {
    const answer = await fetch(server.url + name);
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      bytes: Buffer.from(await answer.arrayBuffer()),
    };
  };
  const avatar = await fetchPicture('/avatar/ann.png');
  expect(avatar).toMatchObject({ status: 200, type: 'image/png' });
  expect(await sharp(avatar.bytes).metadata()).toMatchObject({ format: 'png', width: 400, height: 400 });
  expect((await fetchPicture('/avatar/ann.png')).bytes.equals(avatar.bytes)).toBe(true);
  expect((await fetchPicture('/avatar/ben.png')).bytes.equals(avatar.bytes)).toBe(false);
  const cover = await fetchPicture('/cover/ann.png');
  expect(await sharp(cover.bytes).metadata()).toMatchObject({ width: 1500, height: 500 });
  const square = await fetchPicture('/square/ann.png');
  expect(await sharp(square.bytes).metadata()).toMatchObject({ format: 'png', width: 1400, height: 1400 });
  expect(avatar.bytes.length).toBeLessThan(1024 * 1024);
  expect(square.bytes.length).toBeLessThan(5 * 1024 * 1024);
  expect((await fetchPicture('/avatar/..%2Fx.png')).status).toBe(404);
});
