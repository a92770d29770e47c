import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeRedactor } from '../../services/redact.ts';
import { writeForms } from '../support/browser-and-sites.ts';

describe('redacting', () => {
  const secret = `P"a'ss&<w>ö rd/+1`;

  test.each(writeForms(secret))('a secret written as %s is replaced', (form) => {
    expect(makeRedactor([secret])(`before ${form} after ${form}`)).toBe('before [secret] after [secret]');
  });

  test('of a secret within another leaves nothing of the longer one', () => {
    expect(makeRedactor(['pass', 'password', 'wordy'])('my password, my pass')).toBe('my [secret], my [secret]');
  });

  test('a secret in groups is replaced without its spaces too', () => {
    expect(makeRedactor(['abcd efgh ijkl'])('abcd efgh ijkl, abcdefghijkl')).toBe('[secret], [secret]');
  });

  test('leaves a text without a secret as it is, and too short a secret', () => {
    expect(makeRedactor([])('as it is')).toBe('as it is');
    expect(makeRedactor(['', 'abc'])('abc as it is')).toBe('abc as it is');
  });

  test('replaces any secret at any place of any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 4, maxLength: 30 }),
        fc.string(),
        fc.string(),
        (hidden, before, after) => {
          const text = makeRedactor([hidden])(before + hidden + after);
          expect(text.includes('[secret]')).toBe(true);
          if (!'[secret]'.includes(hidden))
            expect(text.split('[secret]').some((part) => part.includes(hidden))).toBe(false);
        },
      ),
    );
  });
});
