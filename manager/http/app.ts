import type { FastifyBaseLogger } from 'fastify';
import Fastify, { LogController } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import pino from 'pino';
import type { KeyRing } from '../../config/key-ring.ts';
import { type Flow, flowNames } from '../../contracts/flows.ts';
import type { ManagerContext } from '../context.ts';
import type { Database } from '../database/tables.ts';
import { startRetryManager } from '../domain/retry/retry-manager.ts';
import type { ApiKeys } from './plugins/auth.ts';
import { makeCallCounter, requireKey } from './plugins/auth.ts';
import { sendError, setErrorForm } from './plugins/errors.ts';
import { readJsonBodies } from './plugins/json-body.ts';
import { describeApi } from './plugins/openapi.ts';
import { requireSeller } from './plugins/token-seller.ts';
import { addAdminRoutes } from './routes/admin.ts';
import { refuseImpossibleIds } from './routes/answers.ts';
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
  mainDomains?: string[];
  /** Milliseconds. */
  retryDelay?: number;
  /** Milliseconds. */
  registerWait?: number;
  rateLimit?: number | 'off';
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
  setErrorForm(app);
  readJsonBodies(app);
  app.addHook('onResponse', async (request, reply) => {
    request.log.debug(
      { method: request.method, url: request.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });
  await describeApi(app);
  const countCall = await makeCallCounter(app, options.rateLimit ?? 'off');

  const context: ManagerContext = {
    db: options.db,
    keys: options.keys,
    log,
    mainDomains: (options.mainDomains ?? ['creators.spotify.com', 'anchor.fm']).map((domain) => domain.toLowerCase()),
    retryDelay: options.retryDelay ?? 60_000,
    registerWait: options.registerWait ?? 7 * 86_400_000,
  };
  addHealthRoutes(app, context);
  await app.register(async (scope) => {
    requireKey(scope, options, countCall, 'worker');
    scope.addHook('preValidation', refuseImpossibleIds);
    const typed = scope.withTypeProvider<ZodTypeProvider>();
    for (const flow of flowNames) addFlowRoutes[flow](typed, context);
  });
  await app.register(async (scope) => {
    requireKey(scope, options, countCall, 'admin');
    scope.addHook('preValidation', refuseImpossibleIds);
    addAdminRoutes(scope.withTypeProvider<ZodTypeProvider>(), context);
  });
  await app.register(async (scope) => addPages(scope.withTypeProvider<ZodTypeProvider>(), context, options, countCall));
  await app.register(async (scope) => {
    const secret = new TextEncoder().encode(options.miniAppSecret);
    requireSeller(scope, secret, countCall);
    addMiniAppRoutes(scope.withTypeProvider<ZodTypeProvider>(), context, secret);
  });

  let stopRetries: (() => Promise<void>) | undefined;
  app.addHook('onReady', async () => {
    stopRetries = startRetryManager(context);
  });
  app.addHook('onClose', async () => stopRetries?.());
  await app.ready();
  return app;
}
