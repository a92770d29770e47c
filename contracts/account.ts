import { z } from 'zod';

/** To the worker, an absent, null or empty text is the same. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
export const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

/** What every task of every flow carries to sign in to a site and to read its mail. */
export const accountFields = {
  id: z.string().min(1),
  request_id: z.string().min(1),
  domain: z.string().min(1),
  website: text,
  email: text,
  username: text,
  pass_mail: text,
  twofa: text,
  app_password: text,
  password: text,
};

export const optionalText = z.string().nullish();

const credentials = ['email', 'username', 'password', 'cookie'] as const;

/** Whether a `complete` body has anything of the account that it reports. */
export function hasCredential(body: { [Name in (typeof credentials)[number]]?: string | null | undefined }): boolean {
  return credentials.some((name) => body[name]?.trim());
}

export const needsCredential = {
  path: ['email'],
  message: `at least one of ${credentials.join(', ')} is required`,
};

/** What every task of every flow answers (docs/api-contract.md#account-fields). */
export const accountAnswer = {
  id: z.string(),
  request_id: z.string(),
  domain: z.string().describe('the site to act on'),
  website: z.string().describe("the brand's own site"),
  email: z.string(),
  username: z.string(),
  pass_mail: z.string(),
  twofa: z.string().describe('base32 TOTP secret'),
  app_password: z.string(),
  password: z.string(),
};
