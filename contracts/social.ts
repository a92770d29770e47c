import { z } from 'zod';
import { accountAnswer, accountFields, hasCredential, needsCredential, optionalText, text, texts } from './account.ts';
import { errorMessage } from './envelope.ts';

/** The fields of a task that furnish a profile. */
const profileFields = {
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
