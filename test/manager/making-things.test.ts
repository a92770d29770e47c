import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makePassword } from '../../manager/domain/password.ts';
import { spin } from '../../manager/domain/requests/spin.ts';
import { websiteKey } from '../../manager/domain/requests/website-key.ts';

const outcomes = (text: string) => new Set(Array.from({ length: 300 }, () => spin(text)));

describe('spin', () => {
  test('each choice comes up, nested ones too', () => {
    expect(outcomes('{a|b|c}')).toEqual(new Set(['a', 'b', 'c']));
    expect(outcomes('x{a|{b|c}d}y')).toEqual(new Set(['xay', 'xbdy', 'xcdy']));
    expect(outcomes('{|a}')).toEqual(new Set(['', 'a']));
  });

  test.each([
    ['p { color: red }'],
    ['{}'],
    ['a | b'],
    ['{open|never closed'],
    ['closed} | twice}'],
    ['{{{'],
    ['}}}'],
    [''],
    ['{one}'],
  ])('%j stays text', (text) => {
    expect(outcomes(text)).toEqual(new Set([text]));
  });

  test('what is balanced inside of unbalanced braces or of braces without choices is resolved', () => {
    expect(outcomes('{ {a|b} }')).toEqual(new Set(['{ a }', '{ b }']));
    expect(outcomes('{x|{a|b}')).toEqual(new Set(['{x|a', '{x|b']));
  });

  test('a text without braces is never changed, and a deep one ends', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[{}]/.test(text)),
        (text) => spin(text) === text,
      ),
    );
    expect(spin(`${'{a|'.repeat(50_000)}b${'}'.repeat(50_000)}`)).toMatch(/^[ab]$/);
  });
});

test('a made password has twelve characters: a capital first, then lower case, digits and a special one, never < or >', () => {
  const made = new Set(Array.from({ length: 500 }, makePassword));
  expect(made.size).toBe(500);
  for (const password of made) expect(password).toMatch(/^[A-Z](?=.*[a-z])(?=.*\d)(?=.*[^A-Za-z0-9])[^<>\s]{11}$/);
});

test('a website is the same brand however it is written', () => {
  const same = [
    'https://Brand.example',
    'http://brand.example/',
    'brand.example',
    ' https://brand.example:443/ ',
    'http://brand.example:80',
  ];
  expect(new Set(same.map(websiteKey)).size).toBe(1);
  const different = [
    'https://brand.example',
    'https://brand.example/shop',
    'https://shop.brand.example',
    'https://brand.example:8443',
    'https://brand.example/?s=1',
    'Brand Inc',
  ];
  expect(new Set(different.map(websiteKey)).size).toBe(different.length);
});
