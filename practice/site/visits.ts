import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Account, Accounts } from './accounts.ts';

/** One browser's visit: what it has begun but not finished. Lost at a restart, unlike who is signed in. */
export interface Visit {
  id: string;
  /** Page 1 of the sign-up. */
  signUp?: { email: string; username: string; passwordHash: string };
  /** The account that waits for its mail to be answered. */
  confirming?: string;
  /** The password was right; `codeHash` is the mailed code's, when one was mailed. */
  signingIn?: { username: string; codeHash?: string };
  /** Passed the human check. */
  human?: boolean;
}

export interface Visits {
  /** Finds the request's visit by its cookie, or begins one. */
  begin(request: FastifyRequest, reply: FastifyReply): void;
  of(request: FastifyRequest): Visit;
  account(request: FastifyRequest): Account | undefined;
  /** Gives the browser a new session, so that a cookie from before the sign-in is worth nothing after it. */
  signIn(request: FastifyRequest, reply: FastifyReply, username: string): void;
  signOut(request: FastifyRequest, reply: FastifyReply): void;
  csrfToken(request: FastifyRequest): string;
  isCsrfToken(request: FastifyRequest, token: unknown): boolean;
}

const mostVisits = 10_000;

export function makeVisits(domain: string, accounts: Accounts): Visits {
  // Cookies know no ports, and all practice sites share one address: each needs a cookie of its own.
  const cookie = `${domain.replace(/[^a-z0-9]/g, '_')}_session`;
  const known = new Map<string, Visit>();
  const byRequest = new WeakMap<FastifyRequest, Visit>();

  function remember(visit: Visit): Visit {
    known.delete(visit.id);
    known.set(visit.id, visit);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size > mostVisits) known.delete(oldest);
    return visit;
  }
  function renew(request: FastifyRequest, reply: FastifyReply): Visit {
    const visit = remember({ id: randomBytes(32).toString('base64url') });
    byRequest.set(request, visit);
    reply.setCookie(cookie, visit.id, { httpOnly: true, sameSite: 'lax', path: '/', maxAge: 30 * 24 * 3600 });
    return visit;
  }
  function end(visit: Visit): void {
    known.delete(visit.id);
    accounts.signOut(visit.id);
  }
  const of = (request: FastifyRequest) => {
    const visit = byRequest.get(request);
    if (!visit) throw new Error('the visit has not begun');
    return visit;
  };
  const csrfToken = (request: FastifyRequest) =>
    createHash('sha256')
      .update(`csrf ${of(request).id}`)
      .digest('base64url');

  return {
    of,
    csrfToken,
    begin(request, reply) {
      const id = request.cookies[cookie];
      if (id === undefined || !/^[\w-]{43}$/.test(id)) renew(request, reply);
      else byRequest.set(request, remember(known.get(id) ?? { id }));
    },
    account: (request) => accounts.signedIn(of(request).id),
    signIn(request, reply, username) {
      end(of(request));
      accounts.signIn(renew(request, reply).id, username);
    },
    signOut(request, reply) {
      end(of(request));
      renew(request, reply);
    },
    isCsrfToken(request, token) {
      const wanted = Buffer.from(csrfToken(request));
      const given = Buffer.from(typeof token === 'string' ? token : '');
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}
