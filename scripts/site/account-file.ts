import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Account } from '../../sites/kit/recipe.ts';
import { CommandError } from '../command.ts';

const text = z.string().default('');
const list = z.array(z.string()).default([]);

/** An account as a person writes it down: a task's fields, of which none but the name or the address must be there. */
const accountFile = z
  .strictObject({
    email: text,
    username: text,
    password: text,
    app_password: text,
    pass_mail: text,
    twofa: text,
    first_name: text,
    last_name: text,
    phone: text,
    address: text,
    location: text,
    website: text,
    about: text,
    avatar_url: text,
    cover_url: text,
    links: list,
    image_url: text,
    feed: text,
  })
  .refine(({ email, username }) => email !== '' || username !== '', 'email or username must be there');
export type AccountFile = z.infer<typeof accountFile>;

/** @throws CommandError saying what is wrong, never a value */
export function readAccountFile(file: string): AccountFile {
  let content: unknown;
  try {
    // JSON is YAML, too.
    content = parse(readFileSync(file, 'utf8'), { prettyErrors: false });
  } catch (error) {
    throw new CommandError(
      `${file} can't be read as YAML or JSON (${(error as NodeJS.ErrnoException).code ?? 'malformed'})`,
    );
  }
  const parsed = accountFile.safeParse(content);
  if (!parsed.success) throw new CommandError(`${file} is no account:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export function toAccount(given: AccountFile): Account {
  const { email, username, password, first_name: firstName, last_name: lastName, phone } = given;
  return { email, username, password, firstName, lastName, phone };
}

/** An account that nobody has, for going through forms that are not sent. */
export function makeUpAccount(): Account {
  const username = `check${randomBytes(5).toString('hex')}`;
  return {
    username,
    email: `${username}@example.com`,
    password: `Check-${randomBytes(9).toString('hex')}-A1`,
    firstName: 'Sample',
    lastName: 'Check',
    phone: '0900000000',
  };
}
