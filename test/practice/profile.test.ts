import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createGuardrails, generateSync } from 'otplib';
import { afterEach, expect, test, vi } from 'vitest';
import { drawPicture } from '../../practice/pictures.ts';
import { ann, PracticeSites, Visitor } from './visitor.ts';

const secret = 'GEZDGNBVGY3TQOJQ';
const codeAt = (epochMs: number) =>
  generateSync({ secret, epoch: Math.floor(epochMs / 1000), guardrails: createGuardrails({ MIN_SECRET_BYTES: 10 }) });

afterEach(() => void vi.useRealTimers());

async function member(
  lab: PracticeSites,
): Promise<{ site: Awaited<ReturnType<PracticeSites['site']>>; visitor: Visitor }> {
  const site = await lab.site();
  const visitor = new Visitor(site.url);
  await (await visitor.begin(ann)).finish();
  return { site, visitor };
}

test('a saved profile is public, its HTML reduced to what is allowed and its links without duplicates', async () => {
  await using lab = new PracticeSites();
  const { site, visitor } = await member(lab);
  await visitor.open('/settings/profile');
  const avatar = await drawPicture('avatar', 'ann');
  await visitor.submit('Save profile', {
    Avatar: new Blob([avatar]),
    Cover: new Blob([await drawPicture('cover', 'ann')]),
    'First name': 'Anna <b>',
    Location: 'Example City',
    Website: 'https://brand.example/',
    About:
      '<p onclick="x()">Hi <b>there</b><script>alert(1)</script> <a href="javascript:x" style="top:0">a</a> <a href="https://brand.example/b">b</a></p>\n<img src="/x"><p>End</p>',
    Links: 'https://a.example/1\r\n\r\n https://a.example/2 \r\nhttps://a.example/1',
  });
  expect(visitor.statusLine).toBe('Profile saved.');
  expect(site.state().counts.profileSaves).toBe(1);

  await new Visitor(site.url).open('/u/ann').then((page) => (visitor.html = page.html));
  expect(visitor.text).toContain('Anna <b> Example');
  expect(visitor.text).toContain('Example City');
  expect(visitor.html).toContain('<p>Hi <b>there</b> <a>a</a> <a href="https://brand.example/b">b</a></p>\n<p>End</p>');
  const links = /<ul aria-label="Links">([^]*?)<\/ul>/.exec(visitor.html)![1]!;
  expect([...links.matchAll(/<a rel="me nofollow" href="([^"]+)"/g)].map((match) => match[1])).toEqual([
    'https://a.example/1',
    'https://a.example/2',
  ]);
  const source = /<img class="avatar" src="([^"]+)"/.exec(visitor.html)![1]!;
  const picture = await fetch(new URL(source, site.url));
  expect(picture.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await picture.arrayBuffer()).equals(avatar)).toBe(true);
});

test('saving again without pictures keeps them, and a new one replaces the old file', async () => {
  await using lab = new PracticeSites();
  const { site, visitor } = await member(lab);
  await visitor.open('/settings/profile');
  await visitor.submit('Save profile', { Avatar: new Blob([await drawPicture('avatar', 'one')]) });
  const [before] = site.state().accounts;
  await visitor.submit('Save profile', { Location: 'Elsewhere' });
  expect(site.state().accounts[0]).toMatchObject({ avatar: before!.avatar, location: 'Elsewhere' });
  await visitor.submit('Save profile', { Avatar: new Blob([await drawPicture('avatar', 'two')]) });
  const [after] = site.state().accounts;
  expect(after!.avatar).not.toBe(before!.avatar);
  expect(readdirSync(path.join(lab.dataDir, 'social.test', 'uploads'))).toEqual([path.basename(after!.avatar!)]);
});

test('refuses wrong pictures and fields beside them, and then saves nothing', async () => {
  await using lab = new PracticeSites();
  const { site, visitor } = await member(lab);
  await visitor.open('/settings/profile');
  const png = await drawPicture('avatar', 'ann');
  const padded = (bytes: number) => new Blob([png, new Uint8Array(bytes - png.length)]);
  await visitor.submit('Save profile', { Avatar: padded(1024 * 1024 + 1), Cover: padded(3 * 1024 * 1024) });
  expect(visitor.alerts).toEqual([
    'Avatar refused: it is larger than 1 MiB.',
    'Cover refused: it is larger than 2 MiB.',
  ]);
  await visitor.submit('Save profile', {
    Avatar: new Blob(['<svg xmlns="http://www.w3.org/2000/svg"/>'], { type: 'image/png' }),
    Location: 'Nowhere',
  });
  expect(visitor.alerts).toEqual(['Avatar refused: it is no PNG, JPEG or WebP picture.']);
  await visitor.submit('Save profile', {
    'First name': ' ',
    Website: 'javascript:alert(1)',
    About: 'ä'.repeat(2001),
    Links: 'https://a.example\nftp://b.example',
  });
  expect(visitor.alerts).toEqual([
    'Enter your first name.',
    'Enter a web address, or nothing.',
    'Use at most 2000 characters.',
    'This is no web address: ftp://b.example',
  ]);
  const many = Array.from({ length: 201 }, (_, index) => `https://a.example/${index}`);
  await visitor.submit('Save profile', { 'First name': 'Ann', Website: '', About: '', Links: many.join('\n') });
  expect(visitor.alerts).toEqual(['Use at most 200 links.']);
  expect(site.state()).toMatchObject({ counts: { profileSaves: 0 }, accounts: [{ location: '', links: [] }] });
  await visitor.submit('Save profile', { Avatar: padded(1024 * 1024), Links: many.slice(1).join('\n') });
  expect(visitor.statusLine).toBe('Profile saved.');
  expect(site.state().accounts[0]!.links).toHaveLength(200);
});

test('a forged profile form is refused', async () => {
  await using lab = new PracticeSites();
  const { site, visitor } = await member(lab);
  await visitor.open('/settings/profile');
  visitor.html = visitor.html.replaceAll(/name="_csrf" value="[^"]+"/g, 'name="_csrf" value="wrong"');
  expect((await visitor.submit('Save profile', { Location: 'Forged' })).status).toBe(403);
  expect(site.state().accounts[0]!.location).toBe('');
});

test('settings need a sign-in, and signing out ends it', async () => {
  await using lab = new PracticeSites();
  const { visitor } = await member(lab);
  await visitor.open('/');
  const session = new Map(visitor.cookies);
  await visitor.submit('Sign out');
  expect(visitor.text).toContain('Create an account');
  for (const [name, value] of session) visitor.cookies.set(name, value);
  for (const page of ['/settings/profile', '/settings/security'])
    expect((await visitor.open(page)).path).toBe('/signin');
});

test('two-step sign-in asks for a code, takes each code once and neighbouring steps only', async () => {
  // The clock stands still, so that no step ends in the middle of the test.
  vi.useFakeTimers({ toFake: ['Date'] });
  await using lab = new PracticeSites();
  const { site, visitor } = await member(lab);
  await visitor.open('/settings/security');
  await visitor.submit('Turn on', { 'Authenticator secret': 'not base32!', 'Authentication code': '000000' });
  expect(visitor.alerts).toEqual(['This is no base32 secret.']);
  await visitor.submit('Turn on', {
    'Authenticator secret': secret,
    'Authentication code': codeAt(Date.now() - 3_600_000),
  });
  expect(visitor.alerts).toEqual(['This code is wrong.']);
  const now = Date.now();
  await visitor.submit('Turn on', {
    'Authenticator secret': 'gezd gnbv gy3t qojq',
    'Authentication code': codeAt(now - 30_000),
  });
  expect(visitor.statusLine).toBe('Two-step sign-in is on.');

  const other = new Visitor(site.url);
  await other.signIn('ann');
  expect(other.path).toBe('/signin/code');
  expect((await other.submit('Verify', { 'Authentication code': codeAt(now - 30_000) })).alerts).toEqual([
    'This code is wrong or was used before.',
  ]);
  expect((await other.submit('Verify', { 'Authentication code': codeAt(now + 300_000) })).status).toBe(422);
  expect((await other.open('/')).text).not.toContain('Signed in');
  await other.open('/signin/code');
  expect((await other.submit('Verify', { 'Authentication code': codeAt(now) })).text).toContain('Signed in as ann');
  expect(site.state()).toMatchObject({ counts: { signIns: 1 }, accounts: [{ authenticator: true }] });

  const third = await new Visitor(site.url).signIn('ann');
  expect((await third.submit('Verify', { 'Authentication code': codeAt(now) })).status).toBe(422);
});

test('an unknown page, profile or picture is 404', async () => {
  await using lab = new PracticeSites();
  const visitor = new Visitor((await lab.site()).url);
  for (const page of [
    '/nothing',
    '/u/nobody',
    '/media/..%2Faccounts.jsonl',
    '/media/00000000-0000-0000-0000-000000000000.png',
  ]) {
    expect([page, (await visitor.open(page)).status]).toEqual([page, 404]);
  }
});
