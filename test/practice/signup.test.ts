import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ann, ben, PracticeSites, Visitor } from './visitor.ts';

const linkIn = (text: string) => /http\S+\/confirm\?token=\S+/.exec(text)![0];
const codeIn = (text: string) => /\b\d{6}\b/.exec(text)![0];

test('without confirmation a sign-up ends signed in', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  const visitor = new Visitor(site.url);
  await (await visitor.begin(ann)).finish();
  expect(visitor.text).toContain('Signed in as ann');
  expect(site.state()).toMatchObject({
    accounts: [{ ...ann, confirmed: true, firstName: 'Ann', lastName: 'Example', phone: '+1 555 0100' }],
    counts: { signUpPages: 1, accountsMade: 1, signIns: 0, creatingNow: 0, creatingPeak: 1 },
  });
  expect((await new Visitor(site.url).open('/u/ann')).text).toContain('Ann Example');
});

test('a link confirms once, signs in whoever opens it, and until then the account is neither seen nor usable', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ confirmation: 'link', name: 'Social' });
  const visitor = new Visitor(site.url);
  await (await visitor.begin(ann)).finish();
  expect([visitor.path, visitor.text]).toEqual(['/signup/done', expect.stringContaining('Check your mail')]);

  expect((await visitor.signIn('ann')).alerts).toEqual(['Please confirm your email first.']);
  expect((await visitor.signIn('ann', 'wrong-horse-1')).alerts).toEqual(['Wrong email, username or password.']);
  expect((await visitor.open('/u/ann')).status).toBe(404);

  const [mail] = await (await lab.mail()).messages(ann.email);
  expect(mail).toMatchObject({ from: 'no-reply@social.test', subject: 'Confirm your account at social.test' });
  const link = linkIn(mail!.text);
  expect(mail!.html).toContain(`href="${link}"`);
  await fetch(link, { method: 'HEAD' });
  const other = await new Visitor(site.url).open(link);
  expect(other.text).toContain('Your account is confirmed. Signed in as ann');
  expect((await other.open('/')).text).toContain('Signed in as ann');
  expect((await new Visitor(site.url).open(link)).status).toBe(410);
  expect((await visitor.open('/u/ann')).status).toBe(200);
  expect((await visitor.signIn('ANN@brand.test')).text).toContain('Signed in as ann');
});

test('a code confirms on its own account only, also in another browser after the password', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ confirmation: 'code' });
  const [first, second] = [new Visitor(site.url), new Visitor(site.url)];
  await (await first.begin(ann)).finish();
  await (await second.begin(ben)).finish();
  const [mail] = await (await lab.mail()).messages(ann.email);
  expect(mail!.subject).toBe('Your code for social.test');
  const code = codeIn(mail!.text);
  expect(codeIn(mail!.html.replace(/<[^>]+>/g, ''))).toBe(code);

  expect((await second.submit('Confirm', { 'Six-digit code': code })).alerts).toEqual(['This code is wrong.']);
  const third = new Visitor(site.url);
  await third.signIn('ann');
  expect(third.alerts[0]).toContain('Please confirm your email first.');
  await third.open('/confirm');
  expect((await third.submit('Confirm', { 'Six-digit code': code })).statusLine).toBe('Your account is confirmed.');
  expect((await first.submit('Confirm', { 'Six-digit code': code })).alerts).toEqual(['This code is wrong.']);
});

test('page 1 says what is wrong beside each field, and keeps what was typed', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  const visitor = await new Visitor(site.url).open('/signup');
  await visitor.submit('Continue', { Email: 'ann', Username: 'A<nn', Password: 'short', 'Repeat password': 'shirt' });
  expect(visitor.status).toBe(422);
  expect(visitor.alerts).toEqual([
    'Enter a valid email address.',
    'Use 3 to 30 of the characters a-z, 0-9, _, . and -.',
    'Use at least 8 characters.',
    'The passwords differ.',
  ]);
  expect(visitor.html).toContain('value="A&lt;nn"');
  expect(visitor.html).not.toContain('short');
  await visitor.submit('Continue', {
    Email: ann.email,
    Username: 'ann',
    Password: 'no-digits',
    'Repeat password': 'no-digits',
  });
  expect(visitor.alerts).toEqual(['Use at least one digit.']);
});

test('page 2 wants names and terms', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  const visitor = await new Visitor(site.url).begin(ann);
  await visitor.submit('Create account');
  expect(visitor.alerts).toEqual(['Enter your first name.', 'Enter your last name.', 'Please accept the terms.']);
  expect(site.state()).toMatchObject({ accounts: [], counts: { signUpSubmits: [{ ...ann, made: false }] } });
  await visitor.finish();
  expect(site.state().counts.signUpSubmits.map((submit) => submit.made)).toEqual([false, true]);
});

test('page 2 without page 1 leads back to it', async () => {
  await using lab = new PracticeSites();
  expect((await new Visitor((await lab.site()).url).open('/signup/details')).path).toBe('/signup');
});

test('taken values are refused on page 1', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  await (await new Visitor(site.url).begin(ann)).finish();
  const visitor = await new Visitor(site.url).begin({ email: 'Ann@Brand.test', username: 'ann' });
  expect(visitor.alerts).toEqual(['This email is already registered.', 'This username is taken.']);
});

test('of many that submit the same name at once exactly one gets an account', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site({ behaviour: { delayBeforeCreate: 300 } });
  const visitors = await Promise.all(Array.from({ length: 5 }, () => new Visitor(site.url).begin(ann)));
  await Promise.all(visitors.map((visitor) => visitor.finish()));
  expect(visitors.filter((visitor) => visitor.text.includes('Signed in as ann'))).toHaveLength(1);
  const refused = visitors.filter((visitor) =>
    visitor.text.includes('This email is already registered. Change it This username is taken.'),
  );
  expect(refused).toHaveLength(4);
  expect(site.state().accounts).toHaveLength(1);
  expect(site.state().counts).toMatchObject({ accountsMade: 1, creatingPeak: 5, creatingNow: 0 });
});

test('a form with a wrong token, or with another visitor’s, is refused', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  const visitor = await new Visitor(site.url).begin(ann);
  const foreign = await new Visitor(site.url).open('/signup');
  const token = /name="_csrf" value="([^"]+)"/;
  visitor.html = visitor.html.replace(token, `name="_csrf" value="${token.exec(foreign.html)![1]}"`);
  expect((await visitor.finish()).status).toBe(403);
  expect(site.state().accounts).toEqual([]);
  for (const page of ['/signup', '/signin', '/signout', '/confirm', '/settings/profile', '/settings/security']) {
    const body = new FormData();
    body.set('email', ann.email);
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(site.url + page, { method: 'POST', body, headers: { cookie }, redirect: 'manual' });
    expect([page, answer.status]).toEqual([page, page === '/settings/profile' ? 303 : 403]);
  }
});

test('accounts and sign-ins survive a restart, a torn last line does not matter, and no password is in the file', async () => {
  await using lab = new PracticeSites();
  const first = await lab.site();
  const visitor = new Visitor(first.url);
  await (await visitor.begin(ann)).finish();
  await first.close();
  const file = path.join(lab.dataDir, 'social.test', 'accounts.jsonl');
  expect(readFileSync(file, 'utf8')).not.toContain('right-horse');
  appendFileSync(file, '{"type":"account","account":{"userna');

  const second = await lab.site();
  const returned = new Visitor(second.url);
  for (const [name, value] of visitor.cookies) returned.cookies.set(name, value);
  expect((await returned.open('/')).text).toContain('Signed in as ann');
  await (await new Visitor(second.url).begin(ben)).finish();
  await second.close();

  const third = await lab.site();
  expect(third.state().accounts.map((account) => account.username)).toEqual(['ann', 'ben']);
  expect((await new Visitor(third.url).signIn('ann')).text).toContain('Signed in as ann');
});

test('a damaged line before the last is not passed over', async () => {
  await using lab = new PracticeSites();
  const site = await lab.site();
  await (await new Visitor(site.url).begin(ann)).finish();
  await site.close();
  const file = path.join(lab.dataDir, 'social.test', 'accounts.jsonl');
  appendFileSync(file, '{"type":\n{"type":"signedOut","session":"x"}\n');
  await expect(lab.site()).rejects.toThrow('accounts.jsonl: line 3 is damaged');
});

test('sites in one process keep their accounts and sign-ins apart', async () => {
  await using lab = new PracticeSites();
  const [one, two] = [await lab.site({ domain: 'one.test' }), await lab.site({ domain: 'two.test' })];
  const visitor = new Visitor(one.url);
  await (await visitor.begin(ann)).finish();
  const elsewhere = new Visitor(two.url);
  for (const [name, value] of visitor.cookies) elsewhere.cookies.set(name, value);
  expect((await elsewhere.open('/')).text).not.toContain('Signed in');
  expect((await elsewhere.begin(ann)).path).toBe('/signup/details');
  expect((await visitor.open('/')).text).toContain('Signed in as ann');
});
