import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import sanitizeHtml from 'sanitize-html';
import type { Account } from '../site/accounts.ts';
import { Html, html } from '../site/html.ts';
import { csrfField, field, sendMessage, sendPage, type Site } from '../site/pages.ts';
import type { Imports } from './imports.ts';

export function sendAddForm(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  shown: { feed?: string; error?: string; pending?: string | undefined } = {},
): FastifyReply {
  const { feed = '', error, pending } = shown;
  return sendPage(site, request, reply, {
    title: 'Add your podcast',
    status: error === undefined ? 200 : 422,
    main: html`<h1>Add your podcast</h1>
<form method="post" action="/add" novalidate>${csrfField(site, request)}
${field({ label: 'RSS feed URL', name: 'feed', type: 'url', value: feed, hint: 'Your host shows it.' }, { feed: error === undefined ? [] : [error] })}
<button>Import</button></form>
${pending !== undefined && html`<p class="hint">${pending} waits for its owner. <a href="/add/verify">Enter the code</a></p>`}`,
  });
}

export function sendCodeForm(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: { title: string; ownerEmail: string },
  error?: string,
): FastifyReply {
  return sendPage(site, request, reply, {
    title: 'Show that it is yours',
    status: error === undefined ? 200 : 422,
    main: html`<h1>Show that it is yours</h1>
<p>We have mailed a code to ${pending.ownerEmail}, the owner's address in the feed of <b>${pending.title}</b>.</p>
<form method="post" action="/add/verify" novalidate>${csrfField(site, request)}
${field({ label: "Code from the owner's email", name: 'code', autocomplete: 'one-time-code' }, { code: error === undefined ? [] : [error] })}
<button>Verify</button></form>`,
  });
}

export function sendMyPodcasts(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  imports: Imports,
  account: Account,
  notice?: string,
): FastifyReply {
  const podcasts = imports.of(account.username);
  return sendPage(site, request, reply, {
    title: 'My podcasts',
    main: html`<h1>My podcasts</h1>
${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
${podcasts.map(
  ({
    slug,
    title,
    cover,
    feed,
  }) => html`<article class="listing" aria-label="${title}"><img class="art" src="/media/${cover}" alt="Cover of ${title}">
<div><p><a href="/podcasts/${slug}"><b>${title}</b></a></p><p class="hint">Imported from ${feed}</p></div></article>
`,
)}
${podcasts.length === 0 && html`<p>You have added none yet.</p><p><a class="button" href="/add">Import a feed</a></p>`}`,
  });
}

/** The pages that only show something. */
export function showingRoutes(app: FastifyInstance, site: Site, imports: Imports): void {
  app.get('/', (request, reply) => {
    const account = site.visits.account(request);
    return sendPage(site, request, reply, {
      title: 'Home',
      main: account
        ? html`<h1>Hello, ${account.profile.firstName}</h1>
<p>Signed in as ${account.username}</p>
<p><a class="button" href="/add">Import a feed</a></p>`
        : html`<h1>Welcome to ${site.name}</h1>
<p>Where listeners find your podcast.</p>
<p><a class="button" href="/signup">Create an account</a> &nbsp; <a href="/signin">I have one already</a></p>`,
    });
  });

  app.get('/podcasts', (request, reply) => {
    const account = site.visits.account(request);
    return account ? sendMyPodcasts(site, request, reply, imports, account) : reply.redirect('/signin', 303);
  });

  app.get<{ Params: { slug: string } }>('/podcasts/:slug', (request, reply) => {
    const podcast = imports.bySlug(request.params.slug);
    if (!podcast) return sendMessage(site, request, reply, 404, 'Nothing here', 'There is no podcast of that name.');
    const { title, author, cover, feed } = podcast;
    const description = sanitizeHtml(podcast.description, {
      allowedTags: ['p', 'br', 'b', 'i', 'em', 'strong', 'a', 'ul', 'ol', 'li'],
      allowedAttributes: { a: ['href'] },
      allowedSchemes: ['http', 'https'],
    });
    return sendPage(site, request, reply, {
      title,
      main: html`<h1>${title}</h1>
<img class="art" src="/media/${cover}" alt="Cover of ${title}">
${author !== '' && html`<p class="facts">${author}</p>`}
<section aria-label="Description" style="white-space:pre-line">${new Html(description)}</section>
<p class="hint">Imported from <a href="${feed}">${feed}</a></p>`,
    });
  });
}
