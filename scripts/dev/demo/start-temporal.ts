import path from 'node:path';
import { loadKeyRing } from '../../../config/key-ring.ts';
import { connectClient } from '../../../temporal/connect.ts';
import { registerSearchAttributes } from '../../../temporal/register-search-attributes.ts';
import { CommandError } from '../../command.ts';
import { findTools } from '../setup/tools.mjs';
import { findPort, localUrl } from './ports.ts';
import type { Processes } from './processes.ts';

/** A Temporal that answers. */
export interface Temporal {
  /** The Web UI's address, or words where it is not known. */
  ui: string;
  /** What else than this process's own environment leads to it. */
  env: Record<string, string>;
}

/** Starts Temporal's development server, unless the environment names a Temporal. */
export async function startTemporal(processes: Processes, dataDir: string, codecUrl: string): Promise<Temporal> {
  const { TEMPORAL_ADDRESS: given } = process.env;
  if (given) {
    await waitForTemporal();
    return { ui: `(the one of your Temporal at ${given})`, env: {} };
  }
  const { temporal } = findTools();
  if (!temporal)
    throw new CommandError('no Temporal CLI: run "npm start", which installs one, or set TEMPORAL_ADDRESS');
  const [port, uiPort] = [await findPort(7233), await findPort(8233)];
  const flags = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--ui-port',
    String(uiPort),
    '--db-filename',
    path.join(dataDir, 'temporal.db'),
    '--log-level',
    'error',
    '--ui-codec-endpoint',
    codecUrl,
  ];
  process.env.TEMPORAL_ADDRESS = `127.0.0.1:${port}`;
  process.env.TEMPORAL_NAMESPACE ||= 'default';
  // Its banner comes before it answers, so it is ready when a client gets through.
  const died = processes.start('temporal', { command: temporal, args: flags, env: {}, isReady: () => false });
  await Promise.race([waitForTemporal(), died]);
  died.catch(processes.fail);
  return {
    ui: localUrl(uiPort),
    env: { TEMPORAL_ADDRESS: process.env.TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: process.env.TEMPORAL_NAMESPACE },
  };
}

async function waitForTemporal(): Promise<void> {
  const keys = loadKeyRing();
  for (let tries = 0; ; tries++) {
    try {
      const client = await connectClient(keys);
      await registerSearchAttributes(client.connection, client.options.namespace);
      await client.connection.close();
      return;
    } catch (error) {
      if (tries >= 60) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
