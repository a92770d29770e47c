import fc from 'fast-check';
import sanitizeHtml from 'sanitize-html';
import { describe, expect, test } from 'vitest';
import { plainAbout, sanitiseAbout } from '../../../sites/kit/about.ts';

const rules = { tags: ['p', 'br', 'b', 'ul', 'li', 'a'], attributes: { a: ['href'] } };
const count = (text: string) => [...text].length;

describe('HTML for a site', () => {
  test('keeps the tags and attributes that it takes, and only them', () => {
    const html =
      '<p onclick="x()" class=a>Hi <b>there</b> <i>you</i></p><script>alert(1)</script><a href="https://b.example/?a=1&b=2" target=_blank>us</a>';
    expect(sanitiseAbout(html, rules)).toBe(
      '<p>Hi <b>there</b> you</p><a href="https://b.example/?a=1&amp;b=2">us</a>',
    );
  });

  test.each([
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<a href="//evil.test/">x</a>',
  ])('takes the target out of %s', (html) => expect(sanitiseAbout(html, rules)).toBe('<a>x</a>'));

  test('keeps words apart where a block is not taken', () => {
    expect(sanitiseAbout('<div>one</div><div>two<h2>three</h2></div>four', rules)).toBe(
      'one<br />two<br />three<br />four',
    );
    expect(sanitiseAbout('<p>one</p><p>two<br>three</p>', { tags: ['b'], attributes: {} })).toBe('one\ntwo\nthree');
  });

  test.each([
    [100, '<p>We make <b>good &amp; new</b> bread</p>'],
    [42, '<p>We make <b>good &amp; new</b> bread</p>'],
    [41, '<p>We make <b>good &amp; new</b></p>'],
    [36, '<p>We make <b>good &amp; new</b></p>'],
    [35, '<p>We make <b>good &amp;</b></p>'],
    [31, '<p>We make <b>good</b></p>'],
    [26, '<p>We make <b>good</b></p>'],
    [25, '<p>We make</p>'],
    [14, '<p>We make</p>'],
    [13, '<p>We</p>'],
    [8, '<p>W</p>'],
    [7, ''],
    [0, ''],
  ])('cut to %i characters is %s', (maxLength, expected) => {
    expect(sanitiseAbout('<p>We make <b>good &amp; new</b> bread</p>', { ...rules, maxLength })).toBe(expected);
  });

  test('is counted in characters, a picture sign being one', () => {
    expect(sanitiseAbout('😀😀😀😀', { ...rules, maxLength: 3 })).toBe('😀😀😀');
  });
});

const tag = fc.constantFrom('p', 'b', 'div', 'ul', 'li', 'br', 'a', 'script', 'h1', 'i');
const piece = fc.oneof(
  tag.map((name) => `<${name}>`),
  tag.map((name) => `</${name}>`),
  fc.constantFrom(
    '<a href="https://b.example/?a=1&b=2">',
    '&amp;',
    '&lt;',
    '&',
    '<',
    '>',
    '"',
    ' ',
    '\n',
    '&nbsp;',
    '<!--',
    '-->',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const anyHtml = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

test('tags that stand in each other only by a tag that is dropped are written as they will be read', () => {
  expect(sanitiseAbout('<li>a<i><li>b', { tags: ['li'], attributes: {} })).toBe('<li>a</li><li>b</li>');
});

test('a cut text is short enough, well-formed, and the beginning of the whole', () => {
  const textOf = (html: string) => html.replace(/<[^>]*>/g, '');
  fc.assert(
    fc.property(anyHtml, fc.nat({ max: 120 }), (html, maxLength) => {
      const whole = sanitiseAbout(html, rules);
      const cut = sanitiseAbout(html, { ...rules, maxLength });
      expect(count(cut)).toBeLessThanOrEqual(maxLength);
      expect(sanitizeHtml(cut, { allowedTags: rules.tags, allowedAttributes: rules.attributes })).toBe(cut);
      expect(textOf(whole).startsWith(textOf(cut).trimEnd())).toBe(true);
      if (count(whole) <= maxLength) expect(cut).toBe(whole);
    }),
  );
});

describe('plain text', () => {
  test('keeps paragraphs, lines, lists and links', () => {
    const html = `<h2>Bread</h2><p>We  make
      <b>good</b> bread,<br>every day. See <a href="https://b.example/?a=1&amp;b=2">our shop</a>.</p>
      <ul><li>rye<ul><li>dark</li></ul></li><li><p>wheat</p></li><li></li></ul><ol><li>one</li><li>two</li></ol><p>Bye &copy;</p>`;
    expect(plainAbout(html)).toBe(
      [
        'Bread',
        '',
        'We make good bread,',
        'every day. See our shop (https://b.example/?a=1&b=2).',
        '',
        '- rye',
        '  - dark',
        '- wheat',
        '',
        '1. one',
        '2. two',
        '',
        'Bye ©',
      ].join('\n'),
    );
  });

  test.each([
    ['<a href="https://b.example/">https://b.example/</a>', 'https://b.example/'],
    ['<a href="https://b.example/">b.example</a>', 'b.example'],
    ['<a href="mailto:a@b.example">a@b.example</a>', 'a@b.example'],
    ['<a href="mailto:a@b.example">write</a>', 'write (a@b.example)'],
    ['<a href="javascript:x">x</a>', 'x'],
    ['<a href="/about">x</a>', 'x'],
    ['<a href="https://b.example/"></a>', 'https://b.example/'],
    ['a<script>b</script><style>c</style>d', 'ad'],
    ['a<br><br><br><br>b', 'a\n\nb'],
    ['1 &lt; 2 &amp;amp; 3', '1 < 2 &amp; 3'],
    ['no tags at all', 'no tags at all'],
    ['', ''],
  ])('%s reads %j', (html, text) => expect(plainAbout(html)).toBe(text));

  test.each([
    [11, 'Hello world'],
    [10, 'Hello'],
    [5, 'Hello'],
    [4, 'Hell'],
    [0, ''],
  ])('cut to %i characters is %j', (maxLength, expected) =>
    expect(plainAbout('<p>Hello world</p>', maxLength)).toBe(expected),
  );

  test('takes a paragraph of a hard space alone for an empty one', () => {
    expect(plainAbout('<p>One</p><p>&nbsp;</p><p>two&nbsp;words</p>')).toBe('One\n\ntwo words');
  });

  test('is short enough in characters, whatever it is made of, and the beginning of the whole', () => {
    fc.assert(
      fc.property(anyHtml, fc.nat({ max: 60 }), (html, maxLength) => {
        const whole = plainAbout(html);
        const cut = plainAbout(html, maxLength);
        expect(count(cut)).toBeLessThanOrEqual(maxLength);
        expect(whole.startsWith(cut)).toBe(true);
        expect(whole).not.toMatch(/\n{3}|^\s|\s$/);
      }),
    );
  });
});

test.each([
  ['open tags', '<p'.repeat(300_000)],
  ['nested blocks', '<div>'.repeat(20_000)],
  ['brackets', '<'.repeat(500_000)],
  ['white space', ' \n'.repeat(300_000)],
])('a text full of %s costs little', (_, html) => {
  const begun = performance.now();
  sanitiseAbout(html, { ...rules, maxLength: 500 });
  plainAbout(html, 500);
  expect(performance.now() - begun).toBeLessThan(3_000);
});
