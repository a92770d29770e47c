import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from './accounts.ts';
import { acceptedStep, isSecret, tidySecret } from './authenticator.ts';
import { html } from './html.ts';
import { csrfField, field, type FieldErrors, type FormValue, sendPage, type Site } from './pages.ts';

export function securityRoutes(app: FastifyInstance, site: Site): void {
  const sendSecurity = (
    request: FastifyRequest,
    reply: FastifyReply,
    account: Account,
    errors: FieldErrors = {},
    secret = '',
  ) =>
    sendPage(site, request, reply, {
      title: 'Security',
      status: Object.keys(errors).length > 0 ? 422 : 200,
      main: html`<h1>Two-step sign-in</h1>
${
  site.accounts.authenticator(account.username)
    ? html`<p class="notice" role="status">Two-step sign-in is on.</p>`
    : html`<p>Give us the secret that your authenticator uses, and a code that it shows.</p>`
}
<form method="post" action="/settings/security" novalidate>${csrfField(site, request)}
${field({ label: 'Authenticator secret', name: 'secret', value: secret, hint: 'Base32, at least 16 characters.', autocomplete: 'off' }, errors)}
${field({ label: 'Authentication code', name: 'code', autocomplete: 'one-time-code' }, errors)}
<button>Turn on</button></form>`,
    });

  app.get('/settings/security', (request, reply) => {
    const account = site.visits.account(request);
    return account ? sendSecurity(request, reply, account) : reply.redirect('/signin', 303);
  });

  app.post('/settings/security', (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    const body = (request.body ?? {}) as { secret?: FormValue; code?: FormValue };
    const secret = tidySecret(String(body.secret ?? ''));
    if (!isSecret(secret))
      return sendSecurity(request, reply, account, { secret: ['This is no base32 secret.'] }, secret);
    const step = acceptedStep(secret, String(body.code ?? ''), undefined);
    if (step === undefined) return sendSecurity(request, reply, account, { code: ['This code is wrong.'] }, secret);
    site.accounts.setAuthenticator(account.username, secret);
    site.accounts.useStep(account.username, step);
    return sendSecurity(request, reply, account);
  });
}
