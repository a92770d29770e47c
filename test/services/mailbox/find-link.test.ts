import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MailRequest } from '../../../contracts/mail.ts';
import { findLink } from '../../../services/mailbox/find-link.ts';

const wanted: MailRequest = {
  kind: 'link',
  from: ['wiki.example'],
  linkHosts: ['wiki.example', '127.0.0.1:8080'],
  linkPath: '/confirm',
};
const inText = (text: string, request = wanted) => findLink({ subject: '', text, html: '' }, request);
const inHtml = (html: string, text = '') => findLink({ subject: '', text, html }, wanted);

describe('in a text part', () => {
  test.each([
    ['Open https://wiki.example/confirm/abc.', 'https://wiki.example/confirm/abc'],
    ['(see https://wiki.example/confirm?t=a,b)', 'https://wiki.example/confirm?t=a,b'],
    ['"https://wiki.example/confirm/abc"!', 'https://wiki.example/confirm/abc'],
    ['Go: <https://wiki.example/confirm/abc.>', 'https://wiki.example/confirm/abc.'],
    ['[Confirm](https://wiki.example/confirm/abc)', 'https://wiki.example/confirm/abc'],
    ['[https://wiki.example/confirm/a](https://wiki.example/confirm/a)', 'https://wiki.example/confirm/a'],
    ['https://wiki.example/confirm/Name_(it)', 'https://wiki.example/confirm/Name_(it)'],
    ['https://wiki.example/confirm/abc=== now', 'https://wiki.example/confirm/abc==='],
    ['请打开https://wiki.example/confirm/abc。', 'https://wiki.example/confirm/abc'],
    ['http://127.0.0.1:8080/confirm?a=1&amp;b=2', 'http://127.0.0.1:8080/confirm?a=1&amp;b=2'],
  ])('%s', (text, link) => expect(inText(text)).toBe(link));

  test.each([
    'https://wiki.example.evil.test/confirm/abc',
    'https://evil.test/confirm?u=https://wiki.example/confirm/a',
    'https://wiki.example@evil.test/confirm/abc',
    'https://user:word@wiki.example/confirm/abc',
    'https://wiki.example:444/confirm/abc',
    'http://127.0.0.1/confirm/abc',
    'ftp://wiki.example/confirm/abc',
    'https://wiki.example/#/confirm/abc',
    'https://wiki.example/unsubscribe',
    'wiki.example/confirm/abc',
  ])('does not believe %s', (text) => expect(inText(text)).toBeUndefined());

  test('finds a path that the mail writes percent-encoded', () => {
    const link = 'https://wiki.example/index.php/Special%3AConfirmEmail/f00';
    expect(inText(link, { ...wanted, linkPath: 'Special:ConfirmEmail/' })).toBe(link);
  });

  test('takes the link whose query has the wanted values, in any order, and no other of the same page', () => {
    const request = { ...wanted, linkPath: '/enter', linkQuery: { do: 'set', who: 'a brand' } };
    const link = 'https://wiki.example/enter?do=set&key=f00&who=a%20brand';
    expect(inText(`${link}\n\nhttps://wiki.example/enter`, request)).toBe(link);
    expect(inText('https://wiki.example/enter?who=a+brand&key=f00&do=set', request)).toBe(
      'https://wiki.example/enter?who=a+brand&key=f00&do=set',
    );
    expect(inText('https://wiki.example/enter?do=set&key=f00&who=a%20brand2', request)).toBeUndefined();
    expect(inText('https://wiki.example/enter?do=set&key=f00', request)).toBeUndefined();
    expect(inText('https://wiki.example/leave?do=set&key=f00&who=a%20brand', request)).toBeUndefined();
  });

  test('takes none of two different links, and the one that is there twice', () => {
    expect(inText('https://wiki.example/confirm/a https://wiki.example/confirm/b')).toBeUndefined();
    expect(inText('https://wiki.example/confirm/a\n\nhttps://wiki.example/confirm/a')).toBe(
      'https://wiki.example/confirm/a',
    );
  });
});

describe('in HTML', () => {
  test('decodes an attribute once, and not what only looks like an entity', () => {
    const html =
      '<p><a class=b href="https://wiki.example/confirm?a=1&amp;b=%26amp%3B&amp;amp;c&copy=1&#x26;d=2">go</a>';
    expect(inHtml(html)).toBe('https://wiki.example/confirm?a=1&b=%26amp%3B&amp;c&copy=1&d=2');
  });

  test('prefers its link to the text part, whose copy may be broken over lines', () => {
    expect(
      inHtml('<a href=" https://wiki.example/confirm/abcdef ">x</a>', 'https://wiki.example/confirm/abc\ndef'),
    ).toBe('https://wiki.example/confirm/abcdef');
  });

  test('falls back on the text part when its links lead elsewhere, and on its own visible text', () => {
    const tracked = '<a href="https://click.example/r?u=1">Confirm</a>';
    expect(inHtml(tracked, 'https://wiki.example/confirm/a')).toBe('https://wiki.example/confirm/a');
    expect(inHtml('<p>Open</p>https://wiki.example/confirm/a<br>Bye')).toBe('https://wiki.example/confirm/a');
  });

  test.each([
    '<a href="/confirm/abc">x</a>',
    '<a href="javascript:location=\'https://wiki.example/confirm/a\'">x</a>',
    '<a href="https://wiki.example/con\nfirm/abc">x</a>',
    '<img src="https://wiki.example/confirm/a.png">',
    '<script>"https://wiki.example/confirm/a"</script>',
    '<!-- <a href="https://wiki.example/confirm/a">x</a> -->',
  ])('does not follow %s', (html) => expect(inHtml(html)).toBeUndefined());
});

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,300}$/);
const noise = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '\n', '.', ',', '!', '&', '<', '>', '"', 'é', '1') });

test('whatever the token and the words around it, the link comes out as it went in', () => {
  fc.assert(
    fc.property(
      token,
      noise,
      noise,
      fc.constantFrom('.', ',', ')', '!', '\n', ' ', '"', ''),
      (value, before, after, mark) => {
        const link = `https://wiki.example/confirm?token=${value}`;
        expect(inText(`${before} ${link}${mark} ${after}`)).toBe(link);
        expect(inHtml(`<p title="x">${before.replaceAll(/[<&]/g, '')}</p><a href="${link}&amp;x=1">go</a>`)).toBe(
          `${link}&x=1`,
        );
      },
    ),
  );
});

test('a link that is found is always one that the text holds', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          noise,
          token,
          fc.constantFrom('https://wiki.example/confirm', '/', '?', '%', '(', ')', '](', '@', ':8080'),
        ),
      ),
      (parts) => {
        const text = parts.join('');
        const link = inText(text);
        if (link !== undefined) expect(text).toContain(link);
      },
    ),
  );
});

test.each([
  ['brackets', ')'.repeat(500_000)],
  ['schemes', 'https://'.repeat(60_000)],
  ['links', 'https://wiki.example/confirm/a) '.repeat(15_000)],
  ['tags', '<b>'.repeat(20_000) + '</i>'.repeat(17_000)],
  ['open tags', '<a href='.repeat(60_000)],
])('a hostile mail full of %s costs little', (_, text) => {
  const begun = performance.now();
  findLink({ subject: '', text: `https://wiki.example/confirm/${text}`, html: text }, wanted);
  expect(performance.now() - begun).toBeLessThan(3_000);
});
