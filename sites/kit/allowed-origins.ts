/** The origins that a step may be led to: the site's own, and those that its recipe lists. */
export class AllowedOrigins {
  readonly #origins: Set<string>;

  /** @param others origins, each a scheme, a host and a port */
  constructor(siteUrl: string, others: string[] = []) {
    this.#origins = new Set([siteUrl, ...others].map((url) => new URL(url).origin));
  }

  has(url: string): boolean {
    return this.#origins.has(new URL(url).origin);
  }

  /** Whether the address is a page of somebody else's; an empty page, or the browser's own about a failure, is nobody's. */
  isStrange(url: string): boolean {
    return /^https?:/.test(url) && !this.has(url);
  }
}
