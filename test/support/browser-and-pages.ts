import type { IncomingMessage, ServerResponse } from 'node:http';
import { findBrowser } from '../../config/find-browser.mjs';
import { BrowserPool } from '../../services/browser/browser-pool.ts';
import { Kit, type KitOptions } from '../../sites/kit/kit.ts';
import { AnsweringServer, type Taken } from './answering-server.ts';

type Answer = (response: ServerResponse, taken: Taken, request: IncomingMessage) => void;

/** A form that makes something. */
export const form =
  '<form method="post" action="/made"><label>Name <input name="name"></label><button>Create</button></form>';

function sendPage(response: ServerResponse, body: string, status = 200): void {
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
    .end(`<!doctype html><title>page</title>${body}`);
}

/** A real browser, a site of pages that a test writes, and a stranger's site that asks for a password. */
export class BrowserAndPages {
  readonly pool = new BrowserPool(findBrowser()!);
  readonly site: AnsweringServer;
  readonly stranger: AnsweringServer;
  /** What the site answers, by path; a text is a page. */
  pages: Record<string, string | Answer> = {};

  constructor(site: AnsweringServer, stranger: AnsweringServer) {
    this.site = site;
    this.stranger = stranger;
    site.answer = (response, request, taken) => {
      const page = this.pages[new URL(taken.path, site.url).pathname];
      if (typeof page === 'function') page(response, taken, request);
      else sendPage(response, page ?? 'Nothing here', page === undefined ? 404 : 200);
    };
    stranger.answer = (response) => sendPage(response, '<label>Password <input type="password"></label>');
  }

  /** Forgets what the sites were sent. */
  forget(): void {
    this.site.taken.length = 0;
    this.stranger.taken.length = 0;
  }

  posts(): Taken[] {
    return this.site.taken.filter(({ method }) => method === 'POST');
  }

  /** Runs with a kit on a fresh page; gives what it threw. */
  withKit(run: (kit: Kit) => Promise<unknown>, options: Partial<KitOptions> = {}): Promise<unknown> {
    return this.pool.withContext({}, async (context) => {
      const page = await context.newPage();
      const given = {
        page,
        domain: 'site.test',
        siteUrl: this.site.url,
        totpSecret: '',
        signal: new AbortController().signal,
        deadline: performance.now() + 60_000,
      };
      const kit = new Kit({ ...given, ...options });
      return run(kit).then(
        () => undefined,
        (error: unknown) => error,
      );
    });
  }

  async close(): Promise<void> {
    await this.pool.close();
    await this.site.close();
    await this.stranger.close();
  }
}

export async function startBrowserAndPages(): Promise<BrowserAndPages> {
  return new BrowserAndPages(await AnsweringServer.start(), await AnsweringServer.start());
}
