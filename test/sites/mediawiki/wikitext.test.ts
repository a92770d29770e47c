import { describe, expect, test } from 'vitest';
import type { Profile } from '../../../sites/kit/recipe.ts';
import { isWebAddress } from '../../../sites/kit/web-address.ts';
import { addToPage, furnishPage } from '../../../sites/mediawiki/wikitext.ts';

const empty: Profile = { firstName: '', lastName: '', website: '', address: '', location: '', about: '', links: [] };
const brand: Profile = {
  ...empty,
  firstName: 'Sample',
  lastName: 'Brand',
  website: 'https://brand.example',
  location: 'Huế',
  about: 'One\nline.\n\nAnother paragraph.',
  links: ['https://social.example/@brand'],
};
const page = `'''<nowiki>Sample Brand</nowiki>'''

<nowiki>One</nowiki><br />
<nowiki>line.</nowiki>

<nowiki>Another paragraph.</nowiki>

* <nowiki>Huế</nowiki>
* https://brand.example/

== Links ==
* https://social.example/@brand`;

describe('a user page', () => {
  test('has the name, the text, the facts and the links, and is the same when it is written again', () => {
    expect(furnishPage('', brand)).toBe(page);
    expect(furnishPage(page, brand)).toBe(page);
  });

  test('keeps what the profile leaves empty, and what stands behind the links', () => {
    const kept = `${page}\n\n== Notes ==\nBy hand.`;
    expect(furnishPage(kept, empty)).toBe(kept);
    expect(furnishPage(kept, { ...empty, about: 'New.' })).toBe(
      '<nowiki>New.</nowiki>\n\n== Links ==\n* https://social.example/@brand\n\n== Notes ==\nBy hand.',
    );
    expect(furnishPage(kept, { ...empty, links: ['https://b.example/'] })).toBe(
      kept.replace('https://social.example/@brand', 'https://b.example/'),
    );
  });

  test('gets links beside those that are there, each once', () => {
    expect(addToPage('', ['https://a.example/'])).toBe('== Links ==\n* https://a.example/');
    expect(addToPage(page, ['https://social.example/@brand', 'https://a.example/'])).toBe(
      `${page}\n* https://a.example/`,
    );
  });

  test('quotes what would be markup', () => {
    const about = "[[Link]] {{Template}} ''x'' ~~~~ </nowiki> &amp;";
    expect(furnishPage('', { ...empty, about })).toBe(
      "<nowiki>[[Link]] {{Template}} ''x'' ~~~~ &lt;/nowiki&gt; &amp;amp;</nowiki>",
    );
    expect(furnishPage('', { ...empty, website: '[[Not an address]]' })).toBe('* <nowiki>[[Not an address]]</nowiki>');
  });

  test.each([
    ['https://a.example/__TOC__', 'https://a.example/&#95;_TOC&#95;_'],
    ['https://a.example/~~~~', 'https://a.example/&#126;&#126;&#126;~'],
    ["https://a.example/''x", "https://a.example/&#39;'x"],
    ['https://a.example/?q=&lt;', 'https://a.example/?q=&#38;lt&#59;'],
    ['https://a.example/(b).', 'https://a.example/(b&#41;&#46;'],
    ['https://a.example/[b]', 'https://a.example/&#91;b&#93;'],
  ])('writes %s so that the wiki reads one link', (link, written) => {
    expect(furnishPage('', { ...empty, links: [link] })).toBe(`== Links ==\n* ${written}`);
  });

  test.each([
    ['https://a.example', true],
    ['http://a.example/b', true],
    ['ftp://a.example', false],
    ['a.example', false],
  ])('tells whether %s is a web address', (link, is) => {
    expect(isWebAddress(link)).toBe(is);
  });
});
