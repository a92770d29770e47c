import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type MailServer, startMailServer } from '../../practice/mail/mail-server.ts';
import { type SocialSite, type SocialSiteOptions, startSocialSite } from '../../practice/social/site.ts';

/** A mail server, sites and a folder for one test; all of it ends with the test. */
export class PracticeSites {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'practice-'));
  readonly #sites: SocialSite[] = [];
  #mail: MailServer | undefined;

  async mail(): Promise<MailServer> {
    if (!this.#mail) {
      this.#mail = await startMailServer();
      this.#mail.addMailbox('ann@brand.test', 'mail-pass-1');
      this.#mail.addMailbox('ben@brand.test', 'mail-pass-2');
    }
    return this.#mail;
  }

  async site(options: Partial<SocialSiteOptions> = {}): Promise<SocialSite> {
    const site = await startSocialSite({
      domain: 'social.test',
      dataDir: this.dataDir,
      smtp: (await this.mail()).smtp,
      confirmation: 'none',
      controlToken: 'control',
      ...options,
    });
    this.#sites.push(site);
    return site;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const site of this.#sites) await site.close().catch(() => {});
    await this.#mail?.close();
    rmSync(this.dataDir, { recursive: true });
  }
}

const decode = (text: string) =>
  text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name]!,
  );
const attribute = (tag: string, name: string) => {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : decode(value);
};

type Filling = Record<string, string | Blob | true>;

/** A person with a browser, as far as forms and cookies go: fields are found by their labels, buttons by their names. */
export class Visitor {
  readonly base: string;
  readonly cookies = new Map<string, string>();
  path = '/';
  status = 0;
  headers = new Headers();
  html = '';

  constructor(base: string) {
    this.base = base;
  }

  async #load(url: string, init: RequestInit = {}): Promise<this> {
    const headers = new Headers(init.headers);
    headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(new URL(url, this.base), {
      ...init,
      redirect: 'manual',
      headers,
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]!.split('=');
      this.cookies.set(name, value);
    }
    const next = response.headers.get('location');
    if (next !== null) {
      await response.body?.cancel();
      return this.#load(next);
    }
    this.path = new URL(response.url).pathname;
    this.status = response.status;
    this.headers = response.headers;
    this.html = await response.text();
    return this;
  }

  open(url: string): Promise<this> {
    return this.#load(url);
  }

  /** The visible text of the page, in one line. */
  get text(): string {
    return decode(this.html.replace(/<title>.*?<\/title>/s, '').replace(/<[^>]+>/g, ' ')).replace(/\s+/g, ' ');
  }

  /** The messages beside the fields and above the forms. */
  get alerts(): string[] {
    return [...this.html.matchAll(/role="alert"[^>]*>([^]*?)<\/p>/g)].map((match) =>
      decode(match[1]!.replace(/<[^>]+>/g, '').trim()),
    );
  }

  get statusLine(): string | undefined {
    return /role="status">([^<]*)</.exec(this.html)?.[1];
  }

  /** Fills the form that has the button, leaving the other fields as they are, and sends it. */
  submit(button: string, filling: Filling = {}, signal?: AbortSignal): Promise<this> {
    const forms = [...this.html.matchAll(/<form ([^>]*)>([^]*?)<\/form>/g)];
    const form = forms.find(([, , content]) => new RegExp(`<button[^>]*>${button}</button>`).test(content!));
    if (!form) throw new Error(`no form with the button ${button} on ${this.path}: ${this.text}`);
    const [, head = '', content = ''] = form;
    const body = new FormData();
    for (const [tag, type] of content.matchAll(/<input type="([a-z]+)"[^>]*>/g)) {
      if (type === 'file') body.set(attribute(tag, 'name')!, new Blob([]), '');
      else if (type !== 'checkbox') body.set(attribute(tag, 'name')!, attribute(tag, 'value') ?? '');
    }
    for (const [tag, value = ''] of content.matchAll(/<textarea [^>]*>\n([^]*?)<\/textarea>/g)) {
      body.set(attribute(tag, 'name')!, decode(value));
    }
    for (const [label, value] of Object.entries(filling)) {
      const name =
        new RegExp(`<label for="([^"]+)">${label}</label>`).exec(content)?.[1] ??
        new RegExp(`<label class="check"><input type="checkbox" id="([^"]+)"[^>]*> ${label}</label>`).exec(
          content,
        )?.[1];
      if (name === undefined) throw new Error(`no field ${label} on ${this.path}`);
      if (value instanceof Blob) body.set(name, value, 'picture');
      else body.set(name, value === true ? 'yes' : value);
    }
    const multipart = head.includes('enctype="multipart/form-data"');
    const encoded = multipart ? body : new URLSearchParams([...body] as [string, string][]);
    return this.#load(attribute(` ${head}`, 'action') ?? this.path, {
      method: 'POST',
      body: encoded,
      signal: signal ?? null,
    });
  }

  /** The sign-up's page 1. */
  async begin(account: { email: string; username: string }, password = 'right-horse-1'): Promise<this> {
    await this.open('/signup');
    return this.submit('Continue', {
      Email: account.email,
      Username: account.username,
      Password: password,
      'Repeat password': password,
    });
  }

  /** The sign-up's page 2. */
  finish(signal?: AbortSignal): Promise<this> {
    return this.submit(
      'Create account',
      { 'First name': 'Ann', 'Last name': 'Example', Phone: '+1 555 0100', 'I accept the terms': true },
      signal,
    );
  }

  async signIn(login: string, password = 'right-horse-1'): Promise<this> {
    await this.open('/signin');
    return this.submit('Sign in', { 'Email or username': login, Password: password });
  }
}

export const ann = { email: 'ann@brand.test', username: 'ann' };
export const ben = { email: 'ben@brand.test', username: 'ben' };
