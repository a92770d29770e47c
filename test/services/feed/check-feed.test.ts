import type { ServerResponse } from 'node:http';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFeedActivities } from '../../../activities/feed.ts';
import { writeFeed } from '../../../practice/podcast/write-feed.ts';
import { checkFeed } from '../../../services/feed/check-feed.ts';
import { FeedRefused } from '../../../services/feed/errors.ts';
import { readFeed } from '../../../services/feed/read-feed.ts';
import { coverArt, createShow, drawSquare, join, makeFeed, PodcastSites } from '../../practice/podcast-sites.ts';
import { ann } from '../../practice/visitor.ts';
import { AnsweringServer, breakOff, hang } from '../../support/answering-server.ts';

const good = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel>
<title>A &amp; B</title>
<itunes:owner><itunes:name>Sample</itunes:name><itunes:email>owner@brand.test</itunes:email></itunes:owner>
<itunes:image href="ORIGIN/cover?size=s3cret"/>
<item><title>First</title><enclosure url="ORIGIN/audio" length="1" type="audio/mpeg"/></item>
</channel>
</rss>`;

const undeclared = good.replace(/ xmlns:itunes="[^"]+"/, '');

const read = (xml: string) => readFeed(Buffer.from(xml));
/** Why a feed is refused, as its whole message. */
function refusal(feed: string | Uint8Array): string {
  try {
    readFeed(Buffer.from(feed));
  } catch (error) {
    expect(error).toBeInstanceOf(FeedRefused);
    return (error as Error).message;
  }
  throw new Error('the feed was taken');
}
/** The good feed with a part made another. */
function changed(part: string, other: string): string {
  expect(good).toContain(part);
  return good.replaceAll(part, other);
}

describe('a feed that is taken', () => {
  const expected = { title: 'A & B', ownerEmail: 'owner@brand.test', imageUrl: 'ORIGIN/cover?size=s3cret' };

  const others = `<image><title>No</title></image><item><title>No</title><itunes:image href="no"/></item><o:title xmlns:o="o">No</o:title>
    <itunes:title>No</itunes:title><itunes:email>no@no.test</itunes:email><textInput><title>No</title></textInput>`;
  const seconds =
    '<title>No</title><itunes:owner><itunes:email>no@no.test</itunes:email></itunes:owner><itunes:image href="no"/>';

  test('tells its title, its owner and its cover art', () => {
    expect(read(good)).toEqual(expected);
  });

  test.each([
    ['names the podcast namespace in another way', changed('itunes:', 'pod:').replace('xmlns:itunes', 'xmlns:pod')],
    [
      'names it anew for each element',
      undeclared.replace(/<itunes:(\w+)/g, '<itunes:$1 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'),
    ],
    ['has no episode yet', good.replace(/<item>.*<\/item>/, '')],
    ['begins with a byte order mark', `\uFEFF${good}`],
    ['has no XML declaration', good.slice(good.indexOf('<rss'))],
    ['has titles, owners and images of other things first', changed('<channel>', `<channel>${others}`)],
    ['has second ones', changed('<item>', `${seconds}<item>`)],
    [
      'has white space around what it says',
      changed('A &amp; B', '\r\n  A\n &amp;\tB ').replace('owner@', '\n owner@').replace('"ORIGIN/c', '" ORIGIN/c'),
    ],
    ['has a title of several pieces', changed('A &amp; B', '<![CDATA[A &]]><!-- no --> &#66;')],
    ['has a title with elements in it', changed('A &amp; B', 'A <b>&amp;</b> B')],
    [
      'has a DTD that defines nothing it uses',
      changed('<rss', '<!DOCTYPE rss [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/hostname">]><rss'),
    ],
  ])('also when it %s', (_, feed) => {
    expect(feed).not.toBe(good);
    expect(read(feed)).toEqual(expected);
  });

  test.each(['Chuyện kể “Hà Nội” — tập đầu ở phố cũ', 'Chuyện kể Hà Nội'.normalize('NFD'), 'Đặng 🎙️ thử'])(
    'keeps each letter of “%s”',
    (title) => {
      expect(read(changed('A &amp; B', title)).title).toBe(title);
    },
  );

  test('has whatever title the practice host writes', () => {
    const parts = {
      author: 'Sample',
      feedUrl: 'f',
      pageUrl: 'p',
      coverUrl: 'c',
      audioUrl: 'a',
      audioBytes: 1,
      audioSeconds: 1,
    };
    const show = {
      username: 'ann',
      slug: 's',
      description: '',
      language: 'vi',
      category: 'Arts',
      ownerEmail: ann.email,
      cover: 'c',
      createdAt: 0,
    };
    const unit = fc.oneof(
      fc.constantFrom('ệ', 'Đ', '&', '<', ']]>', '"', '\r', ' ', '\u0007'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    const notInXml = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (some) => {
        const title = `x${some}`;
        const kept = title.replace(notInXml, '').replace(/\s+/g, ' ').trim();
        expect(read(writeFeed({ ...show, title }, parts))).toEqual({
          title: kept,
          ownerEmail: ann.email,
          imageUrl: 'c',
        });
      }),
    );
  });
});

describe('a feed is refused', () => {
  const noOwner = 'the feed has no itunes:owner with an itunes:email that is an address';
  const noAddresses = [
    'nobody',
    '@brand.test',
    'owner@',
    'a b@brand.test',
    'a@b@brand.test',
    'owner@brand',
    'owner@brand.test/?key',
  ];
  const tooLong = `${'o'.repeat(250)}@brand.test`;

  test.each([
    [
      'that breaks off',
      good.slice(0, good.indexOf('<item>')),
      'the feed is not well-formed XML: unclosed tag, found in line 7',
    ],
    [
      'whose tags cross',
      changed('</itunes:name>', '</itunes:nam>'),
      'the feed is not well-formed XML: unexpected close tag, found in line 5',
    ],
    [
      'with a bare ampersand',
      changed('A &amp; B', 'A & B;'),
      'the feed is not well-formed XML: disallowed character in entity name, found in line 4',
    ],
    [
      'with two roots',
      `${good}<rss/>`,
      'the feed is not well-formed XML: documents may contain only one root, found in line 9',
    ],
    [
      'with a comment that does not end',
      `${good}<!-- `,
      'the feed is not well-formed XML: unexpected end, found in line 9',
    ],
    [
      'with a prefix of no namespace',
      undeclared,
      'the feed is not well-formed XML: unbound namespace prefix, found in line 5',
    ],
    [
      'with an entity of HTML',
      changed('A &amp; B', 'A&nbsp;B'),
      'the feed is not well-formed XML: undefined entity, found in line 4',
    ],
    ['that is empty', '', 'the feed is not well-formed XML: document must contain a root element, found in line 1'],
    [
      'that is a web page',
      '<!doctype html><html><title>Nothing here</title></html>',
      'the feed is not well-formed XML: incorrect syntax, found in line 1',
    ],
    ['that is XML of another kind', '<feed xmlns="http://www.w3.org/2005/Atom"/>', 'the feed is not RSS 2.0'],
    ['of another version', changed('"2.0"', '"0.92"'), 'the feed is not RSS 2.0'],
    [
      'whose elements are in a namespace',
      changed('<rss', '<rss xmlns="http://backend.userland.com/rss2"'),
      'the feed is not RSS 2.0',
    ],
    ['without a channel', '<rss version="2.0"/>', 'the feed has no channel with a title'],
    ['with a title in an item alone', changed('<title>A &amp; B</title>', ''), 'the feed has no channel with a title'],
    ['with an empty title', changed('A &amp; B', ' \n '), 'the feed has no channel with a title'],
    [
      'with a title that is far too long',
      changed('A &amp; B', 'a'.repeat(256)),
      "the feed's title is longer than 255 characters",
    ],
    ['whose podcast namespace is another', changed('podcast-1.0.dtd', 'Podcast-1.0.dtd'), noOwner],
    ['with an e-mail that has no owner', good.replace(/<\/?itunes:owner>/g, ''), noOwner],
    ['with an owner that has no e-mail', good.replace(/<itunes:email>.*<\/itunes:email>/, ''), noOwner],
    ...[...noAddresses, tooLong].map((address) => [
      `whose owner is at “${address.slice(-20)}”`,
      changed('owner@brand.test', address),
      noOwner,
    ]),
    ['without cover art', good.replace(/<itunes:image[^>]*>/, ''), 'the feed has no itunes:image with an href'],
    [
      'with cover art of no address',
      good.replace(/href="[^"]*"/, 'href=" "'),
      'the feed has no itunes:image with an href',
    ],
    [
      'with cover art of an endless address',
      changed('/cover', `/${'c'.repeat(2_000)}`),
      "the href of the feed's itunes:image is longer than 2000 characters",
    ],
    ['with an enclosure of no address', changed(' url="ORIGIN/audio"', ''), 'an enclosure of the feed has no url'],
    [
      'with an enclosure of no length and no type',
      changed(' length="1" type="audio/mpeg"', ' type=""'),
      'an enclosure of the feed has no length and no type',
    ],
    [
      'that says it is in another encoding',
      changed('UTF-8', 'ISO-8859-1'),
      'the feed says that it is in another encoding than UTF-8',
    ],
  ])('%s', (_, feed, message) => expect(refusal(feed)).toBe(message));

  test.each([
    ['ISO 8859-1', Buffer.from(changed('A &amp; B', 'Café'), 'latin1')],
    ['UTF-16', Buffer.from(`\uFEFF${good}`, 'utf16le')],
    ['a picture', coverArt],
  ])('in %s', (_, bytes) => expect(refusal(bytes)).toBe('the feed is not UTF-8'));

  test('whose entities would grow without end, or are in files of this machine: none is expanded', () => {
    const grow = Array.from({ length: 30 }, (_, step) => `<!ENTITY e${step + 1} "${`&e${step};`.repeat(10)}">`).join(
      '',
    );
    const withDtd = (dtd: string, title: string) =>
      changed('<rss', `<!DOCTYPE rss [${dtd}]><rss`).replace('A &amp; B', title);
    for (const [dtd, title] of [
      [`<!ENTITY e0 "x">${grow}`, '&e30;'],
      ['<!ENTITY a "b">', '&a;'],
      ['<!ENTITY file SYSTEM "file:///etc/hostname">', '&file;'],
    ] as const)
      expect(refusal(withDtd(dtd, title))).toBe('the feed is not well-formed XML: undefined entity, found in line 4');
    expect(refusal(withDtd('<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;', ' '))).toBe(
      'the feed has no channel with a title',
    );
  });

  test('that nests without end', () => {
    expect(refusal(changed('<item>', '<a>'.repeat(20_000)))).toBe('the feed nests more than 50 elements');
  });

  test('in few words that are not its own', () => {
    const name = `s3cret${'x'.repeat(5_000)}`;
    for (const part of [
      `</${name}>`,
      `<a b:${name}="1"/>`,
      `<${name}:a/>`,
      `<a xmlns:b="${name}" xmlns:c="${name}" b:d="" c:d=""/>`,
      `&${name};`,
    ]) {
      const message = refusal(changed('<item>', `${part}<item>`));
      expect(message).toMatch(/^the feed is not well-formed XML: [a-z ]+, found in line 7$/);
      expect(message).not.toContain('s3cret');
    }
  });
});

describe('whatever is given for a feed', () => {
  /** Reads it, whether it is taken or refused. */
  function survive(bytes: Uint8Array): void {
    let feed;
    try {
      feed = readFeed(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FeedRefused);
      expect((error as Error).message).toMatch(/^(the|an enclosure of the) feed\b.{5,150}$/);
      return;
    }
    expect(feed.title).toMatch(/^\S(.{0,253}\S)?$/);
    expect(feed.ownerEmail).toMatch(/^\S+@\S+$/);
    expect(feed.imageUrl).toMatch(/\S/);
  }

  test('garbage is taken or refused, and nothing else happens', () => {
    const pieces = good.match(/<[^>]+>|[^<]+/g)!;
    const marks = ['<', '>', '&', ';', '"', '<!DOCTYPE a [', ']>', '<![CDATA[', ']]>', '<!--', '-->', '<?', '?>'];
    const oddities = ['&#0;', '&#x10FFFF;', '&toString;', '<__proto__ constructor="">'];
    const tokens = fc.array(fc.constantFrom(...pieces, ...marks, ...oddities), { maxLength: 40 });
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      tokens.map((given) => given.join('')),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          texts.map((text) => Buffer.from(text)),
        ),
        survive,
      ),
      { numRuns: 1_000 },
    );
  });

  test('a feed with any part made something else is taken or refused, and nothing else happens', () => {
    const bytes = Buffer.from(good);
    const place = fc.nat({ max: bytes.length });
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom('<', '&', '"', ']]>', '</title>', '\u2028', '\u0085'),
    );
    const other = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      texts.map((text) => Buffer.from(text)),
    );
    const made = fc.tuple(place, place, other).map(([one, two, between]) => {
      const [from, to] = [Math.min(one, two), Math.max(one, two)];
      return Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);
    });
    fc.assert(fc.property(made, survive), { numRuns: 1_000 });
  });
});

describe('over HTTP', () => {
  let server: AnsweringServer;
  /** What is at each path; a number is a status, a function answers by itself. */
  let files: Record<string, string | Buffer | number | ((response: ServerResponse) => void)>;
  const loopback = { allow: ['127.0.0.0/8'], signal: new AbortController().signal };

  beforeEach(async () => {
    server = await AnsweringServer.start();
    files = { '/feed': good, '/cover': coverArt };
    server.answer = (response, _request, { path }) => {
      const file = files[path.split('?')[0]!] ?? 404;
      if (typeof file === 'function') file(response);
      else if (typeof file === 'number') response.writeHead(file).end();
      else response.end(typeof file === 'string' ? file.replaceAll('ORIGIN', server.url) : file);
    };
  });
  afterEach(() => server.close());

  const asked = () => server.taken.map(({ path }) => path);
  const check = (options: Partial<Parameters<typeof checkFeed>[1]> = {}) =>
    checkFeed(`${server.url}/feed?token=s3cret`, { ...loopback, ...options });
  /** How a check fails: its error's name and message, in which no query may be. */
  async function failure(options?: Partial<Parameters<typeof checkFeed>[1]>): Promise<string> {
    const error: unknown = await check(options).then(
      () => new Error('the feed was taken'),
      (reason: unknown) => reason,
    );
    const said = String(error).replaceAll(new URL(server.url).host, 'HOST');
    expect(said).not.toContain('s3cret');
    return said;
  }
  const moveTo = (location: string) => (response: ServerResponse) => void response.writeHead(302, { location }).end();

  test('a feed and its cover art are had, and nothing besides', async () => {
    expect(await check()).toEqual({
      title: 'A & B',
      ownerEmail: 'owner@brand.test',
      imageUrl: `${server.url}/cover?size=s3cret`,
    });
    expect(asked()).toEqual(['/feed?token=s3cret', '/cover?size=s3cret']);
  });

  test.each(['owner@brand.test', 'Owner@BRAND.test', ' owner@brand.test '])(
    'the feed is that of “%s”',
    async (owner) => {
      expect(await check({ owner })).toMatchObject({ ownerEmail: 'owner@brand.test' });
    },
  );

  test.each([
    ['ann.private@other.test', "FeedRefused: the feed's owner has an address at brand.test, not the one at other.test"],
    ['ann.private@Brand.test', "FeedRefused: the feed's owner has another address at brand.test"],
    ['ann.private', "FeedRefused: the feed's owner has an address at brand.test, not the one at no domain"],
    ['', "FeedRefused: the feed's owner has an address at brand.test, not the one at no domain"],
  ])('the feed is not that of “%s”, and no address is told', async (owner, expected) => {
    expect(await failure({ owner })).toBe(expected);
    expect(asked()).toHaveLength(1);
  });

  describe('what is not there', () => {
    test.each([404, 410, 403])('is refused: %i', async (status) => {
      files['/cover'] = status;
      expect(await failure()).toBe(`FeedRefused: the cover art can't be had: HOST/cover answers ${status}`);
      files['/feed'] = status;
      expect(await failure()).toBe(`FeedRefused: the feed can't be had: HOST/feed answers ${status}`);
    });

    test.each([500, 503, 429])('may be there later: %i', async (status) => {
      files['/cover'] = status;
      expect(await failure()).toBe(`AssetUnavailable: HOST/cover answers ${status}`);
      files['/feed'] = status;
      expect(await failure()).toBe(`AssetUnavailable: HOST/feed answers ${status}`);
    });

    test('may be there later: a connection that breaks off, at once or in the middle', async () => {
      for (const path of ['/cover', '/feed']) {
        const whole = files[path]!;
        files[path] = (response) => breakOff(response, response.req, server.taken[0]!);
        expect(await failure()).toContain(`AssetUnavailable: HOST${path}: `);
        files[path] = (response) =>
          void response.writeHead(200, { 'content-length': 1_000 }).write('<rss', () => response.destroy());
        expect(await failure()).toContain(`AssetUnavailable: HOST${path}: `);
        files[path] = whole;
      }
    });
  });

  test.each([
    ['announced', (response: ServerResponse) => void response.end(Buffer.alloc(10 * 1024 * 1024 + 1, ' '))],
    [
      'not announced',
      (response: ServerResponse) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, ' ')));
        };
        response.on('drain', more);
        more();
      },
    ],
  ])('a feed of more than 10 MiB is refused, %s', async (_, answer) => {
    files['/feed'] = answer;
    expect(await failure()).toBe("FeedRefused: the feed can't be had: HOST/feed is larger than 10485760 bytes");
  });

  test('a feed of many episodes is taken', async () => {
    const item = good.slice(good.indexOf('<item>'), good.indexOf('</channel>'));
    files['/feed'] = good.replace(item, item.repeat(20_000));
    expect(await check()).toMatchObject({ title: 'A & B' });
  });

  describe('what leads to an address that is not public', () => {
    test('is not asked for: the feed', async () => {
      expect(await failure({ allow: [] })).toMatch(
        /^FeedRefused: the feed can't be had: HOST is not a public address$/,
      );
      expect(asked()).toEqual([]);
    });
    const hidden = [
      'http://10.0.0.1/?s3cret',
      'http://169.254.169.254/latest/meta-data',
      'http://[::1]:1/',
      'file:///etc/passwd',
    ];
    test.each(hidden)('is refused after a redirect to %s', async (location) => {
      files['/cover'] = moveTo(location);
      expect(await failure()).toMatch(/^FeedRefused: the cover art can't be had: .*(not a public address|not file:)$/);
      files['/feed'] = moveTo(location);
      expect(await failure()).toMatch(/^FeedRefused: the feed can't be had: .*(not a public address|not file:)$/);
    });
    const noCover = [
      'http://10.0.0.1/cover',
      'http://site.test@10.0.0.1/',
      'file:///etc/passwd',
      'data:image/png;base64,AA',
      '/cover',
    ];
    test.each(noCover)('is refused as cover art: %s', async (address) => {
      files['/feed'] = changed('ORIGIN/cover', address);
      expect(await failure()).toMatch(/^FeedRefused: the cover art can't be had: /);
      expect(asked()).toHaveLength(1);
    });
  });

  test('a redirect within what is allowed is followed', async () => {
    files = { '/feed': moveTo('/there'), '/there': good, '/cover': moveTo('/art'), '/art': coverArt };
    expect(await check()).toMatchObject({ title: 'A & B' });
  });

  test.each<[string, string, () => Promise<Buffer> | Buffer]>([
    ['an oblong', 'is not square but 1400×1401 pixels', () => drawSquare(1400, 'png', 1401)],
    ['a small picture', 'is 1399×1399 pixels, and its sides must have 1400 to 3000', () => drawSquare(1399)],
    ['a large picture', 'is 3001×3001 pixels, and its sides must have 1400 to 3000', () => drawSquare(3001, 'jpeg')],
    ['a WebP', 'is not a PNG or JPEG picture', () => drawSquare(1400, 'webp')],
    [
      'an SVG',
      'is not a PNG or JPEG picture',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1400" height="1400"/>'),
    ],
    ['a web page', 'is not a PNG or JPEG picture', () => Buffer.from('<!doctype html><title>Nothing here</title>')],
    ['the beginning of a PNG', 'is not a PNG or JPEG picture', () => coverArt.subarray(0, 20)],
    ['the beginning of a JPEG', 'is not a PNG or JPEG picture', () => Buffer.from('ffd8ffe000104a464946', 'hex')],
  ])('%s as cover art is refused: it %s', async (_, expected, draw) => {
    files['/cover'] = await draw();
    expect(await failure()).toBe(`FeedRefused: the cover art ${expected}`);
  });

  test('cover art of 3000 pixels a side is taken, as a JPEG too', async () => {
    files['/cover'] = await drawSquare(3000, 'jpeg');
    expect(await check()).toMatchObject({ title: 'A & B' });
  });

  test('is left at once when the signal says so', async () => {
    const stop = new AbortController();
    files['/cover'] = () => stop.abort(new Error('the step is over'));
    await expect(check({ signal: stop.signal })).rejects.toThrow('the step is over');
  });

  describe('the activity', () => {
    const environment = () =>
      new MockActivityEnvironment({ startToCloseTimeoutMs: 20_000 }, { logger: new DefaultLogger('ERROR') });
    const run = (owner?: string, within = environment(), assetsAllow = loopback.allow) =>
      within.run(() => createFeedActivities({ assetsAllow }).checkFeed(`${server.url}/feed`, owner));

    test('gives what the workflow needs', async () => {
      expect(await run('owner@brand.test')).toEqual({ title: 'A & B', ownerEmail: 'owner@brand.test' });
    });

    test.each([
      ['FeedRefused', 404],
      ['AssetUnavailable', 503],
    ])('fails with %s, which may pass and is no fault of the worker', async (type, status) => {
      files['/feed'] = status;
      const message = expect.stringContaining(`/feed answers ${status}`);
      await expect(run()).rejects.toMatchObject({
        name: 'ApplicationFailure',
        type,
        message,
        category: 'BENIGN',
        nonRetryable: false,
      });
    });

    test('passes the owner on, and goes only where the operator allows it', async () => {
      await expect(run('ann@other.test')).rejects.toMatchObject({
        type: 'FeedRefused',
        message: expect.stringContaining('at other.test'),
      });
      await expect(run(undefined, environment(), [])).rejects.toMatchObject({ type: 'FeedRefused' });
      expect(asked()).toEqual(['/feed']);
    });

    test('ends as cancelled when it is cancelled', async () => {
      const within = environment();
      files['/feed'] = (response) => {
        hang(response, response.req, server.taken[0]!);
        within.cancel('CANCELLED');
      };
      await expect(run(undefined, within)).rejects.toMatchObject({ name: 'CancelledFailure' });
    });
  });
});

describe('a feed of the practice host', () => {
  const loopback = { allow: ['127.0.0.0/8'], signal: new AbortController().signal };

  test('is taken, its Vietnamese title unharmed, and is its owner’s alone', async () => {
    await using lab = new PodcastSites();
    const host = await lab.host();
    const title = 'Chuyện kể “Hà Nội” & những ngõ nhỏ';
    await createShow(await join(host), { 'Show title': title, Language: 'vi' });
    const { feed, cover } = host.state().shows[0]!;
    expect(await checkFeed(feed, { ...loopback, owner: ann.email })).toEqual({
      title,
      ownerEmail: ann.email,
      imageUrl: cover,
    });
    await expect(checkFeed(feed, { ...loopback, owner: 'ben@brand.test' })).rejects.toThrow(
      "the feed's owner has another address at brand.test",
    );
  });

  test('is refused while it breaks off, unavailable while the host is down, and taken again after that', async () => {
    await using lab = new PodcastSites();
    const { host, feed } = await makeFeed(lab);
    host.setBehaviour({ feedBroken: true });
    await expect(checkFeed(feed, loopback)).rejects.toThrow(
      /^the feed is not well-formed XML: [a-z ]+, found in line \d+$/,
    );
    host.setBehaviour({ down: true });
    await expect(checkFeed(feed, loopback)).rejects.toMatchObject({ name: 'AssetUnavailable' });
    host.setBehaviour({});
    expect(await checkFeed(feed, loopback)).toMatchObject({ title: 'Sample talks' });
    await expect(checkFeed(feed.replace('sample', 'no'), loopback)).rejects.toThrow(FeedRefused);
  });
});
