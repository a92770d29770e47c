import { randomInt } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Account, hashToken } from '../site/accounts.ts';
import { type FormValue, sendMessage, type Site } from '../site/pages.ts';
import { removePicture, storePicture } from '../site/uploads.ts';
import type { DirectoryBehaviour } from './behaviour.ts';
import { sendAddForm, sendCodeForm, sendMyPodcasts } from './directory-pages.ts';
import { fetchFeed } from './fetch-feed.ts';
import type { Imports, NewPodcast, Podcast } from './imports.ts';
import { FeedProblem } from './read-feed.ts';

/** What has happened to a directory's podcasts since it was started. */
export interface DirectoryCounts {
  /** Feeds that it tried to fetch. */
  feedsFetched: number;
  imports: number;
}

const already = 'Already imported.';
const notValid = 'This is not a valid feed:';
const webAddress = z.url({ protocol: /^https?$/, normalize: true });

export function importRoutes(
  app: FastifyInstance,
  site: Site<DirectoryBehaviour>,
  imports: Imports,
  counts: DirectoryCounts,
  ownerCode: boolean,
): void {
  /** The answer for a feed that was imported before. */
  function sendAlready(request: FastifyRequest, reply: FastifyReply, account: Account, known: Podcast): FastifyReply {
    const { feed, username } = known;
    if (username === account.username) return sendMyPodcasts(site, request, reply, imports, account, already);
    return sendAddForm(site, request, reply, { feed, error: 'Already imported by another account.' });
  }

  /** Adds the podcast, unless another request was faster. */
  async function finish(
    request: FastifyRequest,
    reply: FastifyReply,
    account: Account,
    podcast: NewPodcast,
  ): Promise<FastifyReply> {
    const known = imports.byFeed(podcast.feed);
    if (known) {
      await removePicture(site.uploadsDir, podcast.cover);
      return sendAlready(request, reply, account, known);
    }
    imports.add(podcast);
    counts.imports += 1;
    if (site.behaviours.strikes('errorAfterImport', [account.username, account.email])) {
      return sendMessage(site, request, reply, 500, 'Something went wrong', 'Please try again later.');
    }
    return reply.redirect('/podcasts', 303);
  }

  /** Mails the owner a code that the import then waits for. @returns whether the address takes mail */
  async function askOwner(account: Account, podcast: NewPodcast, noMail: boolean | undefined): Promise<boolean> {
    const code = String(randomInt(100_000_000)).padStart(8, '0');
    const about = {
      subject: `Your import code for ${site.domain}`,
      why: `${account.username} wants to list ${podcast.title} at ${site.domain}. If that is right, give them this code:`,
    };
    try {
      if (!noMail) await site.mailer.sendCode(podcast.ownerEmail, podcast.author || podcast.title, code, about);
    } catch (error) {
      if (((error as { responseCode?: number }).responseCode ?? 0) < 500) throw error;
      return false;
    }
    const before = imports.pending(account.username);
    imports.setPending(podcast, hashToken(code));
    if (before) await removePicture(site.uploadsDir, before.podcast.cover);
    return true;
  }

  app.get('/add', (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    return sendAddForm(site, request, reply, { pending: imports.pending(account.username)?.podcast.title });
  });

  app.post('/add', async (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    const typed = String((request.body as { feed?: FormValue }).feed ?? '').trim();
    const { data: feed } = webAddress.safeParse(typed);
    if (feed === undefined) return sendAddForm(site, request, reply, { feed: typed, error: 'This is no web address.' });
    const known = imports.byFeed(feed);
    if (known) return sendAlready(request, reply, account, known);

    const refuse = (error: string) => sendAddForm(site, request, reply, { feed: typed, error });
    counts.feedsFetched += 1;
    const found = await fetchFeed(feed, site.closing).catch((error: unknown) => {
      if (error instanceof FeedProblem) return error;
      throw error;
    });
    if (found instanceof FeedProblem) return refuse(`${notValid} ${found.message}`);
    const { importRefused, noOwnerMail } = site.behaviours.towards([account.username, account.email]);
    if (importRefused) return refuse('This podcast was refused: it breaks our rules.');

    const { title, description, author, ownerEmail } = found;
    const cover = await storePicture(site.uploadsDir, found.cover);
    const podcast = { username: account.username, feed, title, description, author, ownerEmail, cover };
    if (!ownerCode) return finish(request, reply, account, podcast);
    if (await askOwner(account, podcast, noOwnerMail)) return reply.redirect('/add/verify', 303);
    await removePicture(site.uploadsDir, cover);
    return refuse(`${notValid} its owner's address takes no mail.`);
  });

  app.get('/add/verify', (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    const pending = imports.pending(account.username);
    return pending ? sendCodeForm(site, request, reply, pending.podcast) : reply.redirect('/add', 303);
  });

  app.post('/add/verify', async (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    const pending = imports.pending(account.username);
    if (!pending) return reply.redirect('/add', 303);
    const { code } = request.body as { code?: unknown };
    if (hashToken(String(code).trim()) !== pending.codeHash)
      return sendCodeForm(site, request, reply, pending.podcast, 'This code is wrong.');
    return finish(request, reply, account, pending.podcast);
  });
}
