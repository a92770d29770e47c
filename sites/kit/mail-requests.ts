import type { MailRequest } from '../../contracts/mail.ts';

interface MailWish {
  subject?: string;
  /** Senders besides the site's own domain and host. */
  from?: string[];
}

/** Says of a site's mails which one is waited for: from whom, about what, and that its link leads to the site itself. */
export class MailRequests {
  readonly #domain: string;
  readonly #siteUrl: URL;

  constructor(domain: string, siteUrl: string) {
    this.#domain = domain;
    this.#siteUrl = new URL(siteUrl);
  }

  link({ from, subject, path, query }: MailWish & { path?: string; query?: Record<string, string> }): MailRequest {
    return {
      kind: 'link',
      from: this.#senders(from),
      ...(subject !== undefined && { subject }),
      linkHosts: [this.#siteUrl.host],
      ...(path !== undefined && { linkPath: path }),
      ...(query && { linkQuery: query }),
    };
  }

  code({ from, subject, length, after }: MailWish & { length?: number; after?: string }): MailRequest {
    return {
      kind: 'code',
      from: this.#senders(from),
      ...(subject !== undefined && { subject }),
      ...(length !== undefined && { codeLength: length }),
      ...(after !== undefined && { after }),
    };
  }

  #senders(more: string[] = []): string[] {
    return [...new Set([this.#domain, this.#siteUrl.hostname, ...more])];
  }
}
