import { Worker } from '@temporalio/worker';
import { readEnvironment } from '../../config/environment.ts';
import { loadKeyRing } from '../../config/key-ring.ts';
import { connectClient, connectWorker } from '../../temporal/connect.ts';
import { makeDataConverter } from '../../temporal/data-converter.ts';
import { listVersions } from '../../temporal/deployment.ts';
import { registerSearchAttributes } from '../../temporal/register-search-attributes.ts';
import type { TaskQueue } from '../../temporal/task-queues.ts';
import { serveHealth } from './health.ts';
import { installLog } from './log.ts';
import { queueWorkers } from './queues.ts';
import { versioning } from './versioning.ts';

/**
 * Runs the workers of the named queues until a signal (SIGINT, SIGTERM), then drains them: running steps get their
 * grace time. Resolves when everything is closed.
 *
 * @throws Error when a worker fails, after the others have been drained
 */
export async function runWorkers(queues: TaskQueue[]): Promise<void> {
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error('stopped'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);

  const { HEALTH_PORT, HOST, BUILD_ID } = readEnvironment('HEALTH_PORT', 'HOST', 'BUILD_ID');
  const log = installLog();
  const keys = loadKeyRing();
  const { connection, namespace } = await connectWorker(stopping.signal);
  const client = await connectClient(keys);
  await registerSearchAttributes(connection, namespace).catch((error: unknown) => {
    log.warn({ err: error }, "could not make enlist's search attributes: make them by hand, as Keyword");
  });

  const parts = queues.map((queue) => queueWorkers[queue](client));
  const workers: Worker[] = [];
  for (const { options } of parts) {
    workers.push(
      await Worker.create({
        connection,
        namespace,
        dataConverter: makeDataConverter(keys),
        ...versioning(BUILD_ID),
        ...options,
      }),
    );
  }
  for (const { tidy } of parts)
    tidy?.().catch((error: unknown) => log.warn({ err: error }, 'could not prune EVIDENCE_DIR'));
  const health = HEALTH_PORT === undefined ? undefined : await serveHealth(HEALTH_PORT, HOST, workers, connection);
  for (const { findProblems } of parts) for (const problem of (await findProblems?.()) ?? []) log.error(problem);
  log.info({ queues, namespace, buildId: BUILD_ID, pid: process.pid }, 'workers ready');
  if (BUILD_ID !== undefined && !(await listVersions(client)).some(({ status }) => status === 'current')) {
    log.warn('no version is current, so no workflow starts: run "npm run versions -- make-current BUILD_ID"');
  }

  try {
    await Promise.all(workers.map((worker) => runOne(worker, workers)));
  } finally {
    health?.close();
    for (const { close } of parts) await close?.();
    await client.connection.close();
    await connection.close();
    log.info('workers stopped');
  }
}

async function runOne(worker: Worker, all: Worker[]): Promise<void> {
  try {
    await worker.run();
  } finally {
    // One that fails ends the process, but only after the others' steps.
    for (const other of all) if (other.getState() === 'RUNNING') other.shutdown();
  }
}
