import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MailRequest } from '../../../contracts/mail.ts';
import { findCode } from '../../../services/mailbox/find-code.ts';

const request = (codeLength?: number): MailRequest => ({
  kind: 'code',
  from: ['site.example'],
  ...(codeLength !== undefined && { codeLength }),
});
const inText = (text: string, length?: number) => findCode({ subject: '', text, html: '' }, request(length));

test.each([
  ['Your code is 482913.', '482913'],
  ['482913 is your Site verification code', '482913'],
  ['Verification code:\n\n482913\n\nIt ends in 10 minutes.', '482913'],
  ['Code:482913', '482913'],
  ['Use *482913* to confirm your address', '482913'],
  ['Dein Bestätigungscode lautet: 482913', '482913'],
  ['Mã xác nhận của bạn là 482913', '482913'],
  ['您的验证码是482913，请勿泄露', '482913'],
  ['認証コード：482913', '482913'],
  ['Welcome!\n\n  482913\n\nThe team', '482913'],
  ['Use the code AB12CD now', 'AB12CD'],
  ['Order 100200 was made. Your code is 482913. Call 0800 555777.', '482913'],
  ['Your code is 482913. Your customer number is 100200.', '482913'],
  ['code=482913', '482913'],
  ['Your code: 012345', '012345'],
])('%j holds %s', (text, code) => expect(inText(text)).toBe(code));

test.each([
  ['1234567 is too long'],
  ['12345 is too short'],
  ['https://site.example/confirm/482913'],
  ['site.example/c/482913'],
  ['write to 482913@site.example'],
  ['AB-482913-X'],
  ['#482913'],
  ['+482913'],
  ['0800 482913'],
  ['(030) 482913'],
  ['482913 0800'],
  ['Tel.: 482913'],
  ['Order number: 482913'],
  ['Ticket #482913 and ref. 771204'],
  ['Price: $482913'],
  ['482913.50'],
  ['12:482913'],
  ['abcdef'],
  ['ABCDEF'],
  ['ab12cd'],
  ['Your zip code is 482913'],
  ['Your code is 482913. Or use the code 771204.'],
  ['Your code is 482913 or 771204.'],
  ['482913\n\n771204'],
])('%j holds no code', (text) => expect(inText(text)).toBeUndefined());

describe('years and dates', () => {
  test.each([
    ['Verify your address.\n\n© 2026 Brand', 4, undefined],
    ['Verify your address – Brand 2026', 4, undefined],
    ['Copyright (c) 2026', 4, undefined],
    ['Since 1998. Your code is 4829', 4, '4829'],
    ['Your code is 2026', 4, '2026'],
    ['On 20260131 we sent this', 8, undefined],
    ['Your code is 20260131', 8, '20260131'],
    ['Meet us May 12, 2026', 4, undefined],
    ['31.01.2026 and 2026-01-31', 4, undefined],
  ])('%j, %i characters: %s', (text, length, code) => expect(inText(text, length)).toBe(code));
});

describe('in HTML', () => {
  const inHtml = (html: string, text = '', subject = '') => findCode({ subject, text, html }, request());
  test('reads what is seen, with blocks apart and inline tags joined', () => {
    expect(
      inHtml('<style>#a{color:112233}</style><td>Your code</td><td><b>48</b><b>2913</b></td><td>771204x</td>'),
    ).toBe('482913');
    expect(inHtml('<p>12</p><p>4829</p>')).toBeUndefined();
  });
  test('asks the text part first', () => {
    expect(inHtml('<p>Your code: 771204</p>', 'Your code: 482913')).toBe('482913');
  });
  test('agrees with the subject, or knows none', () => {
    expect(inHtml('<p>Hello</p>', '', '482913 is your code')).toBe('482913');
    expect(inHtml('<p>Your code: 482913</p>', '', '482913 is your code')).toBe('482913');
    expect(inHtml('<p>Your code: 771204</p>', '', '482913 is your code')).toBeUndefined();
  });
});

describe('after a label', () => {
  const after = (label: string, mail: Partial<{ subject: string; text: string; html: string }>, codeLength?: number) =>
    findCode({ subject: '', text: '', html: '', ...mail }, { ...request(codeLength), after: label });

  test.each([
    ['Password', 'Login    : brand\nPassword : mimwopjiu+38\n\n-- \nThe wiki', 'mimwopjiu+38'],
    ['Password', 'Login: brand\r\nYour new password: a.b,\r\n', 'a.b,'],
    ['password', '  PASSWORD:\u00a0\u00a0x7  ', 'x7'],
    ['Mot de passe', 'Utilisateur  : brand\nMot de passe : zéro!12', 'zéro!12'],
    ['密码', '用户名：brand\n密码：zuh~31', 'zuh~31'],
    ['Code (PIN)', 'Code (PIN): https://a:b', 'https://a:b'],
  ])('%j: what stands there is copied to the letter', (label, text, code) => expect(after(label, { text })).toBe(code));

  test.each([
    ['no colon', 'Password mimwopjiu+38'],
    ['more than a word', 'Password : see below please'],
    ['nothing on the line', 'Password :\nmimwopjiu+38'],
    ['a longer word in front', 'Nopassword: mimwopjiu+38\nPasswords: x'],
    ['two different ones', 'Password : mimwopjiu+38\nOld password : rutkan.17'],
  ])('%s: none', (_, text) => expect(after('Password', { text })).toBeUndefined());

  test('the same one twice is one', () => {
    expect(after('Password', { text: 'Password: x+1\nAgain, your password: x+1', subject: 'Password: x+1' })).toBe(
      'x+1',
    );
    expect(after('Password', { text: 'Password: x+1', subject: 'Password: x+2' })).toBeUndefined();
  });

  test('HTML is read as it is seen', () => {
    expect(after('Password', { html: 'Login : brand<br />\nPassword : a&amp;b~<b>38</b><br />\nBye' })).toBe('a&b~38');
    expect(after('Password', { text: 'Password : x', html: 'Password : y' })).toBe('x');
  });

  test('a length that is asked for rules out others', () => {
    expect(after('Code', { text: 'Code: abc\nPromo code: abcdef' }, 6)).toBe('abcdef');
  });
});

const digitsOrMixed = fc.oneof(
  fc.stringMatching(/^[0-9]{6}$/),
  fc.stringMatching(/^[A-Z0-9]{6}$/).filter((text) => /\d/.test(text) && /[A-Z]/.test(text)),
);
const sentences = fc.constantFrom(
  (code: string) => `Hello,\n\nyour verification code is ${code}.\n\nBye, the team`,
  (code: string) => `${code} is your one-time code. It ends in 15 minutes.`,
  (code: string) => `Enter this PIN:\r\n\r\n    ${code}\r\n\r\n© 2026 Brand, 12345 Town, tel. +49 30 1234567`,
  (code: string) => `Confirm with "${code}" at https://site.example/verify/123456?order=654321`,
);

test('whatever the code, it comes out as it went in', () => {
  fc.assert(
    fc.property(digitsOrMixed, sentences, (code, sentence) => {
      expect(inText(sentence(code))).toBe(code);
    }),
  );
});

test('a code that is found is always a whole word of the text', () => {
  const part = fc.oneof(
    fc.constantFrom('code ', 'is ', ' ', '\n', '.', ':', '-', '#', '/', '@', 'x'),
    fc.stringMatching(/^[0-9A-Z]{1,7}$/),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      const code = inText(text);
      if (code !== undefined) expect(text).toMatch(new RegExp(`(?<![A-Za-z0-9])${code}(?![A-Za-z0-9])`));
    }),
  );
});

test.each([
  ['numbers', '482913, '.repeat(130_000)],
  ['dots', 'a.'.repeat(500_000)],
  ['at signs', 'a@'.repeat(500_000)],
  ['letters', 'a'.repeat(1_000_000)],
  ['blanks', `code${' '.repeat(1_000_000)}`],
  ['code words', 'code '.repeat(200_000)],
  ['labels', `${'code:'.repeat(19_000)} x y`],
  ['labelled lines', `${'code:'.repeat(190)} x y\n`.repeat(1_000)],
])('a hostile mail full of %s costs little', (_, text) => {
  const begun = performance.now();
  inText(text);
  findCode({ subject: '', text, html: '' }, { ...request(), after: 'code' });
  expect(performance.now() - begun).toBeLessThan(3_000);
});
