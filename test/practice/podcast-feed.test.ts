import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchFeed } from '../../practice/podcast/fetch-feed.ts';
import { isWellFormed } from '../../practice/podcast/read-feed.ts';
import { coverArt, drawSquare } from './podcast-sites.ts';

const small = await drawSquare(300);
const good = `<?xml version="1.0"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>
<title>A &amp; B</title><description><![CDATA[<p>Both & more</p>]]></description>
<image><title>Not this one</title></image>
<itunes:author>Sample Author</itunes:author>
<itunes:owner><itunes:name>Sample</itunes:name><itunes:email>owner@brand.test</itunes:email></itunes:owner>
<itunes:image href="ORIGIN/cover"/>
<item><title>Gone</title><enclosure url="ORIGIN/gone" length="1" type="audio/mpeg"/></item>
<item><title>Here</title><enclosure url="ORIGIN/audio" length="1" type="audio/mpeg"/></item>
</channel></rss>`;

let feed = good;
const server = createServer((request, response) => {
  const { host } = request.headers;
  const answers: Record<string, string | Buffer> = {
    '/feed': feed.replaceAll('ORIGIN', `http://${host}`),
    '/long': `<rss>${' '.repeat(3 * 1024 * 1024)}</rss>`,
    '/cover': coverArt,
    '/small': small,
    '/audio': 'sound',
  };
  const answer = answers[request.url!];
  if (request.url === '/away') response.writeHead(302, { location: '/feed' }).end();
  else if (request.url === '/broken')
    response.writeHead(200, { 'content-length': 1000 }).write('<rss>', () => response.destroy());
  else response.writeHead(answer === undefined ? 404 : 200).end(answer);
});
const { signal } = new AbortController();
let origin: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('a good feed is read, an unreachable episode before a reachable one does not matter', async () => {
  feed = good;
  expect(await fetchFeed(`${origin}/feed`, signal)).toEqual({
    title: 'A & B',
    description: '<p>Both & more</p>',
    author: 'Sample Author',
    ownerEmail: 'owner@brand.test',
    imageUrl: `${origin}/cover`,
    enclosureUrls: [`${origin}/gone`, `${origin}/audio`],
    cover: coverArt,
  });
});

test.each<[string, string, string]>([
  ['<channel>', '<channel><oops>', 'it is no well-formed XML.'],
  ['2.0', '0.91', 'it is no RSS 2.0.'],
  ['<rss', '<feed version="2.0"/><rss', 'it is no well-formed XML.'],
  [' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"', '', 'it does not declare the itunes namespace.'],
  ['<title>A &amp; B</title>', '<title> </title>', 'it has no title.'],
  ['owner@brand.test', 'nobody', 'it has no itunes:owner with an email.'],
  ['itunes:owner>', 'itunes:other>', 'it has no itunes:owner with an email.'],
  ['<itunes:image href="ORIGIN/cover"/>', '', 'it has no itunes:image.'],
  ['/cover', '/nothing', 'its itunes:image answers 404.'],
  ['/cover', '/small', 'its itunes:image is refused: its sides are 300 pixels long, not 1400 to 3000.'],
  ['/cover', '/audio', 'its itunes:image is refused: it is no PNG or JPEG picture.'],
  ['ORIGIN/cover', 'http://127.0.0.1.example/cover', 'its itunes:image is not on this machine.'],
  ['enclosure', 'other', 'it has no item with an enclosure.'],
  ['/audio', '/nothing', 'its enclosure answers 404.'],
])('%s made %s: %s', async (part, other, problem) => {
  feed = good.replaceAll(part, other);
  await expect(fetchFeed(`${origin}/feed`, signal)).rejects.toThrow(problem);
});

test('what is no feed, or can not be had from this machine, is named', async () => {
  await expect(fetchFeed(`${origin}/cover`, signal)).rejects.toThrow('it is no well-formed XML.');
  await expect(fetchFeed(`${origin}/long`, signal)).rejects.toThrow('it is too large.');
  await expect(fetchFeed(`${origin}/broken`, signal)).rejects.toThrow('it breaks off.');
  await expect(fetchFeed(`${origin}/away`, signal)).rejects.toThrow("it can't be reached.");
  await expect(fetchFeed('http://feeds.example/a.xml', signal)).rejects.toThrow('it is not on this machine.');
  await expect(fetchFeed('file:///etc/hostname', signal)).rejects.toThrow('it is not on this machine.');
});

test.each([
  ['<a/>', true],
  ['<?xml version="1.0"?>\n<!-- a & b --><a b="1 &amp; 2"><c>&#233;&lt;</c><d/></a>\n', true],
  ['<a><title>x</title ></a>', true],
  ['', false],
  ['text', false],
  ['<a>', false],
  ['<a></a></b>', false],
  ['<a></a><b/>', false],
  ['<a><b></a></b>', false],
  ['<a></A>', false],
  ['<a>1 & 2</a>', false],
  ['<a>&nbsp;</a>', false],
  ['<a b="1 & 2"/>', false],
  ['<a b=1/>', false],
  ['<a b/>', false],
])('well-formed: %s is %s', (xml, sound) => expect(isWellFormed(xml)).toBe(sound));
