import type { FastifyBaseLogger } from 'fastify';
import type { KeyRing } from '../config/key-ring.ts';
import type { Database } from './database/tables.ts';

/** What every part of the manager works with. */
export interface ManagerContext {
  db: Database;
  keys: KeyRing;
  log: FastifyBaseLogger;
  /** Domains whose podcast feed the other sites import, in lower case. */
  mainDomains: string[];
  /** Milliseconds before the first retry; doubled with each further one. */
  retryDelay: number;
  /** Milliseconds after which an entity request's registered tasks wait for the others no longer. */
  registerWait: number;
}
