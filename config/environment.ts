import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { duration } from './duration.ts';

const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const unitBytes = { KB: 1e3, MB: 1e6, GB: 1e9 } as const;
/** A size as people write it (`500MB`, `2GB`), read as bytes. */
const size = z
  .string()
  .regex(/^\d+(KB|MB|GB)$/, 'must be a size such as 200KB, 500MB or 2GB')
  .transform((value) => Number(value.slice(0, -2)) * unitBytes[value.slice(-2) as keyof typeof unitBytes]);
const port = z.coerce.number().int().min(0).max(65535);

/** Every environment variable that enlist reads, with its default (contract section 8). Temporal's own are read by its SDK. */
export const variables = {
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((value) => path.resolve(value)),
  NODE_ENV: z.string().default('development'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),

  ASSIGN_URL: z.url({ protocol: /^https?$/ }).transform((value) => value.replace(/\/+$/, '')),
  ASSIGN_API_KEY: z.string().min(1),
  ASSIGN_ADMIN_KEY: z.string().min(1),

  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(8080),
  DATABASE_URL: z.string().optional(),
  MINIAPP_URL: z
    .url({ protocol: /^https?$/ })
    .transform((value) => value.replace(/\/+$/, ''))
    .optional(),
  MINIAPP_TOKEN_SELLER: z.string().optional(),
  MINIAPP_SHOP_ID: z.coerce.number().int().min(1).optional(),
  MINIAPP_TOKEN_SECRET: z.string().min(1),
  PODCAST_MAIN_DOMAINS: list.prefault('creators.spotify.com,anchor.fm'),
  PODCAST_MAIN_WAIT: duration.prefault('24h'),
  PODCAST_AT_ONCE: z.coerce.number().int().min(1).max(200).default(5),
  RETRY_DELAY: duration.prefault('60s'),
  REGISTER_WAIT: duration.prefault('7d'),
  RATE_LIMIT: z.union([z.literal('off'), z.coerce.number().int().min(1)]).default(6000),

  ENLIST_KEYS: z.string().optional(),
  SITES_FILE: z.string().transform((value) => path.resolve(value)),
  RECIPES_DIR: z
    .string()
    .default('recipes')
    .transform((value) => path.resolve(value)),
  ASSETS_ALLOW: list.prefault(''),
  EVIDENCE_DIR: z.string().optional(),
  EVIDENCE_MAX_AGE: duration.prefault('14d'),
  EVIDENCE_MAX_SIZE: size.prefault('1GB'),
  BROWSER_PATH: z.string().optional(),
  BROWSER_SLOTS: z.coerce.number().int().min(1).max(64).default(4),
  BUILD_ID: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must be letters, digits, dots, dashes or underscores')
    .optional(),
  HEALTH_PORT: port.optional(),
  CODEC_PORT: port.default(8081),
  CODEC_TOKEN: z.string().min(16),
  CODEC_ORIGINS: list.prefault('http://127.0.0.1:8233,http://localhost:8233'),
  MAX_OPEN: z.coerce.number().int().min(1).default(10_000),
};

type Variables = typeof variables;
type Environment<Name extends keyof Variables> = { [Key in Name]: z.infer<Variables[Key]> };

export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

/** Fills `process.env` with what it lacks from `DATA_DIR/run.env`, the file that a running `npm start` leaves for other commands. */
export function loadRunEnvironment(): void {
  const file = path.resolve(process.env.DATA_DIR || '.data', 'run.env');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return;
  }
  for (const [name, value] of Object.entries(parseEnv(text))) process.env[name] ||= value;
}

/**
 * Reads the named variables; an empty one counts as unset.
 *
 * @throws EnvironmentError naming every variable that is missing or wrong, never its value.
 */
export function readEnvironment<Name extends keyof Variables>(...names: Name[]): Environment<Name> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const raw = process.env[name] || undefined;
    const parsed = variables[name].safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(
        raw === undefined ? `${name} is not set` : `${name} ${parsed.error.issues[0]?.message ?? 'is wrong'}`,
      );
  }
  if (problems.length > 0) throw new EnvironmentError(problems.join('\n'));
  return values as Environment<Name>;
}
