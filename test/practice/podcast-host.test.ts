import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DomUtils, parseDocument } from 'htmlparser2';
import { generateSync } from 'otplib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { isWellFormed, readFeed } from '../../practice/podcast/read-feed.ts';
import { coverArt, createShow, drawSquare, join, PodcastSites } from './podcast-sites.ts';
import { ann, ben, Visitor } from './visitor.ts';

const uploads = (lab: PodcastSites) => readdirSync(path.join(lab.dataDir, 'host.test', 'uploads'));
const feedField = (visitor: Visitor) =>
  /<label for="feed">RSS feed<\/label><input type="text" [^>]*value="([^"]+)"[^>]* readonly>/.exec(visitor.html)?.[1];

test('someone signs up, confirms by mail, creates a show, and is shown its feed', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host({ confirmation: 'link', name: 'Host' });
  await join(host);
  const [mail] = await (await lab.mail()).messages(ann.email);
  const visitor = await new Visitor(host.url).open(/http\S+\/confirm\?token=\S+/.exec(mail!.text)![0]);
  expect(visitor.text).toContain('Signed in as ann. Create a show');
  await createShow(visitor);
  expect(visitor.path).toBe('/dashboard');
  expect(feedField(visitor)).toBe(`${host.url}/feeds/sample-talks.xml`);
  expect(host.state()).toMatchObject({
    counts: { accountsMade: 1, showsMade: 1, feedsFetched: 0 },
    accounts: [{ ...ann, confirmed: true }],
    shows: [
      {
        username: 'ann',
        title: 'Sample talks',
        feed: feedField(visitor),
        ownerEmail: ann.email,
        language: 'en',
        category: 'Technology',
      },
    ],
  });
  expect((await new Visitor(host.url).open('/shows/sample-talks')).text).toContain('We talk about samples.');
});

test('the feed has what RSS 2.0 and the podcast directories ask for, and what it names is there', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  const title = 'Tom & “Ann” <live> \u0007]]> ‘Hà Nội’';
  await createShow(await join(host), {
    'Show title': title,
    Description: 'a\u0000b & <c>',
    Category: 'Health & Fitness',
    Language: 'vi',
  });
  const answer = await fetch(host.state().shows[0]!.feed);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/rss+xml; charset=utf-8']);
  const xml = await answer.text();
  expect(host.state().counts.feedsFetched).toBe(1);
  expect(isWellFormed(xml)).toBe(true);

  const [rss] = parseDocument(xml, { xmlMode: true }).children.filter(
    (node) => 'attribs' in node && node.name === 'rss',
  );
  const find = (name: string, within = [rss!]) => DomUtils.getElementsByTagName(name, within, true);
  const text = (name: string) => find(name).map((element) => DomUtils.textContent(element));
  const attributes = (name: string) => find(name).map((element) => element.attribs);
  expect(attributes('rss')).toMatchObject([
    { version: '2.0', 'xmlns:itunes': 'http://www.itunes.com/dtds/podcast-1.0.dtd' },
  ]);
  expect(find('channel')).toHaveLength(1);
  expect(text('title')).toEqual(['Tom & “Ann” <live> ]]> ‘Hà Nội’', 'Welcome to Tom & “Ann” <live> ]]> ‘Hà Nội’']);
  expect(text('description')[0]).toBe('ab & <c>');
  expect([text('language'), text('itunes:author'), text('itunes:name'), text('itunes:email')]).toEqual([
    ['vi'],
    ['Ann Example'],
    ['Ann Example'],
    [ann.email],
  ]);
  expect(attributes('itunes:category')).toEqual([{ text: 'Health & Fitness' }]);
  expect(text('itunes:explicit')).toEqual(['false', 'false']);
  expect(attributes('atom:link')).toMatchObject([{ rel: 'self', href: answer.url }]);

  expect(find('item')).toHaveLength(1);
  const [guid] = find('guid', find('item'));
  expect([guid!.attribs, DomUtils.textContent(guid!)]).toEqual([{ isPermaLink: 'false' }, expect.stringMatching(/./)]);
  for (const date of text('pubDate')) expect(new Date(date).toUTCString()).toBe(date);
  expect(text('itunes:duration')).toEqual(['10']);
  const [enclosure] = attributes('enclosure');
  const audio = await fetch(enclosure!.url!);
  expect(audio.headers.get('content-type')).toBe(enclosure!.type);
  expect(String((await audio.arrayBuffer()).byteLength)).toBe(enclosure!.length);
  const image = await fetch(attributes('itunes:image')[0]!.href!);
  expect(Buffer.from(await image.arrayBuffer()).equals(coverArt)).toBe(true);
  expect((await fetch(text('link')[0]!)).status).toBe(200);
});

test('each field says what is wrong with it, and what was typed stays', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  const visitor = await join(host);
  await createShow(visitor, {
    'Show title': ' ',
    Description: '',
    Language: 'xx',
    Category: '',
    'Owner email': 'a"b',
    'Cover art': '',
  });
  expect(visitor.status).toBe(422);
  expect(visitor.alerts).toEqual([
    'Enter a title.',
    'Describe the show.',
    'Choose a language.',
    'Choose a category.',
    'Enter a valid email address.',
    'Cover art refused: there is no picture.',
  ]);
  expect(visitor.html).toContain('value="a&quot;b"');
  await createShow(visitor, { 'Cover art': '', Category: 'TV & Film' });
  expect(visitor.html).toContain('<option value="TV &amp; Film" selected>');
  expect(host.state().shows).toEqual([]);
});

test.each<[string, () => Promise<Buffer>]>([
  ['its sides are 1399 pixels long, not 1400 to 3000.', () => drawSquare(1399)],
  ['its sides are 3001 pixels long, not 1400 to 3000.', () => drawSquare(3001)],
  ['it is not square but 1400 by 1401 pixels.', () => drawSquare(1400, 'png', 1401)],
  ['it is no PNG or JPEG picture.', () => drawSquare(1400, 'webp')],
  [
    'it is no PNG or JPEG picture.',
    () => Promise.resolve(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1400" height="1400"/>')),
  ],
  ['it is larger than 5 MiB.', () => sharp(coverArt).png({ compressionLevel: 0 }).toBuffer()],
])('cover art is refused: %s', async (problem, draw) => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  const visitor = await createShow(await join(host), { 'Cover art': new Blob([await draw()]) });
  expect([visitor.status, visitor.alerts]).toEqual([422, [`Cover art refused: ${problem}`]]);
  expect(host.state().shows).toEqual([]);
});

test('a JPEG of 3000 pixels is cover art', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  await createShow(await join(host), { 'Cover art': new Blob([await drawSquare(3000, 'jpeg')]) });
  expect((await fetch(host.state().shows[0]!.cover)).headers.get('content-type')).toBe('image/jpeg');
});

test('an account has one show: a second visit, a stale form and two forms at once lead to it', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  const visitors = await Promise.all([join(host), join(host, ben)]);
  const [first, other] = visitors;
  const second = new Visitor(host.url);
  for (const [name, value] of first.cookies) second.cookies.set(name, value);
  await Promise.all([createShow(first), createShow(second, { 'Show title': 'Another title' })]);
  const [show] = host.state().shows;
  expect([first.path, second.path, feedField(first), feedField(second)]).toEqual([
    '/dashboard',
    '/dashboard',
    show!.feed,
    show!.feed,
  ]);
  expect((await first.open('/show/new')).path).toBe('/dashboard');
  expect(host.state().counts.showsMade).toBe(1);
  expect(uploads(lab)).toHaveLength(1);

  await createShow(other, { 'Show title': show!.title });
  expect(host.state().shows.map(({ slug }) => slug)).toEqual([show!.slug, `${show!.slug}-2`]);
});

test('only who is signed in, with a form of their own, creates a show', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  expect((await new Visitor(host.url).open('/show/new')).path).toBe('/signin');
  expect((await new Visitor(host.url).open('/dashboard')).path).toBe('/signin');
  const visitor = await (await join(host)).open('/show/new');
  visitor.html = visitor.html.replaceAll(/name="_csrf" value="[^"]+"/g, 'name="_csrf" value="x"');
  expect((await visitor.submit('Create show', { 'Cover art': new Blob([coverArt]) })).status).toBe(403);
  const answer = await fetch(`${host.url}/show/new`, {
    method: 'POST',
    body: new URLSearchParams({ title: 'x' }),
    headers: { cookie: [...visitor.cookies].map((pair) => pair.join('=')).join('; ') },
  });
  expect(answer.status).toBe(415);
});

test('accounts and shows survive a restart, and the sign-in asks for the authenticator’s code', async () => {
  await using lab = new PodcastSites();
  const first = await lab.host();
  await createShow(await join(first));
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  first.setTotp('ann', secret);
  const [show] = first.state().shows;
  await first.close();
  expect(readFileSync(path.join(lab.dataDir, 'host.test', 'shows.jsonl'), 'utf8')).not.toContain('http');

  const second = await lab.host();
  const visitor = await new Visitor(second.url).signIn('ann');
  await visitor.submit('Verify', { 'Authentication code': generateSync({ secret }) });
  expect(visitor.text).toContain('Signed in as ann See your show');
  await visitor.open('/show/new');
  expect(feedField(visitor)).toBe(`${second.url}/feeds/${show!.slug}.xml`);
  expect(readFeed(await (await fetch(feedField(visitor)!)).text()).title).toBe('Sample talks');
});

test('feedBroken: the feed of whom it is set for breaks off, the others’ do not', async () => {
  await using lab = new PodcastSites();
  const host = await lab.host();
  await createShow(await join(host));
  await createShow(await join(host, ben));
  host.setBehaviour({ feedBroken: true }, 'ann@brand.test');
  const sound = await Promise.all(
    host.state().shows.map(async ({ feed }) => isWellFormed(await (await fetch(feed)).text())),
  );
  expect(sound).toEqual([false, true]);
  host.setBehaviour({ down: true });
  expect((await fetch(host.state().shows[1]!.feed)).status).toBe(503);
  expect((await fetch(`${host.url}/feeds/nothing.xml`)).status).toBe(503);
  host.setBehaviour({});
  expect((await fetch(`${host.url}/feeds/nothing.xml`)).status).toBe(404);
  expect((await fetch(`${host.url}/feeds/sample-talks`)).status).toBe(404);
});
