import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from './html.ts';
import { csrfField, field, type FormValue, sendMessage, sendPage, type Site } from './pages.ts';

/** A code alone is too short to be found by: it counts together with its account's name. */
export const codeToken = (username: string, code: string): string => `${username} ${code}`;

function sendCodePage(site: Site, request: FastifyRequest, reply: FastifyReply, error?: string): FastifyReply {
  return sendPage(site, request, reply, {
    title: 'Confirm your account',
    status: error === undefined ? 200 : 422,
    main: html`<h1>Check your mail</h1><p>We have sent you a code. Enter it to confirm your account.</p>
<form method="post" action="/confirm" novalidate>${csrfField(site, request)}
${field({ label: 'Six-digit code', name: 'code', autocomplete: 'one-time-code' }, { code: error === undefined ? [] : [error] })}
<button>Confirm</button></form>`,
  });
}

/** Confirms the account that the token belongs to and signs it in; a token works once. */
function confirmBy(site: Site, request: FastifyRequest, reply: FastifyReply, token: string): FastifyReply | undefined {
  const account = site.accounts.byProof(token);
  if (!account) return undefined;
  site.accounts.confirm(account.username);
  site.visits.signIn(request, reply, account.username);
  return sendPage(site, request, reply, {
    title: 'Welcome',
    main: html`<h1>Welcome, ${account.profile.firstName}</h1>
<p class="notice" role="status">Your account is confirmed.</p>
<p>Signed in as ${account.username}. <a href="${site.next.href}">${site.next.text}</a></p>`,
  });
}

export function confirmRoutes(app: FastifyInstance, site: Site): void {
  app.get('/signup/done', (request, reply) => {
    const { confirming } = site.visits.of(request);
    const email = confirming === undefined ? undefined : site.accounts.byName(confirming)?.email;
    return sendPage(site, request, reply, {
      title: 'Check your mail',
      main: html`<h1>Check your mail</h1>
<p>We have sent a link${email !== undefined && html` to <b>${email}</b>`}. Open it to confirm your account.</p>`,
    });
  });

  app.get<{ Querystring: { token?: FormValue } }>('/confirm', (request, reply) => {
    const { token } = request.query;
    if (token === undefined) {
      return site.visits.of(request).confirming === undefined
        ? reply.redirect('/signin', 303)
        : sendCodePage(site, request, reply);
    }
    return (
      (site.confirmation === 'link' && confirmBy(site, request, reply, String(token))) ||
      sendMessage(site, request, reply, 410, 'This link is no longer valid', 'It was used before, or never given out.')
    );
  });

  app.post('/confirm', (request, reply) => {
    const { confirming } = site.visits.of(request);
    if (confirming === undefined) return reply.redirect('/signin', 303);
    const { code } = (request.body ?? {}) as { code?: unknown };
    return (
      confirmBy(site, request, reply, codeToken(confirming, String(code).trim())) ??
      sendCodePage(site, request, reply, 'This code is wrong.')
    );
  });
}
