import path from 'node:path';
import pino from 'pino';
import { EnvironmentError, readEnvironment } from '../config/environment.ts';
import { loadKeyRing } from '../config/key-ring.ts';
import { loadRunEnvironment } from '../config/run-environment.ts';
import { FolderInUseError } from './database/folder-lock.ts';
import { migrate } from './database/migrate.ts';
import { openDatabase } from './database/open.ts';
import { buildApp } from './http/app.ts';

/** Longest time that open requests get to end after a stop was asked for. */
const drainMs = 10_000;

try {
  await run();
} catch (error) {
  const known = error instanceof EnvironmentError || error instanceof FolderInUseError;
  console.error(known ? error.message : error);
  process.exit(1);
}

async function run(): Promise<void> {
  loadRunEnvironment();
  const environment = readEnvironment(
    'DATA_DIR',
    'LOG_LEVEL',
    'HOST',
    'PORT',
    'DATABASE_URL',
    'ASSIGN_API_KEY',
    'ASSIGN_ADMIN_KEY',
    'MINIAPP_TOKEN_SECRET',
    'PODCAST_MAIN_DOMAINS',
    'RETRY_DELAY',
    'REGISTER_WAIT',
    'RATE_LIMIT',
  );
  const keys = loadKeyRing();
  const logger = pino({ level: environment.LOG_LEVEL });
  const db = await openDatabase({
    url: environment.DATABASE_URL,
    folder: path.join(environment.DATA_DIR, 'manager'),
    logger,
  });
  await migrate(db);
  const app = await buildApp({
    db,
    keys,
    logger,
    apiKey: environment.ASSIGN_API_KEY,
    adminKey: environment.ASSIGN_ADMIN_KEY,
    miniAppSecret: environment.MINIAPP_TOKEN_SECRET,
    mainDomains: environment.PODCAST_MAIN_DOMAINS,
    retryDelay: environment.RETRY_DELAY,
    registerWait: environment.REGISTER_WAIT,
    rateLimit: environment.RATE_LIMIT,
  });
  const url = await app.listen({ host: environment.HOST, port: environment.PORT });
  logger.info({ url }, 'manager ready');

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'manager stops');
    setTimeout(() => process.exit(1), drainMs).unref();
    await app.close();
    await db.destroy();
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}
