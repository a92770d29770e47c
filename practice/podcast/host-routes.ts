import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { html } from '../site/html.ts';
import { field, type FieldErrors, sendForbidden, sendMessage, sendPage, type Site } from '../site/pages.ts';
import { mediaUrl } from '../site/state.ts';
import { readUpload, removePicture, storePicture } from '../site/uploads.ts';
import type { HostBehaviour } from './behaviour.ts';
import { coverArtProblem } from './cover-art.ts';
import { sendShowForm, showForm } from './show-form.ts';
import type { Show, Shows } from './shows.ts';
import { makeSilence } from './silence.ts';
import { writeFeed } from './write-feed.ts';

/** What has happened to a host's shows since it was started. */
export interface HostCounts {
  showsMade: number;
  /** GETs of a feed. */
  feedsFetched: number;
}

/** The form that carries the cover art. */
export const uploadRoute = '/show/new';

const episodeSeconds = 10;
const episode = makeSilence(episodeSeconds);

export function feedUrl(site: Site, show: Show): string {
  return `${site.url}/feeds/${show.slug}.xml`;
}

export function hostRoutes(app: FastifyInstance, site: Site<HostBehaviour>, shows: Shows, counts: HostCounts): void {
  app.get('/', (request, reply) => {
    const account = site.visits.account(request);
    return sendPage(site, request, reply, {
      title: 'Home',
      main: account
        ? html`<h1>Hello, ${account.profile.firstName}</h1>
<p>Signed in as ${account.username}</p>
<p>${
            shows.of(account.username)
              ? html`<a class="button" href="/dashboard">See your show</a>`
              : html`<a class="button" href="/show/new">Create a show</a>`
          }</p>`
        : html`<h1>Welcome to ${site.name}</h1>
<p>A home for your podcast, with a feed for every directory.</p>
<p><a class="button" href="/signup">Create an account</a> &nbsp; <a href="/signin">I have one already</a></p>`,
    });
  });

  app.get('/dashboard', (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    const show = shows.of(account.username);
    return sendPage(site, request, reply, {
      title: 'Dashboard',
      main: show
        ? html`<h1>${show.title}</h1>
<img class="art" src="/media/${show.cover}" alt="Cover of ${show.title}">
${field({ label: 'RSS feed', name: 'feed', value: feedUrl(site, show), readonly: true, hint: 'Give this address to directories.' }, {})}
<p><a href="/shows/${show.slug}">Public page</a></p>`
        : html`<h1>Dashboard</h1><p>You have no show yet.</p>
<p><a class="button" href="/show/new">Create a show</a></p>`,
    });
  });

  app.get(uploadRoute, (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    if (shows.of(account.username)) return reply.redirect('/dashboard', 303);
    return sendShowForm(site, request, reply, { owner_email: account.email });
  });

  app.post(uploadRoute, async (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    if (!request.isMultipart())
      return sendMessage(
        site,
        request,
        reply,
        415,
        'Something went wrong',
        'This form must be sent as multipart/form-data.',
      );
    const { fields, files } = await readUpload(request, ['cover']);
    if (!site.visits.isCsrfToken(request, fields._csrf)) return sendForbidden(site, request, reply);
    if (shows.of(account.username)) return reply.redirect('/dashboard', 303);

    const parsed = showForm.safeParse(fields);
    const errors: FieldErrors = parsed.success ? {} : z.flattenError(parsed.error).fieldErrors;
    const coverProblem = files.cover ? await coverArtProblem(files.cover) : 'there is no picture.';
    if (coverProblem !== undefined) errors.cover = [`Cover art refused: ${coverProblem}`];
    if (!parsed.success || !files.cover || coverProblem !== undefined)
      return sendShowForm(site, request, reply, fields, errors);

    const { owner_email: ownerEmail, ...rest } = parsed.data;
    const cover = await storePicture(site.uploadsDir, files.cover);
    if (shows.of(account.username)) await removePicture(site.uploadsDir, cover);
    else {
      shows.add({ username: account.username, ...rest, ownerEmail, cover, createdAt: Date.now() });
      counts.showsMade += 1;
    }
    return reply.redirect('/dashboard', 303);
  });

  app.get<{ Params: { slug: string } }>('/shows/:slug', (request, reply) => {
    const show = shows.bySlug(request.params.slug);
    if (!show) return sendMessage(site, request, reply, 404, 'Nothing here', 'There is no show of that name.');
    return sendPage(site, request, reply, {
      title: show.title,
      main: html`<h1>${show.title}</h1>
<img class="art" src="/media/${show.cover}" alt="Cover of ${show.title}">
<p class="facts">${show.category} · <a href="${feedUrl(site, show)}">RSS</a></p>
<p style="white-space:pre-line">${show.description}</p>
<h2>Welcome to ${show.title}</h2><audio controls preload="none" src="/audio/welcome.mp3"></audio>`,
    });
  });

  app.get<{ Params: { slug: string } }>('/feeds/:slug([a-z0-9-]+).xml', (request, reply) => {
    const show = shows.bySlug(request.params.slug);
    const owner = show && site.accounts.byName(show.username);
    if (!owner) return sendMessage(site, request, reply, 404, 'Not found', 'There is no such feed.');
    counts.feedsFetched += 1;
    const feed = writeFeed(show, {
      author: `${owner.profile.firstName} ${owner.profile.lastName}`,
      feedUrl: feedUrl(site, show),
      pageUrl: `${site.url}/shows/${show.slug}`,
      coverUrl: mediaUrl(site, show.cover),
      audioUrl: `${site.url}/audio/welcome.mp3`,
      audioBytes: episode.length,
      audioSeconds: episodeSeconds,
    });
    const { feedBroken } = site.behaviours.towards([owner.username, owner.email]);
    return reply.type('application/rss+xml; charset=utf-8').send(feedBroken ? feed.slice(0, feed.length / 2) : feed);
  });

  app.get('/audio/welcome.mp3', (_request, reply) => reply.type('audio/mpeg').send(episode));
}
