import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetch } from 'undici';
import { cutErrorMessage } from '../../contracts/envelope.ts';
import { miniAppExists, miniAppToken, type MiniAppUser } from '../../contracts/mini-app.ts';
import type { MiniAppOutcome } from '../../contracts/outcomes.ts';
import { readRetryAfter } from '../../contracts/retry-after.ts';

const callTimeoutMs = 30_000;
const longestName = 200;

export interface MiniAppOptions {
  url: string;
  tokenSeller: string;
  shopId: number;
  /** Where the tokens of registered users are kept, one file each, for the operator alone to read. */
  tokenFolder: string;
}

/** An answer of the server; `body` is undefined when it is no JSON. */
interface Answer {
  status: number;
  body: unknown;
  retryAfterMs: number | undefined;
}

/** No usable answer: the next one tells whether the user was registered. */
export class MiniAppUnavailable extends Error {
  override name = 'MiniAppUnavailable';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The server's own words, where it has some, as short as a report. */
function readMessage(body: unknown): string {
  return cutErrorMessage(String((body as { message?: string | number } | null | undefined)?.message ?? ''));
}

/** @throws MiniAppUnavailable when there is no answer */
async function post(
  { url, tokenSeller, shopId }: MiniAppOptions,
  user: MiniAppUser,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(`${url}/mini-app/v1/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'token-seller': tokenSeller, 'shop-id': String(shopId) },
      body: JSON.stringify(user),
      // A redirect must not send the user's data to another server.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]),
    });
    return {
      status: response.status,
      body: parseJson(await response.text()),
      retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
    };
  } catch (error) {
    signal.throwIfAborted();
    throw new MiniAppUnavailable(
      `no answer: ${((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).message}`,
    );
  }
}

/** The file of a user's token. An id may have any characters and length, a file name may not. */
function tokenFile({ tokenFolder, shopId }: MiniAppOptions, zaloUserId: string): string {
  const name = encodeURIComponent(zaloUserId);
  return path.join(
    tokenFolder,
    `${shopId}-${name.length <= longestName ? name : createHash('sha256').update(zaloUserId).digest('hex')}`,
  );
}

async function keepToken(file: string, token: string): Promise<void> {
  await writeFile(`${file}.new`, `${token}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/**
 * Registers a mini-app user (docs/api-contract.md#mini-app). The token goes into a file, never into the workflow's
 * history. Repeating it after a lost answer ends as `exists`.
 *
 * @throws MiniAppUnavailable when there was no usable answer: to be called again
 */
export async function registerMiniAppUser(
  options: MiniAppOptions,
  user: MiniAppUser,
  signal: AbortSignal,
): Promise<MiniAppOutcome> {
  const file = tokenFile(options, user.zalo_user_id);
  // Before the call, since a token that can't be stored afterwards is lost.
  await mkdir(options.tokenFolder, { recursive: true, mode: 0o700 });
  await access(options.tokenFolder, constants.W_OK);

  const { status, body, retryAfterMs } = await post(options, user, signal);
  if (status >= 500 || status === 429) throw new MiniAppUnavailable(`the server answers ${status}`, retryAfterMs);
  if (status >= 300 && status < 400)
    return {
      outcome: 'failed',
      reason: `${status}: the server leads elsewhere, and what is sent is meant for MINIAPP_URL alone`,
    };
  if (status >= 200 && status < 300) {
    const made = miniAppToken.safeParse(body);
    // Also for another server's page.
    if (status !== 201 || !made.success) throw new MiniAppUnavailable(`${status} in an unknown form`);
    await keepToken(file, made.data.token);
    return { outcome: 'registered', userId: made.data.data.user_id, username: made.data.data.username };
  }
  if (status === 409 && miniAppExists.safeParse(body).success) return { outcome: 'exists' };
  return { outcome: 'failed', reason: `${status} ${readMessage(body)}`.trim() };
}
