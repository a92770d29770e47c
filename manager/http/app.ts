import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import pino from 'pino';
import type { KeyRing } from '../../config/key-ring.ts';
import { type Flow, flowNames } from '../../contracts/flows.ts';
import type { ManagerContext } from '../context.ts';
import type { Database } from '../database/tables.ts';
import { answerLog } from './plugins/answer-log.ts';
import { type ApiKeys, requireKey } from './plugins/api-keys.ts';
import { callLimit } from './plugins/call-limit.ts';
import { errorAnswers, sendError } from './plugins/errors.ts';
import { jsonBodies } from './plugins/json-body.ts';
import { openApi } from './plugins/openapi.ts';
import { possibleIds } from './plugins/possible-ids.ts';
import { retries } from './plugins/retries.ts';
import { requireSeller } from './plugins/token-seller.ts';
import { addAdminRoutes } from './routes/admin.ts';
import { addEntityRoutes } from './routes/entity.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addMiniAppRoutes } from './routes/mini-app.ts';
import { addPages } from './routes/pages.ts';
import { addPodcastRoutes } from './routes/podcast.ts';
import { addSocialRoutes } from './routes/social.ts';
import type { TypedApp } from './routes/types.ts';

const addFlowRoutes: Record<Flow, (app: TypedApp, context: ManagerContext) => void> = {
  social: addSocialRoutes,
  entity: addEntityRoutes,
  podcast: addPodcastRoutes,
};

export interface AppOptions extends ApiKeys {
  /** Migrated already. */
  db: Database;
  keys: KeyRing;
  miniAppSecret: string;
  mainDomains: string[];
  /** Milliseconds. */
  retryDelay: number;
  /** Milliseconds. */
  registerWait: number;
  /** Calls a minute and key. */
  rateLimit: number | 'off';
  logger?: FastifyBaseLogger;
}

/** The manager over an open database: its API and, until it is closed, its retry manager. It neither listens nor closes the database. */
export async function buildApp(options: AppOptions) {
  const log: FastifyBaseLogger = options.logger ?? pino({ level: 'silent' });
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 1000 },
    frameworkErrors: (error, request, reply) => sendError(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const context: ManagerContext = {
    db: options.db,
    keys: options.keys,
    log,
    mainDomains: options.mainDomains.map((domain) => domain.toLowerCase()),
    retryDelay: options.retryDelay,
    registerWait: options.registerWait,
  };

  await app.register(errorAnswers);
  await app.register(jsonBodies);
  await app.register(answerLog);
  await app.register(openApi);
  await app.register(callLimit, { perMinute: options.rateLimit });

  addHealthRoutes(app, context);
  await app.register(async (scope) => {
    await scope.register(requireKey, { keys: options, needed: 'worker' });
    await scope.register(possibleIds);
    for (const flow of flowNames) addFlowRoutes[flow](scope, context);
  });
  await app.register(async (scope) => {
    await scope.register(requireKey, { keys: options, needed: 'admin' });
    await scope.register(possibleIds);
    addAdminRoutes(scope, context);
  });
  await app.register(async (scope) => {
    const secret = new TextEncoder().encode(options.miniAppSecret);
    await scope.register(requireSeller, { secret });
    addMiniAppRoutes(scope, context, secret);
  });
  await app.register(async (scope) => addPages(scope, context, options));

  await app.register(retries, { context });
  await app.ready();
  return app;
}
