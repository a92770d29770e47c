import { z } from 'zod';
import { flowNames } from './flows.ts';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const profile = z.strictObject({
  first_name: text,
  last_name: text,
  phone: text,
  address: text,
  location: text,
  about: text,
  avatar_url: text,
  cover_url: text,
  image_url: text,
  social_connect: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
});

const account = z.strictObject({
  domain: z.string().trim().toLowerCase().min(1),
  email: z.string().trim().min(1),
  username: text,
  password: z.string().nullish().describe('made when absent or empty'),
  pass_mail: text,
  twofa: text,
  app_password: text,
  link_profile: text,
});

/** Which links an entity request's tasks put on their profiles (docs/api-contract.md#entity-links). */
export const entityConnect = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('all') }),
  z.strictObject({ mode: z.literal('disable') }),
  z.strictObject({ mode: z.literal('limit'), limit: z.number().int().min(1) }),
  z.strictObject({ mode: z.literal('custom'), link: z.array(z.string().min(1)) }),
]);
export type EntityConnect = z.infer<typeof entityConnect>;

/**
 * Body of `POST /api/v1/admin/requests` (docs/api-contract.md#admin-make). An unknown field is refused, so that a
 * misspelt one is not dropped silently.
 */
export const newRequest = z.strictObject({
  type: z.enum(flowNames),
  website: z.string().trim().min(1),
  profile: profile.prefault({}),
  accounts: z.array(account).min(1).max(10_000),
  entity_connect: entityConnect.default({ mode: 'all' }),
  max_retries: z.number().int().min(0).max(100).default(3),
  group_id: z.string().nullish().describe('made when absent or empty'),
});
export type NewRequest = z.infer<typeof newRequest>;
/** What a caller may send: everything with a default may be left out. */
export type NewRequestInput = z.input<typeof newRequest>;

export const requestMade = z.object({
  success: z.literal(true),
  data: z.object({ request_id: z.string(), task_ids: z.array(z.string()).describe('in the order of the accounts') }),
});

const requestAnswer = z.object({
  id: z.string(),
  type: z.enum(flowNames),
  website: z.string(),
  status: z.enum(['open', 'completed']).describe('completed when no task of it has anything left to happen'),
  counts: z.record(z.string(), z.number().int()).describe('live tasks by status'),
  target: z.number().int().describe('how many accounts were asked for'),
  group_id: z.string(),
  created_at: z.iso.datetime(),
});
export type RequestAnswer = z.infer<typeof requestAnswer>;

const taskSummary = z.object({
  id: z.string(),
  domain: z.string(),
  status: z.string(),
  retry_count: z.number().int(),
  link_profile: z.string(),
  error_message: z.string().nullable().describe('of the last failure'),
});

export const requestList = z.object({
  success: z.literal(true),
  data: z.array(requestAnswer).describe('newest first'),
  next_cursor: z.string().nullable(),
});

export const requestDetail = z.object({
  success: z.literal(true),
  data: requestAnswer.extend({
    entity_connect: entityConnect.nullable().describe('of entity requests'),
    max_retries: z.number().int(),
    tasks: z.array(taskSummary).describe('live tasks in the order of the accounts'),
  }),
});
export type RequestDetail = z.infer<typeof requestDetail>['data'];

/** One transition of a task: who made it, when, and with what message and note. */
const transition = z.object({
  from: z.string().nullable(),
  to: z.string(),
  at: z.iso.datetime(),
  by: z.enum(['worker', 'admin', 'manager']),
  error_message: z.string().nullable(),
  note: z.string().nullable(),
});

export const taskDetail = z.object({
  success: z.literal(true),
  data: z.object({
    id: z.string(),
    request_id: z.string(),
    type: z.enum(flowNames),
    domain: z.string(),
    website: z.string(),
    status: z.string(),
    retry_count: z.number().int(),
    retry_at: z.iso.datetime().nullable().describe('when the retry manager queues it again'),
    email: z.string(),
    username: z.string(),
    about: z.string(),
    link_profile: z.string(),
    link_rss: z.string(),
    password: z.string().describe('masked'),
    pass_mail: z.string().describe('masked'),
    twofa: z.string().describe('masked'),
    app_password: z.string().describe('masked'),
    cookie: z.string().describe('masked'),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    history: z.array(transition),
  }),
});
export type TaskDetail = z.infer<typeof taskDetail>['data'];
