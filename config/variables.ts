import path from 'node:path';
import { z } from 'zod';
import { duration } from './duration.ts';

/** What reads a variable: a process, everything that people run by hand (`commands`), or what `npm start` and `npm test` do first (`set-up`). */
export type Reader = 'worker' | 'manager' | 'codec server' | 'commands' | 'set-up' | 'demonstration';

export interface Variable {
  /** Reads its text; takes `undefined` when it need not be set. */
  schema: z.ZodType;
  /** As an operator would write it. */
  default?: string;
  /** What holds when it is unset, where that is no fixed text. */
  unset?: string;
  does: string;
  readBy: readonly Reader[];
}

const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const unitBytes = { KB: 1e3, MB: 1e6, GB: 1e9 } as const;
/** A size such as `500MB` or `2GB`, read as bytes. */
const size = z
  .string()
  .regex(/^\d+(KB|MB|GB)$/, 'must be a size such as 200KB, 500MB or 2GB')
  .transform((value) => Number(value.slice(0, -2)) * unitBytes[value.slice(-2) as keyof typeof unitBytes]);
const port = z.coerce.number().int().min(0).max(65535);
const file = z.string().transform((value) => path.resolve(value));
const address = z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, ''));

/**
 * Every environment variable of enlist (docs/api-contract.md#settings). README's table, `.env.example` and docker-compose.yml are
 * tested against it, and tests are run without any of them. Temporal's own (`TEMPORAL_…`) are read by its SDK.
 */
export const variables = {
  ASSIGN_URL: { schema: address, does: "where the manager's API is", readBy: ['worker', 'commands'] },
  ASSIGN_API_KEY: {
    schema: z.string().min(1),
    does: "the workers' key to the manager's API",
    readBy: ['worker', 'manager', 'commands', 'demonstration'],
  },
  ASSIGN_ADMIN_KEY: {
    schema: z.string().min(1),
    does: "the key of the people who make requests; `npm run doctor` sees all of the manager's tasks with it",
    readBy: ['manager', 'commands', 'demonstration'],
  },
  SITES_FILE: { schema: file, does: 'the sites that you may act on', readBy: ['worker', 'commands'] },
  ENLIST_KEYS: {
    schema: z.string().optional(),
    unset: 'made once in `DATA_DIR`',
    does: '`id:base64,…`, 32 bytes each; the first encrypts what Temporal and the manager store, all decrypt. Required with `NODE_ENV=production`',
    readBy: ['worker', 'manager', 'codec server', 'commands', 'demonstration'],
  },
  DATA_DIR: {
    schema: file,
    default: '.data',
    does: 'the folder of what `npm start`, the embedded database and workers keep',
    readBy: ['worker', 'manager', 'codec server', 'commands', 'demonstration'],
  },
  NODE_ENV: {
    schema: z.string(),
    default: 'development',
    does: 'with `production`, no key is made up: `ENLIST_KEYS` must be set',
    readBy: ['worker', 'manager', 'codec server', 'commands', 'demonstration'],
  },
  LOG_LEVEL: {
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    does: 'the least level that is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`',
    readBy: ['worker', 'manager'],
  },
  HOST: {
    schema: z.string(),
    default: '127.0.0.1',
    does: "the address that the manager, the codec server and a worker's health listen at",
    readBy: ['worker', 'manager', 'codec server'],
  },

  BROWSER_PATH: {
    schema: z.string().optional(),
    unset: 'found',
    does: 'the browser to use',
    readBy: ['worker', 'commands', 'set-up', 'demonstration'],
  },
  BROWSER_SLOTS: {
    schema: z.coerce.number().int().min(1).max(64),
    default: '4',
    does: 'browser steps at the same time in one worker',
    readBy: ['worker'],
  },
  RECIPES_DIR: {
    schema: file,
    default: 'recipes',
    does: 'the folder of your own recipes, beside those that ship; a worker reads each once, so restart it after a change',
    readBy: ['worker', 'commands'],
  },
  ASSETS_ALLOW: {
    schema: list,
    default: '',
    does: 'networks (CIDR), besides public ones, that pictures and feeds may come from',
    readBy: ['worker', 'commands'],
  },
  EVIDENCE_DIR: {
    schema: z.string().optional(),
    unset: '`DATA_DIR/evidence`',
    does: 'the folder of screenshots, outlines and journals of failed steps',
    readBy: ['worker', 'commands'],
  },
  EVIDENCE_MAX_AGE: { schema: duration, default: '14d', does: 'how long evidence is kept', readBy: ['worker'] },
  EVIDENCE_MAX_SIZE: {
    schema: size,
    default: '1GB',
    does: 'how much evidence is kept (`KB`, `MB`, `GB`); the oldest goes first, never the newest',
    readBy: ['worker'],
  },
  MAX_OPEN: {
    schema: z.coerce.number().int().min(1),
    default: '10000',
    does: 'open workflows of one flow',
    readBy: ['worker', 'commands'],
  },
  BUILD_ID: {
    schema: z
      .string()
      .regex(/^[\w.-]{1,100}$/, 'must be letters, digits, dots, dashes or underscores')
      .optional(),
    does: "the version of a worker's code; see below",
    readBy: ['worker'],
  },
  HEALTH_PORT: {
    schema: port.optional(),
    does: "the port of a worker's `/healthz` and `/readyz`; unset, there is none",
    readBy: ['worker'],
  },

  PODCAST_MAIN_DOMAINS: {
    schema: list,
    default: 'creators.spotify.com,anchor.fm',
    does: 'whose podcast tasks are main sites; the same for the workers and the manager',
    readBy: ['worker', 'manager', 'commands'],
  },
  PODCAST_MAIN_WAIT: {
    schema: duration,
    default: '24h',
    does: 'how long sub-sites wait for a main site',
    readBy: ['worker', 'commands'],
  },
  PODCAST_AT_ONCE: {
    schema: z.coerce.number().int().min(1).max(200),
    default: '5',
    does: 'how many tasks of a podcast request are worked off side by side',
    readBy: ['worker', 'commands'],
  },
  MINIAPP_URL: {
    schema: address.optional(),
    unset: '`ASSIGN_URL`',
    does: 'where mini-app users are registered',
    readBy: ['worker'],
  },
  MINIAPP_TOKEN_SELLER: {
    schema: z.string().optional(),
    does: "the seller's token, without which no mini-app user is registered",
    readBy: ['worker'],
  },
  MINIAPP_SHOP_ID: {
    schema: z.coerce.number().int().min(1).optional(),
    does: 'the number of the shop that mini-app users are registered for',
    readBy: ['worker', 'commands'],
  },

  PORT: { schema: port, default: '8080', does: 'the port of the manager', readBy: ['manager'] },
  DATABASE_URL: {
    schema: z.string().optional(),
    unset: 'embedded, in `DATA_DIR`',
    does: "the manager's PostgreSQL",
    readBy: ['manager'],
  },
  MINIAPP_TOKEN_SECRET: {
    schema: z.string().min(1),
    does: "signs and checks the mini app's tokens (JWT, HS256)",
    readBy: ['manager', 'demonstration'],
  },
  RETRY_DELAY: {
    schema: duration,
    default: '60s',
    does: 'how long a failed task waits before it is queued again; doubled with each try',
    readBy: ['manager'],
  },
  REGISTER_WAIT: {
    schema: duration,
    default: '7d',
    does: "how long an entity request's registered tasks wait for the others",
    readBy: ['manager'],
  },
  RATE_LIMIT: {
    schema: z.union([z.literal('off'), z.coerce.number().int().min(1)]),
    default: '6000',
    does: 'calls of the manager a minute and key, or `off`',
    readBy: ['manager'],
  },

  CODEC_PORT: { schema: port, default: '8081', does: 'the port of the codec server', readBy: ['codec server'] },
  CODEC_TOKEN: {
    schema: z.string().min(16),
    does: 'who knows it can read payloads through the codec server',
    readBy: ['codec server', 'demonstration'],
  },
  CODEC_ORIGINS: {
    schema: list,
    default: 'http://127.0.0.1:8233,http://localhost:8233',
    does: 'the Web UIs that may ask the codec server',
    readBy: ['codec server'],
  },

  PRACTICE_TOKEN: {
    schema: z.string().optional(),
    unset: 'made once in `DATA_DIR`',
    does: "opens the practice sites' control API",
    readBy: ['demonstration'],
  },
  PRACTICE_MAIL_PASSWORD: {
    schema: z.string().optional(),
    unset: 'made once in `DATA_DIR`',
    does: 'the password of the mailboxes of `npm start`',
    readBy: ['demonstration'],
  },
} satisfies Record<string, Variable>;
