import { z } from 'zod';
import { errorMessage } from './envelope.ts';

/** An absent, null or empty text is the same to the worker: there is none. */
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

/** The fields of a task that furnish a profile. */
export const profileFields = {
  first_name: text,
  last_name: text,
  phone: text,
  address: text,
  location: text,
  about: text,
  avatar_url: text,
  cover_url: text,
  social_connect: texts,
  images: z
    .array(z.object({ type: z.string(), urls: z.array(z.string()) }))
    .nullish()
    .transform((value) => value ?? []),
};

/** A social task as it comes from a manager: unknown fields are dropped, only id, request_id and domain must be there. */
export const socialTask = z.object({ ...accountFields, ...profileFields });
export type SocialTask = z.infer<typeof socialTask>;

export const socialStatuses = ['register', 'registering', 'completed', 'active', 'final_failed'] as const;
export type SocialStatus = (typeof socialStatuses)[number];

export const optionalText = z.string().nullish();

const credentials = ['email', 'username', 'password', 'cookie'] as const;

/** Whether a `complete` body says anything of the account it reports. */
export function hasCredential(body: { [Name in (typeof credentials)[number]]?: string | null | undefined }): boolean {
  return credentials.some((name) => body[name]?.trim());
}

export const needsCredential = {
  path: ['email'],
  message: `at least one of ${credentials.join(', ')} is required`,
};

/** Body of `complete`: at least one real value of the first four. */
export const completeRegister = z
  .object({
    email: optionalText,
    username: optionalText,
    password: optionalText,
    cookie: optionalText,
    link_profile: optionalText,
    note: optionalText,
  })
  .refine(hasCredential, needsCredential);
export type CompleteRegister = z.infer<typeof completeRegister>;

/** Body of `fail` in a register phase; a missing `status` reads as `register_failed`. */
export const failRegister = z.object({
  status: z.enum(['register_failed', 'profile_failed']).nullish(),
  error_message: errorMessage,
  link_profile: optionalText,
  note: optionalText,
});
export type FailRegister = z.infer<typeof failRegister>;

/** What every task of every flow answers (contract sections 2–4). */
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

export const profileAnswer = {
  first_name: z.string(),
  last_name: z.string(),
  phone: z.string(),
  address: z.string(),
  location: z.string(),
  about: z.string().describe('HTML, its spin syntax resolved'),
  avatar_url: z.string(),
  cover_url: z.string(),
  social_connect: z.array(z.string()),
  images: z.array(z.object({ type: z.enum(['avatar', 'cover']), urls: z.array(z.string()) })),
};

/** A social task as the manager answers it. */
export const socialTaskAnswer = z.object({ ...accountAnswer, ...profileAnswer });
export type SocialTaskAnswer = z.infer<typeof socialTaskAnswer>;
