import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Account, Accounts } from './accounts.ts';
import type { Behaviour, Behaviours } from './behaviour.ts';
import type { Counts } from './counts.ts';
import { type Html, html } from './html.ts';
import type { Mailer } from './mail.ts';
import type { Visits } from './visits.ts';

interface Link {
  text: string;
  href: string;
}

/** What the routes of one site share. */
export interface Site<Wanted extends Behaviour = Behaviour> {
  domain: string;
  name: string;
  confirmation: 'link' | 'code' | 'none';
  url: string;
  uploadsDir: string;
  accounts: Accounts;
  behaviours: Behaviours<Wanted>;
  counts: Counts;
  visits: Visits;
  mailer: Mailer;
  /** Ends every wait when the site closes. */
  closing: AbortSignal;
  /** Where the header leads someone who is signed in. */
  nav(account: Account): Link[];
  /** Where someone goes whose account was just confirmed. */
  next: Link;
}

export function sendPage(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  page: { title: string; main: Html; status?: number; wide?: boolean },
): FastifyReply {
  const account = site.visits.account(request);
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · ${site.name}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><nav aria-label="Site">
<a class="brand" href="/">${site.name}</a>
${
  account
    ? html`${site.nav(account).map(({ text, href }) => html`<a href="${href}">${text}</a> `)}
<form method="post" action="/signout">${csrfField(site, request)}<button class="plain">Sign out</button></form>`
    : html`<a href="/signup">Sign up</a> <a href="/signin">Sign in</a>`
}
</nav></header>
<main${page.wide && html` class="wide"`}>
${page.main}
</main>
<footer>${site.domain} is a practice site.</footer>
</body>
</html>
`;
  return reply
    .code(page.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(document.text);
}

/** A page that says one thing. */
export function sendMessage(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  title: string,
  text: string,
): FastifyReply {
  return sendPage(site, request, reply, { title, status, main: html`<h1>${title}</h1><p>${text}</p>` });
}

export function sendForbidden(site: Site, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendMessage(
    site,
    request,
    reply,
    403,
    'Forbidden',
    'This form has expired. Go back, load the page again, and send it once more.',
  );
}

export function csrfField(site: Site, request: FastifyRequest): Html {
  return html`<input type="hidden" name="_csrf" value="${site.visits.csrfToken(request)}">`;
}

/** The messages of a form that was refused, by the name of the field that each belongs to. */
export type FieldErrors = Partial<Record<string, string[]>>;

interface Field {
  label: string;
  name: string;
  type?: 'text' | 'email' | 'password' | 'tel' | 'url' | 'file' | 'textarea' | 'checkbox' | 'select';
  value?: string | undefined;
  hint?: string;
  autocomplete?: string;
  accept?: string;
  readonly?: boolean;
  /** Of a select: what can be chosen. */
  options?: { value: string; text: string }[];
}

/** A labelled input, with its message beside it. */
export function field(input: Field, errors: FieldErrors): Html {
  const { name, type = 'text' } = input;
  const messages = errors[name] ?? [];
  const attributes = html`id="${name}" name="${name}"${messages.length > 0 && html` aria-invalid="true"`}${
    (messages.length > 0 || input.hint !== undefined) && html` aria-describedby="${name}-note"`
  }${input.autocomplete !== undefined && html` autocomplete="${input.autocomplete}"`}`;
  const note =
    messages.length > 0
      ? html`<p class="error" role="alert" id="${name}-note">${messages[0]}</p>`
      : input.hint !== undefined && html`<p class="hint" id="${name}-note">${input.hint}</p>`;
  if (type === 'checkbox') {
    return html`<div class="field"><label class="check"><input type="checkbox" ${attributes} value="yes"> ${input.label}</label>${note}</div>`;
  }
  const label = html`<label for="${name}">${input.label}</label>`;
  if (type === 'textarea') {
    return html`<div class="field">${label}<textarea ${attributes} rows="6">
${input.value}</textarea>${note}</div>`;
  }
  if (type === 'select') {
    const options = [{ value: '', text: 'Choose …' }, ...(input.options ?? [])];
    return html`<div class="field">${label}<select ${attributes}>
${options.map(({ value, text }) => html`<option value="${value}"${value === input.value && html` selected`}>${text}</option>\n`)}</select>${note}</div>`;
  }
  const value = type !== 'file' && html` value="${input.value}"`;
  const accept = input.accept !== undefined && html` accept="${input.accept}"`;
  return html`<div class="field">${label}<input type="${type}" ${attributes}${value}${accept}${input.readonly && html` readonly`}>${note}</div>`;
}

/** What a form's field holds; several values when the form names it several times. */
export type FormValue = string | string[];

/** Every name that the request is about: the visitor's, and those in the form and the path. */
function namesIn(site: Site, request: FastifyRequest): string[] {
  const visit = site.visits.of(request);
  const body = (request.body ?? {}) as Record<string, unknown>;
  const { name } = request.params as { name?: string };
  const given = [
    site.visits.account(request)?.username,
    visit.signUp?.username,
    visit.signUp?.email,
    visit.confirming,
    visit.signingIn?.username,
    body.email,
    body.username,
    body.login,
    name,
  ].flatMap((value) => (typeof value === 'string' ? [value.trim().toLowerCase()] : []));
  const accounts = given.flatMap((value) => site.accounts.byName(value) ?? site.accounts.byEmail(value) ?? []);
  return [...new Set([...given, ...accounts.flatMap((account) => [account.username, account.email])])];
}

export function behaviourTowards<Wanted extends Behaviour>(site: Site<Wanted>, request: FastifyRequest): Wanted {
  return site.behaviours.towards(namesIn(site, request));
}
