import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutErrorMessage, errorAnswer, errorMessage, pullLimit } from '../../contracts/envelope.ts';

describe('limit', () => {
  test.each([
    [undefined, 5],
    ['1', 1],
    ['1000', 1000],
    ['0007', 7],
  ])('%s is %s', (given, expected) => {
    expect(pullLimit.parse(given)).toBe(expected);
  });

  test.each(['0', '1001', '-1', '1.5', '1e3', '', ' 5', 'five', '99999'])('"%s" is refused', (given) => {
    expect(pullLimit.safeParse(given).success).toBe(false);
  });
});

describe('error_message', () => {
  test('is counted in characters, not in code units', () => {
    expect(errorMessage.safeParse('😀'.repeat(1000)).success).toBe(true);
    expect(errorMessage.safeParse('😀'.repeat(1001)).success).toBe(false);
    expect(errorMessage.safeParse('').success).toBe(false);
  });

  test('once cut always fits, begins as it did, and is never cut within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 1_200 }), (text) => {
        const cut = cutErrorMessage(text);
        expect(errorMessage.safeParse(cut).success).toBe(true);
        expect(text.startsWith(cut.replace(/…$/, ''))).toBe(true);
        if ([...text].length <= 1000) expect(cut).toBe(text);
      }),
    );
    expect([...cutErrorMessage('😀'.repeat(1001))]).toHaveLength(1000);
  });
});

test('an error answer must say that it is one', () => {
  expect(errorAnswer.safeParse({ success: false, message: 'no', more: 1 }).success).toBe(true);
  for (const other of [{ success: true, message: 'no' }, { success: false }, { message: 'no' }, null, 'no']) {
    expect(errorAnswer.safeParse(other).success).toBe(false);
  }
});
