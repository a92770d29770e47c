import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { afterEach, expect, test } from 'vitest';
import { type MailServer, type MailServerOptions, startMailServer } from '../../practice/mail/mail-server.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(options?: MailServerOptions): Promise<MailServer> {
  const server = await startMailServer(options);
  endings.push(() => server.close().catch(() => {}));
  server.addMailbox('ann@brand.test', 'pässword 1');
  server.addMailbox('ben@brand.test', 'pass-2');
  return server;
}

function dataDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'practice-mail-'));
  endings.push(() => rmSync(dir, { recursive: true }));
  return dir;
}

function send(server: MailServer, to: string, subject: string, text = 'Hello'): Promise<unknown> {
  return createTransport({ ...server.smtp, ignoreTLS: true }).sendMail({
    from: 'Site <no-reply@site.test>',
    to,
    subject,
    text,
  });
}

async function open(
  server: MailServer,
  user = 'ann@brand.test',
  pass = 'pässword 1',
  loginMethod?: string,
): Promise<ImapFlow> {
  const client = new ImapFlow({ ...server.imap, secure: false, auth: { user, pass, loginMethod }, logger: false });
  client.on('error', () => {});
  await client.connect();
  endings.push(() => client.close());
  return client;
}

test.each([
  ['LOGIN', 'Ben@Brand.test', 'pass-2'],
  ['AUTH=PLAIN', 'Ann@Brand.test', 'pässword 1'],
])('signs in by %s as the full address, whatever its case', async (method, user, pass) => {
  const client = await open(await start(), user, pass, method);
  expect((await client.mailboxOpen('INBOX')).exists).toBe(0);
  expect(client.capabilities.has('IDLE')).toBe(true);
});

test.each([
  ['a wrong password', 'ann@brand.test', 'pass-2'],
  ['an unknown address', 'cid@brand.test', 'pass-2'],
])('refuses %s', async (_, user, pass) => {
  const server = await start();
  await expect(open(server, user, pass)).rejects.toMatchObject({ authenticationFailed: true });
});

test('two users see their own mail only', async () => {
  const server = await start();
  await send(server, 'ann@brand.test', 'for ann');
  await send(server, 'ben@brand.test', 'for ben');
  const [forAnn, forBen] = [await open(server), await open(server, 'ben@brand.test', 'pass-2')];
  const subjects = async (client: ImapFlow) => {
    await client.mailboxOpen('INBOX');
    return (await client.fetchAll('1:*', { envelope: true })).map((mail) => mail.envelope?.subject);
  };
  expect(await subjects(forAnn)).toEqual(['for ann']);
  expect(await subjects(forBen)).toEqual(['for ben']);
});

test('refuses mail for an address without a mailbox with 550, and delivers to the others', async () => {
  const server = await start();
  await expect(send(server, 'cid@brand.test', 'lost')).rejects.toMatchObject({ responseCode: 550 });
  await send(server, 'cid@brand.test, ANN@brand.test', 'found');
  expect((await server.messages('ann@brand.test')).map((mail) => mail.subject)).toEqual(['found']);
});

test('IDLE reports mail as it is delivered, and it is fetched by its UID, byte for byte', async () => {
  const server = await start();
  const client = await open(server);
  const { uidNext } = await client.mailboxOpen('INBOX');
  const reported = once(client, 'exists');
  const idling = client.idle();
  await send(server, 'ann@brand.test', 'Grüße', 'Ünïcode\n.dot\n');
  expect((await reported)[0]).toMatchObject({ path: 'INBOX', count: 1, prevCount: 0 });
  const mail = await client.fetchOne(String(uidNext), { source: true, envelope: true }, { uid: true });
  await idling;
  expect(mail).toMatchObject({ uid: uidNext, envelope: { subject: 'Grüße' } });
  const [stored] = await server.messages('ann@brand.test');
  expect(stored).toMatchObject({ uid: uidNext, from: 'no-reply@site.test', text: 'Ünïcode\n.dot\n' });
  expect(mail && mail.source?.toString()).toBe(stored!.raw);
});

test('finds mail by UID, sender and subject', async () => {
  const server = await start();
  const client = await open(server);
  await client.mailboxOpen('INBOX');
  for (const subject of ['one', 'two', 'three']) await send(server, 'ann@brand.test', subject);
  await client.noop();
  expect(await client.search({ uid: '2:*', from: 'no-reply@site.test' }, { uid: true })).toEqual([2, 3]);
  expect(await client.search({ subject: 'two' }, { uid: true })).toEqual([2]);
  expect(await client.search({ subject: 'four' }, { uid: true })).toEqual([]);
});

test('keeps messages, UIDs and UIDVALIDITY over a restart, and expunged ones stay away', async () => {
  const dir = dataDir();
  const first = await start({ dataDir: dir });
  for (const subject of ['one', 'two', 'three']) await send(first, 'ann@brand.test', subject);
  const before = await open(first);
  const opened = await before.mailboxOpen('INBOX');
  await before.messageDelete('1,3', { uid: true });
  await first.close();

  const file = readdirSync(path.join(dir, 'mail')).find((name) => name.startsWith('ann'))!;
  appendFileSync(path.join(dir, 'mail', file), '{"uid":9,"recei');

  const second = await start({ dataDir: dir });
  const after = await open(second);
  expect(await after.mailboxOpen('INBOX')).toMatchObject({ uidValidity: opened.uidValidity, uidNext: 4, exists: 1 });
  await send(second, 'ann@brand.test', 'four');
  expect((await second.messages('ann@brand.test')).map(({ uid, subject }) => [uid, subject])).toEqual([
    [2, 'two'],
    [4, 'four'],
  ]);
});

test('a changed password counts from then on', async () => {
  const server = await start();
  server.addMailbox('ann@brand.test', 'another');
  await expect(open(server)).rejects.toMatchObject({ authenticationFailed: true });
  await open(server, 'ann@brand.test', 'another');
});

test('closes while a client idles', async () => {
  const server = await start();
  const client = await open(server);
  await client.mailboxOpen('INBOX');
  const closed = once(client, 'close');
  void client.idle().catch(() => {});
  await server.close();
  await closed;
});
