import type { Page, Request, Response } from 'playwright';
import { readRetryAfter } from '../../contracts/retry-after.ts';
import type { AllowedOrigins } from './allowed-origins.ts';
import { isChallengeResponse, watchChallengeFrames } from './challenge.ts';
import { Challenge, FormChanged, SiteDown } from './errors.ts';

/** Watches how the site answers for its pages, so that a wait for something on one ends at once when it won't come. */
export class PageTrouble {
  readonly #page: Page;
  readonly #domain: string;
  readonly #origins: AllowedOrigins;
  /** Asked for, and not answered yet. */
  #asked: Request | undefined;
  #trouble = makeTrouble();

  constructor(page: Page, domain: string, origins: AllowedOrigins) {
    this.#page = page;
    this.#domain = domain;
    this.#origins = origins;
    page.on('request', (request) => {
      if (this.#isForPage(request)) this.#asked = request;
    });
    page.on('response', (response) => this.#onAnswer(response));
    page.on('requestfailed', (request) => this.#onLoss(request));
    page.on('framenavigated', () => this.#tellIfStrange());
    watchChallengeFrames(page, () =>
      this.#trouble.reject(new Challenge(`${domain} asks to verify that a human is there`)),
    );
  }

  /** Rejects with SiteDown, Challenge or FormChanged when the page, or the next one, was answered so. Never resolves. */
  get told(): Promise<never> {
    return this.#trouble.promise;
  }

  /** Only answers after this count. */
  forget(): void {
    this.#trouble = makeTrouble();
  }

  /** @throws FormChanged when the page is not one of the site's */
  throwIfStrange(): void {
    const url = this.#page.url();
    if (!this.#origins.isStrange(url)) return;
    throw new FormChanged(
      `${this.#domain} leads to ${new URL(url).origin}, which is neither its url in SITES_FILE nor among its recipe's origins`,
    );
  }

  /** @throws SiteDown when a page was asked for and nothing has come yet */
  throwIfUnanswered(): void {
    if (this.#asked) throw new SiteDown(`${this.#domain} does not answer on ${new URL(this.#asked.url()).pathname}`);
  }

  #tellIfStrange(): void {
    try {
      this.throwIfStrange();
    } catch (error) {
      this.#trouble.reject(error as Error);
    }
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
      this.#trouble.reject(
        new SiteDown(
          `${this.#domain} answers ${status} on ${new URL(response.url()).pathname}`,
          retryAfterMs,
          overloaded,
        ),
      );
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
