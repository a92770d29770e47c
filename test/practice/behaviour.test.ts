import { generateSync } from 'otplib';
import { expect, test, vi } from 'vitest';
import type { Behaviour } from '../../practice/social/behaviour.ts';
import { ann, ben, PracticeSites, Visitor } from './visitor.ts';

const patience = { timeout: 10_000 };

test.each<[string, Behaviour, number, string | null]>([
  ['down', { down: true }, 503, null],
  ['down for a while', { down: { retryAfter: 7 } }, 503, '7'],
  ['too many requests', { tooMany: { retryAfter: 3 } }, 429, '3'],
])('%s: every page says so', async (_, behaviour, status, retryAfter) => {
  await using lab = new PracticeSites();
  const site = await lab.site({ behaviour });
  const visitor = new Visitor(site.url);
  for (const page of ['/', '/signup', '/signin', '/u/ann', '/nothing']) {
    await visitor.open(page);
    expect([page, visitor.status, visitor.headers.get('retry-after')]).toEqual([page, status, retryAfter]);
  }
  site.setBehaviour({});
  expect((await visitor.open('/signup')).status).toBe(200);
});

test('slow: each answer waits', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ behaviour: { slow: 80 } });
  const begun = performance.now();
  await new Visitor(site.url).open('/');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(79);
});

test('what is set for an account, by name or e-mail, spares the others and outdoes the site', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ behaviour: { nameTaken: true } });
  site.setBehaviour({ nameTaken: false, emailTaken: true }, 'ann');
  site.setBehaviour({ down: true }, 'Ben@brand.test');
  expect((await new Visitor(site.url).begin(ann)).alerts).toEqual(['This email is already registered.']);
  expect((await new Visitor(site.url).begin(ben)).status).toBe(503);
  expect((await new Visitor(site.url).begin({ email: 'cid@brand.test', username: 'cid' })).alerts).toEqual([
    'This username is taken.',
  ]);
  expect((await new Visitor(site.url).open('/signup')).status).toBe(200);
});

test('errorAfterCreate: the account is made and its mail sent, the answer is 500, as often as told', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ confirmation: 'link', behaviour: { errorAfterCreate: { times: 1 } } });
  expect((await (await new Visitor(site.url).begin(ann)).finish()).status).toBe(500);
  expect((await (await new Visitor(site.url).begin(ben)).finish()).path).toBe('/signup/done');
  expect(site.state().counts.accountsMade).toBe(2);
  expect(await (await lab.mail()).messages(ann.email)).toHaveLength(1);
});

test('hangAfterCreate: the account is made, the answer never comes, and the site still closes', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  site.setBehaviour({ hangAfterCreate: true }, 'ann');
  const visitor = await new Visitor(site.url).begin(ann);
  const given = new AbortController();
  const hanging = visitor.finish(given.signal);
  await vi.waitFor(() => expect(site.state().counts).toMatchObject({ accountsMade: 1, creatingNow: 1 }), patience);
  given.abort();
  await expect(hanging).rejects.toThrow('aborted');
  await vi.waitFor(() => expect(site.state().counts.creatingNow).toBe(0), patience);
  expect((await visitor.signIn('ann')).text).toContain('Signed in as ann');

  site.setBehaviour({ hangAfterCreate: true });
  const other = (await new Visitor(site.url).begin(ben)).finish();
  other.catch(() => {});
  await vi.waitFor(() => expect(site.state().counts.accountsMade).toBe(2), patience);
  await site.close();
  await expect(other).rejects.toThrow();
});

test('delayBeforeCreate: the account is made late, also when nobody waits any more', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ behaviour: { delayBeforeCreate: 500 } });
  const visitor = await new Visitor(site.url).begin(ann);
  const given = new AbortController();
  const pending = visitor.finish(given.signal);
  await vi.waitFor(() => expect(site.state().counts.signUpSubmits).toHaveLength(1), patience);
  given.abort();
  await expect(pending).rejects.toThrow('aborted');
  expect(site.state().accounts).toEqual([]);
  await vi.waitFor(() => expect(site.state().accounts).toHaveLength(1), patience);
});

test('noMail: the account waits for a mail that never comes', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ confirmation: 'code', behaviour: { noMail: true } });
  expect((await (await new Visitor(site.url).begin(ann)).finish()).path).toBe('/confirm');
  expect(await (await lab.mail()).messages(ann.email)).toEqual([]);
});

test('avatarRefused: a good picture is refused, the rest of the profile can be saved', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  const visitor = new Visitor(site.url);
  await (await visitor.begin(ann)).finish();
  site.setBehaviour({ avatarRefused: true }, 'ann');
  await visitor.open('/settings/profile');
  const png = new Blob([Buffer.from('89504e470d0a1a0a', 'hex')]);
  expect((await visitor.submit('Save profile', { Avatar: png })).alerts).toEqual([
    'Avatar refused: it breaks our rules.',
  ]);
  expect((await visitor.submit('Save profile', { Location: 'Here' })).statusLine).toBe('Profile saved.');
});

test('humanCheck: no account and no sign-in until a person has pressed the button in the frame', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ behaviour: { humanCheck: 'both' } });
  const visitor = await new Visitor(site.url).begin(ann);
  await visitor.finish();
  expect(visitor.text).toContain('Verify that you are human');
  expect(visitor.html).toContain('<iframe title="human check"');
  expect(site.state()).toMatchObject({ accounts: [], counts: { signUpSubmits: [{ made: false }] } });
  await (await visitor.open('/human-check')).submit('I am human');
  await (await visitor.open('/signup/details')).finish();
  expect(visitor.text).toContain('Signed in as ann');

  const other = await new Visitor(site.url).signIn('ann');
  expect(other.text).toContain('Verify that you are human');
  site.setBehaviour({ humanCheck: true });
  expect((await other.signIn('ann')).text).toContain('Signed in as ann');
});

test('emailCodeAtSignIn: the mailed code finishes the sign-in', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ behaviour: { emailCodeAtSignIn: true } });
  await (await new Visitor(site.url).begin(ann)).finish();
  const visitor = await new Visitor(site.url).signIn(ann.email);
  expect(visitor.text).not.toContain('Signed in');
  const [mail] = await (await lab.mail()).messages(ann.email);
  expect(mail!.subject).toBe('Your code for social.test');
  const code = /\b\d{6}\b/.exec(mail!.text)![0];
  const wrong = code === '111111' ? '222222' : '111111';
  expect((await visitor.submit('Verify', { 'Six-digit code': wrong })).alerts).toEqual(['This code is wrong.']);
  expect((await visitor.submit('Verify', { 'Six-digit code': code })).text).toContain('Signed in as ann');
});

test('the control API answers only to its token, and names what is wrong', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  const call = (path: string, body?: unknown, token = 'control') =>
    fetch(`${site.url}/_practice/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'x-practice-token': token, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: JSON.stringify(body),
    });
  expect((await call('state', undefined, 'guess')).status).toBe(403);
  expect((await fetch(`${site.url}/_practice/state`)).status).toBe(403);
  expect((await call('behaviour', { behaviour: { slow: 1 } }, '')).status).toBe(403);

  const wrong = await call('behaviour', { behaviour: { slow: '1' } });
  expect([wrong.status, ((await wrong.json()) as { error: string }).error]).toEqual([
    400,
    expect.stringContaining('behaviour.slow'),
  ]);
  expect(await (await call('behaviour', { behaviour: { emailTaken: true }, account: 'ann' })).json()).toEqual({
    site: {},
    accounts: { ann: { emailTaken: true } },
  });
  expect((await call('behaviour', { behaviour: { down: true } })).status).toBe(200);
  const state = (await (await call('state')).json()) as { behaviours: unknown };
  expect(state.behaviours).toEqual({ site: { down: true }, accounts: { ann: { emailTaken: true } } });
});

test('a secret set for a future account is asked for at its sign-in, and neither it nor a password is in the state', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  const set = (wanted: string) =>
    fetch(`${site.url}/_practice/totp`, {
      method: 'POST',
      headers: { 'x-practice-token': 'control', 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'ann', secret: wanted }),
    });
  expect((await set('abc')).status).toBe(400);
  expect((await set(secret)).status).toBe(204);
  await (await new Visitor(site.url).begin(ann)).finish();
  const visitor = await new Visitor(site.url).signIn('ann');
  await visitor.submit('Verify', { 'Authentication code': generateSync({ secret }) });
  expect(visitor.text).toContain('Signed in as ann');
  const state = JSON.stringify(site.state());
  expect(state).not.toContain(secret);
  expect(state).not.toMatch(/password|hash/i);
});
