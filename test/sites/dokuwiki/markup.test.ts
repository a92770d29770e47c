import { expect, test } from 'vitest';
import { addToPage, furnishPage } from '../../../sites/dokuwiki/markup.ts';

const empty = { firstName: '', lastName: '', website: '', address: '', location: '', about: '', links: [] };

test('a profile becomes a page with a heading, paragraphs, facts and links', () => {
  const profile = {
    ...empty,
    about: 'One\ntwo.\n\nThree.',
    location: 'Huế',
    website: 'https://a.example',
    links: ['https://b.example/c|d]]'],
  };
  expect(furnishPage('', 'Sample Brand', profile)).toBe(
    [
      '====== Sample Brand ======',
      '<nowiki>One</nowiki>\\\\\n<nowiki>two.</nowiki>',
      '<nowiki>Three.</nowiki>',
      '  * <nowiki>Huế</nowiki>\n  * [[https://a.example/]]',
      '===== Links =====',
      '  * [[https://b.example/c%7Cd%5D]]]',
    ].join('\n\n'),
  );
});

test('what would end the quotation is quoted in another way', () => {
  expect(furnishPage('', '', { ...empty, about: 'a</NOWIKI>b' })).toBe(
    '<nowiki>a</nowiki>%%</NOWIKI>%%<nowiki>b</nowiki>',
  );
});

const page = '  * first\n\n===== Links =====\n\n  * [[https://a.example/]] mine\n\n===== Notes =====\n\n  * last';

test('an empty profile changes nothing', () => expect(furnishPage(page, '', empty)).toBe(page));

test('an introduction replaces what stands before the links, and links those of the section', () => {
  const furnished = furnishPage(page, 'New', { ...empty, links: ['https://b.example'] });
  expect(furnished).toBe(
    '====== New ======\n\n===== Links =====\n\n  * [[https://b.example/]]\n\n===== Notes =====\n\n  * last',
  );
  expect(furnishPage(furnished, 'New', { ...empty, links: ['https://b.example'] })).toBe(furnished);
});

test('links are added once beside those that are there', () => {
  const added = addToPage(page, ['https://b.example', 'https://b.example/']);
  expect(added).toBe(page.replace(' mine\n', ' mine\n  * [[https://b.example/]]\n'));
  expect(addToPage(added, ['https://b.example'])).toBe(added);
});
