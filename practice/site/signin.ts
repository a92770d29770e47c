import { randomInt } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hashToken } from './accounts.ts';
import { acceptedStep } from './authenticator.ts';
import { type Html, html } from './html.ts';
import { needsHumanCheck, sendHumanCheck } from './human-check.ts';
import { behaviourTowards, csrfField, field, type FormValue, sendPage, type Site } from './pages.ts';
import { isPassword } from './passwords.ts';

function sendSignIn(site: Site, request: FastifyRequest, reply: FastifyReply, login = '', notice?: Html): FastifyReply {
  return sendPage(site, request, reply, {
    title: 'Sign in',
    status: notice === undefined ? 200 : 422,
    main: html`<h1>Sign in</h1>
${notice !== undefined && html`<p class="notice" role="alert">${notice}</p>`}
<form method="post" action="/signin" novalidate>${csrfField(site, request)}
${field({ label: 'Email or username', name: 'login', value: login, autocomplete: 'username' }, {})}
${field({ label: 'Password', name: 'password', type: 'password', autocomplete: 'current-password' }, {})}
<button>Sign in</button></form>
<p class="hint">New here? <a href="/signup">Sign up</a></p>`,
  });
}

function sendCodePage(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  label: string,
  why: string,
  error?: string,
): FastifyReply {
  return sendPage(site, request, reply, {
    title: 'One more step',
    status: error === undefined ? 200 : 422,
    main: html`<h1>One more step</h1><p>${why}</p>
<form method="post" novalidate>${csrfField(site, request)}
${field({ label, name: 'code', autocomplete: 'one-time-code' }, { code: error === undefined ? [] : [error] })}
<button>Verify</button></form>`,
  });
}

export function signInRoutes(app: FastifyInstance, site: Site): void {
  function finish(request: FastifyRequest, reply: FastifyReply, username: string): FastifyReply {
    site.visits.signIn(request, reply, username);
    site.counts.signIns += 1;
    return reply.redirect('/', 303);
  }

  app.get('/signin', (request, reply) => sendSignIn(site, request, reply));

  app.post('/signin', async (request, reply) => {
    const body = (request.body ?? {}) as { login?: FormValue; password?: FormValue };
    const login = String(body.login ?? '')
      .trim()
      .toLowerCase();
    if (needsHumanCheck(site, request, 'signin')) return sendHumanCheck(site, request, reply, '/signin');
    const account = site.accounts.byName(login) ?? site.accounts.byEmail(login);
    if (!account || !(await isPassword(String(body.password ?? ''), account.passwordHash))) {
      return sendSignIn(site, request, reply, login, html`Wrong email, username or password.`);
    }
    const visit = site.visits.of(request);
    if (account.proofHash !== undefined) {
      visit.confirming = account.username;
      return sendSignIn(
        site,
        request,
        reply,
        login,
        html`Please confirm your email first.${site.confirmation === 'code' && html` <a href="/confirm">Enter the code</a>`}`,
      );
    }
    if (site.accounts.authenticator(account.username)) {
      visit.signingIn = { username: account.username };
      return reply.redirect('/signin/code', 303);
    }
    if (behaviourTowards(site, request).emailCodeAtSignIn) {
      const code = String(randomInt(1_000_000)).padStart(6, '0');
      visit.signingIn = { username: account.username, codeHash: hashToken(code) };
      await site.mailer.sendCode(account.email, account.profile.firstName, code);
      return reply.redirect('/signin/email-code', 303);
    }
    return finish(request, reply, account.username);
  });

  const askAuthenticator = (request: FastifyRequest, reply: FastifyReply, error?: string) =>
    sendCodePage(site, request, reply, 'Authentication code', 'Enter the code that your authenticator shows.', error);
  app.get('/signin/code', (request, reply) =>
    site.visits.of(request).signingIn ? askAuthenticator(request, reply) : reply.redirect('/signin', 303),
  );
  app.post('/signin/code', (request, reply) => {
    const { signingIn } = site.visits.of(request);
    const authenticator = signingIn && site.accounts.authenticator(signingIn.username);
    if (!authenticator) return reply.redirect('/signin', 303);
    const { code } = (request.body ?? {}) as { code?: unknown };
    const step = acceptedStep(authenticator.secret, String(code), authenticator.lastStep);
    if (step === undefined) return askAuthenticator(request, reply, 'This code is wrong or was used before.');
    site.accounts.useStep(signingIn.username, step);
    return finish(request, reply, signingIn.username);
  });

  const askMailedCode = (request: FastifyRequest, reply: FastifyReply, error?: string) =>
    sendCodePage(site, request, reply, 'Six-digit code', 'We have mailed you a code.', error);
  app.get('/signin/email-code', (request, reply) =>
    site.visits.of(request).signingIn?.codeHash === undefined
      ? reply.redirect('/signin', 303)
      : askMailedCode(request, reply),
  );
  app.post('/signin/email-code', (request, reply) => {
    const { signingIn } = site.visits.of(request);
    if (signingIn?.codeHash === undefined) return reply.redirect('/signin', 303);
    const { code } = (request.body ?? {}) as { code?: unknown };
    if (hashToken(String(code).trim()) !== signingIn.codeHash)
      return askMailedCode(request, reply, 'This code is wrong.');
    return finish(request, reply, signingIn.username);
  });

  app.post('/signout', (request, reply) => {
    site.visits.signOut(request, reply);
    return reply.redirect('/', 303);
  });
}
