import fp from 'fastify-plugin';
import type { ManagerContext } from '../../context.ts';
import { startRetryManager } from '../../domain/retry/retry-manager.ts';

/** Runs the retry manager from when the app is ready until it is closed. */
export const retries = fp<{ context: ManagerContext }>(
  async (app, { context }) => {
    let stop: (() => Promise<void>) | undefined;
    app.addHook('onReady', async () => {
      stop = startRetryManager(context);
    });
    app.addHook('onClose', async () => stop?.());
  },
  { name: 'retries' },
);
