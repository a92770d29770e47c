import { ApplicationFailure, cancellationSignal } from '@temporalio/activity';
import type { MiniAppUser } from '../contracts/mini-app.ts';
import type { MiniAppOutcome } from '../contracts/outcomes.ts';
import {
  type MiniAppOptions,
  MiniAppUnavailable,
  registerMiniAppUser,
} from '../services/manager-client/mini-app-client.ts';

/** @param options undefined where the worker has no shop to register for */
export function createMiniAppActivities(options: MiniAppOptions | undefined) {
  return {
    async registerMiniAppUser(user: MiniAppUser): Promise<MiniAppOutcome> {
      if (!options) return { outcome: 'failed', reason: 'this worker has no MINIAPP_TOKEN_SELLER and MINIAPP_SHOP_ID' };
      try {
        return await registerMiniAppUser(options, user, cancellationSignal());
      } catch (error) {
        if (!(error instanceof MiniAppUnavailable)) throw error;
        throw ApplicationFailure.create({
          type: error.name,
          message: error.message,
          nextRetryDelay: error.retryAfterMs,
        });
      }
    },
  };
}

export type MiniAppActivities = ReturnType<typeof createMiniAppActivities>;
