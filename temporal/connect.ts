import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { KeyRing } from '../config/key-ring.ts';
import { makeDataConverter } from './data-converter.ts';

const firstWaitMs = 250;
const longestWaitMs = 5_000;

export class TemporalUnreachable extends Error {
  override name = 'TemporalUnreachable';
}

function readSettings() {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return {
    connectionOptions,
    namespace: namespace ?? 'default',
    address: connectionOptions.address ?? 'localhost:7233',
  };
}

/**
 * A client of the Temporal that the environment names (`TEMPORAL_ADDRESS` and the rest, as envconfig reads them).
 *
 * @throws TemporalUnreachable when nothing answers there
 */
export async function connectClient(keys: KeyRing): Promise<Client> {
  const { connectionOptions, namespace, address } = readSettings();
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5 seconds' });
  } catch (error) {
    throw new TemporalUnreachable(`no Temporal at ${address}: start it with "npm start", or set TEMPORAL_ADDRESS`, {
      cause: error,
    });
  }
  return new Client({ connection, namespace, dataConverter: makeDataConverter(keys) });
}

/**
 * A worker's connection. The SDK does not repeat a first connect that fails, so this does, until Temporal is there.
 *
 * @throws TemporalUnreachable after `patienceMs`
 */
export async function connectWorker(
  signal: AbortSignal,
  patienceMs = 120_000,
): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace, address } = readSettings();
  const giveUp = performance.now() + patienceMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return { connection: await NativeConnection.connect(connectionOptions), namespace };
    } catch (error) {
      if (performance.now() + waitMs > giveUp) {
        throw new TemporalUnreachable(
          `no Temporal at ${address} for ${patienceMs / 1000} s: is TEMPORAL_ADDRESS right?`,
          { cause: error },
        );
      }
      await sleep(waitMs, undefined, { signal });
    }
  }
}
