import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { openAccounts } from './accounts.ts';
import { type Behaviour, makeBehaviours } from './behaviour.ts';
import { confirmRoutes } from './confirm.ts';
import { controlRoutes, totpBody } from './control.ts';
import { makeCounts } from './counts.ts';
import { humanCheckRoutes } from './human-check.ts';
import { makeMailer } from './mail.ts';
import { behaviourTowards, sendForbidden, sendMessage, type Site } from './pages.ts';
import { securityRoutes } from './security.ts';
import { signInRoutes } from './signin.ts';
import { signUpRoutes } from './signup.ts';
import { style } from './style.ts';
import { mediaRoutes } from './uploads.ts';
import { makeVisits } from './visits.ts';

/** The options that every kind of site has; each adds its `behaviour`. */
export const siteOptions = z.strictObject({
  domain: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be a domain in lower case'),
  /** Shown on the pages and in the mails; default the domain. */
  name: z.string().min(1).optional(),
  /** 0 takes a free port. */
  port: z.int().min(0).max(65535).default(0),
  host: z.literal('127.0.0.1').default('127.0.0.1'),
  /** Where browsers find it, when that isn't where it listens: it is behind a proxy. */
  publicUrl: z.url({ protocol: /^http$/ }).optional(),
  /** The site keeps what it has in a folder of its domain's name in here. */
  dataDir: z.string().min(1),
  smtp: z.strictObject({ host: z.string().min(1), port: z.int() }),
  /** How a new account is confirmed. */
  confirmation: z.enum(['link', 'code', 'none']),
  /** Opens the control API; random when absent. */
  controlToken: z.string().min(1).optional(),
});

/** What one kind of site has besides accounts. */
export interface SiteKind<Wanted extends Behaviour, State> extends Pick<Site, 'nav' | 'next'> {
  behaviour: z.ZodType<Wanted>;
  /** The one form whose body, and so whose CSRF token, its route reads by itself; and the bytes of its largest file. */
  upload?: { route: string; largest: number };
  routes(app: FastifyInstance, site: Site<Wanted>): void;
  readState(site: Site<Wanted>): State;
}

export interface RunningSite<Wanted extends Behaviour, State> {
  domain: string;
  url: string;
  controlToken: string;
  state(): State;
  /** Replaces the behaviour of the site, or towards one account (user name or e-mail), existing or not. @throws ZodError */
  setBehaviour(behaviour: Wanted, account?: string): void;
  /** The account of this name, existing or future, is asked for this base32 secret's codes. @throws ZodError */
  setTotp(username: string, secret: string): void;
  close(): Promise<void>;
}

/** The pages that people see, as opposed to the control API and the stylesheet: they alone misbehave when told to. */
async function pages<Wanted extends Behaviour>(
  app: FastifyInstance,
  site: Site<Wanted>,
  kind: SiteKind<Wanted, unknown>,
): Promise<void> {
  const { upload } = kind;
  await app.register(formbody);
  if (upload)
    await app.register(multipart, {
      throwFileSizeLimit: false,
      limits: { fileSize: upload.largest + 1, files: 2, fields: 20 },
    });

  app.addHook('onRequest', async (request, reply) => {
    site.visits.begin(request, reply);
    reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'",
      'x-content-type-options': 'nosniff',
    });
  });
  app.addHook('preHandler', async (request, reply) => {
    const { slow, down, tooMany } = behaviourTowards(site, request);
    if (slow) await delay(slow, undefined, { signal: site.closing });
    const refusal = down || tooMany;
    if (refusal) {
      if (typeof refusal === 'object' && refusal.retryAfter !== undefined)
        reply.header('retry-after', refusal.retryAfter);
      return down
        ? sendMessage(site, request, reply, 503, 'We are down for maintenance', 'Please come back later.')
        : sendMessage(site, request, reply, 429, 'Too many requests', 'Please slow down.');
    }
    if (request.method !== 'POST' || (upload && request.routeOptions.url === upload.route)) return;
    const token = (request.body as { _csrf?: unknown } | undefined)?._csrf;
    if (!site.visits.isCsrfToken(request, token)) return sendForbidden(site, request, reply);
  });

  app.setNotFoundHandler((request, reply) =>
    sendMessage(site, request, reply, 404, 'Not found', 'There is no such page.'),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500 && !site.closing.aborted) console.error(`${site.domain}: ${error.stack}`);
    return sendMessage(site, request, reply, status, 'Something went wrong', 'Please try again later.');
  });

  signUpRoutes(app, site);
  confirmRoutes(app, site);
  signInRoutes(app, site);
  securityRoutes(app, site);
  humanCheckRoutes(app, site);
  mediaRoutes(app, site);
  kind.routes(app, site);
}

/** Starts a practice site of some kind on loopback. @throws ZodError for a wrong behaviour, Error when the port is taken */
export async function startSite<Wanted extends Behaviour, State>(
  options: z.output<typeof siteOptions> & { behaviour?: Wanted | undefined },
  kind: SiteKind<Wanted, State>,
): Promise<RunningSite<Wanted, State>> {
  const {
    domain,
    name = domain,
    port,
    host,
    smtp,
    confirmation,
    controlToken = randomBytes(24).toString('base64url'),
  } = options;
  const dataDir = path.join(options.dataDir, domain);
  const accounts = openAccounts(dataDir);
  const closing = new AbortController();
  const site: Site<Wanted> = {
    domain,
    name,
    confirmation,
    url: '',
    uploadsDir: path.join(dataDir, 'uploads'),
    accounts,
    behaviours: makeBehaviours(options.behaviour ?? kind.behaviour.parse({})),
    counts: makeCounts(),
    visits: makeVisits(domain, accounts),
    mailer: makeMailer({ domain, name }, smtp),
    closing: closing.signal,
    nav: kind.nav,
    next: kind.next,
  };

  // Confirmation links work once: a HEAD of one must not use it up. Requests that hang on purpose must not hold up the end.
  const app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  await app.register(cookie);
  app.get('/style.css', (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=3600').send(style),
  );
  await app.register(async (control) => controlRoutes(control, site, controlToken, kind), { prefix: '/_practice' });
  await app.register(async (scope) => pages(scope, site, kind));
  try {
    const listening = await app.listen({ port, host });
    site.url = options.publicUrl ?? listening;
  } catch (error) {
    accounts.close();
    throw error;
  }

  return {
    domain,
    url: site.url,
    controlToken,
    state: () => kind.readState(site),
    setBehaviour: (wanted, account) => site.behaviours.set(kind.behaviour.parse(wanted), account),
    setTotp(username, secret) {
      const parsed = totpBody.parse({ username, secret });
      accounts.setAuthenticator(parsed.username, parsed.secret);
    },
    async close() {
      closing.abort();
      await app.close();
      accounts.close();
    },
  };
}
