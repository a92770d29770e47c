import { z } from 'zod';

const text = z.string().default('');

const profile = z.object({
  first_name: text,
  last_name: text,
  phone: text,
  address: text,
  location: text,
  about: text,
  avatar_url: text,
  cover_url: text,
  image_url: text,
  social_connect: z.array(z.string()).default([]),
});

const account = z.object({
  domain: z.string().min(1),
  email: z.string().min(1),
  username: text,
  password: z.string().optional(),
  pass_mail: text,
  twofa: text,
  app_password: text,
  link_profile: text,
});

/** Which links an entity request's tasks put on their profiles (contract section 3). */
export const entityConnect = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('all') }),
  z.strictObject({ mode: z.literal('disable') }),
  z.strictObject({ mode: z.literal('limit'), limit: z.number().int().min(1) }),
  z.strictObject({ mode: z.literal('custom'), link: z.array(z.string().min(1)) }),
]);
export type EntityConnect = z.infer<typeof entityConnect>;

/** Body of `POST /api/v1/admin/requests` (contract section 7). */
export const newRequest = z.object({
  type: z.enum(['social', 'entity', 'podcast']),
  website: z.string().min(1),
  profile: profile.prefault({}),
  accounts: z.array(account).min(1).max(10_000),
  entity_connect: entityConnect.default({ mode: 'all' }),
  max_retries: z.number().int().min(0).max(100).default(3),
  group_id: z.string().min(1).optional(),
});
export type NewRequest = z.infer<typeof newRequest>;
/** What a caller may send: everything with a default may be left out. */
export type NewRequestInput = z.input<typeof newRequest>;
