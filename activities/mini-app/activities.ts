import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure, cancellationSignal } from '@temporalio/activity';
import { fetch } from 'undici';
import { type MiniAppUser, miniAppExists, miniAppRegistered } from '../../contracts/mini-app.ts';
import type { MiniAppOutcome } from '../../contracts/outcomes.ts';

const callTimeoutMs = 30_000;

export interface MiniAppSetting {
  url: string;
  tokenSeller: string;
  shopId: number;
  /** Where the tokens of registered users are kept, one file each, for the operator alone to read. */
  tokenFolder: string;
}

/** The server's own words, in whatever form it answers. */
function readMessage(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? '');
  } catch {
    return '';
  }
}

async function keepToken({ tokenFolder, shopId }: MiniAppSetting, zaloUserId: string, token: string): Promise<void> {
  await mkdir(tokenFolder, { recursive: true, mode: 0o700 });
  const file = path.join(tokenFolder, `${shopId}-${encodeURIComponent(zaloUserId)}`);
  await writeFile(`${file}.new`, `${token}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export function createMiniAppActivities(setting: MiniAppSetting | undefined) {
  return {
    /**
     * Registers a mini-app user (contract section 5). The token goes into a file, never into the workflow's history.
     * Repeating it after a lost answer ends as `exists`.
     */
    async registerMiniAppUser(user: MiniAppUser): Promise<MiniAppOutcome> {
      if (!setting) {
        return { outcome: 'failed', reason: 'this worker has no MINIAPP_TOKEN_SELLER and MINIAPP_SHOP_ID' };
      }
      const retry = (message: string) => ApplicationFailure.create({ type: 'MiniAppUnavailable', message });
      let status: number;
      let text: string;
      try {
        const response = await fetch(`${setting.url}/mini-app/v1/register`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'token-seller': setting.tokenSeller, 'shop-id': String(setting.shopId) },
          body: JSON.stringify(user),
          signal: AbortSignal.any([cancellationSignal(), AbortSignal.timeout(callTimeoutMs)]),
        });
        ({ status } = response);
        text = await response.text();
      } catch (error) {
        cancellationSignal().throwIfAborted();
        throw retry(`no answer: ${((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).message}`);
      }
      if (status >= 500 || status === 429) throw retry(`the server answers ${status}`);
      if (status === 201) {
        const made = miniAppRegistered.safeParse(JSON.parse(text));
        if (!made.success) throw retry('201 in an unknown form');
        await keepToken(setting, user.zalo_user_id, made.data.token);
        return { outcome: 'registered', userId: made.data.data.user_id, username: made.data.data.username };
      }
      if (status === 409 && miniAppExists.safeParse(JSON.parse(text)).success) return { outcome: 'exists' };
      return { outcome: 'failed', reason: `${status} ${readMessage(text)}`.trim() };
    },
  };
}

export type MiniAppActivities = ReturnType<typeof createMiniAppActivities>;
