import { describe, expect, test } from 'vitest';
import { compareOutlines, tidyOutline } from '../../../scripts/site/outlines.ts';

const names = ['wiki.brand.test', '127.0.0.1:8080', 'hello@brand.test', 'brand'];
const tidy = (...lines: string[]) => tidyOutline(lines.join('\n'), names);

describe('what an outline leaves out', () => {
  test.each([
    ['what a field holds', '- textbox "About": We are a sample.', '- textbox "About"'],
    ['what a field without a name holds', '- textbox: We are a sample.', '- textbox'],
    ['what is chosen', '- option "English" [selected]', '- option "English"'],
    ['what is ticked', '- checkbox "I accept" [checked]', '- checkbox "I accept"'],
    ['the site', '- paragraph: Welcome to Wiki.brand.test', '- paragraph: Welcome to …'],
    ['the account', '- text: Signed in as BRAND', '- text: Signed in as …'],
    ['a date', '- text: Since 2026-11-24 13:05', '- text: Since … …'],
    ['a year', '- text: © 2026', '- text: © …'],
    ['a token', '- text: a3f09c77d1e24b5f8890', '- text: …'],
    ['an address', '- text: See https://other.test/a?b=1', '- text: See …'],
  ])('%s', (_what, line, tidied) => {
    expect(tidy(line)).toBe(tidied);
  });

  test('where a link leads, with the colon before it', () => {
    expect(tidy('- link "Sign in":', '  - /url: /signin?token=1', '- paragraph:', '  - text: Hello')).toBe(
      '- link "Sign in"\n- paragraph:\n  - text: Hello',
    );
  });

  test("a row's name, which repeats what its fields hold", () => {
    expect(
      tidy('- row "Name Sample":', '  - rowheader "Name"', '  - cell "Sample":', '    - textbox "Name": Sample'),
    ).toBe('- row:\n  - rowheader "Name"\n  - cell:\n    - textbox "Name"');
  });

  test.each([
    '- paragraph: At least 8 characters.',
    '- textbox "Username"',
    '- button "Create account" [disabled]',
    '- heading "Sign up" [level=1]',
  ])('and not %s', (line) => {
    expect(tidy(line)).toBe(line);
  });
});

describe('what changed', () => {
  const form = (...labels: string[]) => labels.map((label) => `- textbox "${label}"`).join('\n');
  const kept = {
    signUp: [form('Email', 'Username', 'Password', 'Phone'), form('First name')],
    signIn: [form('Email')],
  };

  test('is nothing in the same forms, nor in a step that was not gone through', () => {
    expect(compareOutlines(kept, { signUp: kept.signUp }, ['signUp'])).toEqual([]);
  });

  test('is told by form, as a short diff', () => {
    const now = { signUp: [form('Email', 'User name', 'Password', 'Phone'), form('First name')] };
    expect(compareOutlines(kept, now, ['signUp'])).toEqual([
      'signUp, form 1:\n   - textbox "Email"\n  -- textbox "Username"\n  +- textbox "User name"\n   - textbox "Password"',
    ]);
  });

  test('is a form that is no longer there, when the step was gone through to its end', () => {
    const now = { signUp: [kept.signUp[0]!] };
    expect(compareOutlines(kept, now, ['signUp'])).toEqual(['signUp, form 2:\n  -- textbox "First name"']);
    expect(compareOutlines(kept, now, [])).toEqual([]);
  });

  test('is a form that is new', () => {
    expect(compareOutlines(kept, { signIn: [...kept.signIn, form('Code')] }, ['signIn'])).toEqual([
      'signIn, form 2:\n  +- textbox "Code"',
    ]);
  });
});
