import type { Page, Request, Response } from 'playwright';
import { readRetryAfter } from '../../contracts/retry-after.ts';
import { isChallengeResponse } from './challenge.ts';
import { Challenge, SiteDown } from './errors.ts';

/** Watches how the site answers for its pages, so that who waits for something on one is told at once when it won't come. */
export class PageTrouble {
  readonly #page: Page;
  readonly #domain: string;
  /** Asked for, and not answered yet. */
  #asked: Request | undefined;
  #trouble = makeTrouble();

  constructor(page: Page, domain: string) {
    this.#page = page;
    this.#domain = domain;
    page.on('request', (request) => {
      if (this.#isForPage(request)) this.#asked = request;
    });
    page.on('response', (response) => this.#onAnswer(response));
    page.on('requestfailed', (request) => this.#onLoss(request));
  }

  /** Rejects with SiteDown or Challenge when the page, or the next one, was answered so. Never resolves. */
  get told(): Promise<never> {
    return this.#trouble.promise;
  }

  /** Only what comes after this counts. */
  forget(): void {
    this.#trouble = makeTrouble();
  }

  /** @throws SiteDown when a page was asked for and nothing has come yet */
  throwIfUnanswered(): void {
    if (this.#asked) throw new SiteDown(`${this.#domain} does not answer on ${new URL(this.#asked.url()).pathname}`);
  }

  #isForPage(request: Request): boolean {
    return request.isNavigationRequest() && request.frame() === this.#page.mainFrame();
  }

  #onAnswer(response: Response): void {
    if (!this.#isForPage(response.request())) return;
    if (response.request() === this.#asked) this.#asked = undefined;
    const status = response.status();
    if (isChallengeResponse(response)) {
      this.#trouble.reject(new Challenge(`${this.#domain} asks to verify that a human is there (HTTP ${status})`));
    } else if (status === 429 || status >= 500) {
      const retryAfterMs = readRetryAfter(response.headers()['retry-after']);
      const overloaded = status === 429 || status === 503 || retryAfterMs !== undefined;
      this.#trouble.reject(new SiteDown(`${this.#domain} answers ${status} on ${new URL(response.url()).pathname}`, retryAfterMs, overloaded));
    }
  }

  #onLoss(request: Request): void {
    if (request !== this.#asked) return;
    this.#asked = undefined;
    const reason = request.failure()?.errorText.replace('net::', '');
    // Chromium calls it aborted when another page, or a download, took its place.
    if (reason === 'ERR_ABORTED') return;
    this.#trouble.reject(new SiteDown(`${this.#domain} ${new URL(request.url()).pathname}: ${reason}`));
  }
}

function makeTrouble(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, fail) => {
    reject = fail;
  });
  promise.catch(() => {});
  return { promise, reject };
}
