import type { Locator, Page, Response } from 'playwright';
import type { z } from 'zod';
import { AllowedOrigins } from './allowed-origins.ts';
import { Authenticator } from './authenticator.ts';
import { locateChallenge, showsChallenge } from './challenge.ts';
import { Challenge, DeadlinePassed, FormChanged, PageLost, Rejected, SiteDown } from './errors.ts';
import { findFault } from './form-fault.ts';
import { Journal, type JournalEntry } from './journal.ts';
import { MailRequests } from './mail-requests.ts';
import { PageTrouble } from './page-trouble.ts';
import type { Picture } from './picture.ts';
import { readJson } from './read-json.ts';
import type { SitePages } from './site-pages.ts';
import { typeText } from './type-text.ts';

const actionTimeoutMs = 15_000;
const pageTimeoutMs = 30_000;
/** Between the last look at the clock and the click, at most this much may pass. */
const clickTimeoutMs = 2_000;
/** When an action that takes no time took longer than this, the browser or the process stood still. */
const stillMs = 2_000;

export interface KitOptions {
  page: Page;
  domain: string;
  /** The site's origin and base path, without a slash at the end. */
  siteUrl: string;
  /** What its recipe says of the site's pages. */
  recipe?: SitePages;
  /** base32, or empty */
  totpSecret: string;
  /** Ends every call that waits. */
  signal: AbortSignal;
  /** On the clock of `performance.now()`, in ms: after it nothing is sent any more. */
  deadline: number;
  /** Runs each action, for who watches a recipe at work. */
  actionHook?: ActionHook | undefined;
}

/** One thing that a recipe does to a page: `open` with its path, `see`, or what is done to the one element `target`. */
export interface KitAction {
  verb: string;
  path?: string | undefined;
  target?: Locator;
}

export type ActionHook = <Result>(action: KitAction, run: () => Promise<Result>) => Promise<Result>;

const foldSpace = (text: string) => text.replace(/\s+/g, ' ').trim();

/** What a recipe works with: the page, and helpers that wait, name what is missing, and hide what is typed. */
export class Kit {
  readonly page: Page;
  readonly domain: string;
  readonly signal: AbortSignal;
  /** What was typed as a secret, for hiding it wherever the page shows it. */
  readonly typedSecrets: string[] = [];
  /** What to wait for in the account's mailbox; for a step to return or to put into `Unconfirmed`. */
  readonly mail: MailRequests;
  readonly #siteUrl: string;
  readonly #authenticator: Authenticator;
  readonly #deadline: number;
  readonly #journal = new Journal();
  readonly #origins: AllowedOrigins;
  readonly #trouble: PageTrouble;
  readonly #actionHook: ActionHook;
  #cookieBanner: ((page: Page) => Locator) | undefined;
  #submitted = false;

  constructor(options: KitOptions) {
    this.page = options.page;
    this.domain = options.domain;
    this.signal = options.signal;
    this.#siteUrl = options.siteUrl.replace(/\/+$/, '');
    this.mail = new MailRequests(options.domain, options.siteUrl);
    this.#authenticator = new Authenticator(options.totpSecret);
    this.#deadline = options.deadline;
    this.#actionHook = options.actionHook ?? ((_action, run) => run());
    this.page.setDefaultTimeout(actionTimeoutMs);
    this.page.setDefaultNavigationTimeout(pageTimeoutMs);
    this.#origins = new AllowedOrigins(options.siteUrl, options.recipe?.origins);
    this.#trouble = new PageTrouble(options.page, options.domain, this.#origins);
    this.#cookieBanner = options.recipe?.cookieBanner?.bind(options.recipe);
  }

  /** What was done so far. */
  get journal(): JournalEntry[] {
    return this.#journal.entries;
  }

  /** Whether the form that makes the account was sent, or may have been. */
  get submitted(): boolean {
    return this.#submitted;
  }

  /** The address of a path on the site. */
  url(path: string): string {
    return this.#siteUrl + path;
  }

  /**
   * Loads a page of the site.
   *
   * @returns null when the page is there already, but for the fragment
   * @throws SiteDown, Challenge, FormChanged when it leads to somebody else's
   */
  open(path: string): Promise<Response | null> {
    return this.#actionHook({ verb: 'open', path: path.split('?')[0] }, () => this.#open(path));
  }

  async #open(path: string): Promise<Response | null> {
    await this.#watchCookieBanner();
    this.#journal.note(`open ${path.split('?')[0]}`);
    this.#trouble.forget();
    let response: Response | null;
    try {
      response = await this.page.goto(this.url(path), { waitUntil: 'domcontentloaded', signal: this.signal });
    } catch (error) {
      this.signal.throwIfAborted();
      const [, reason] = /net::(ERR_\w+)/.exec((error as Error).message) ?? [];
      if (reason || (error as Error).name === 'TimeoutError') {
        throw new SiteDown(`${this.domain} ${path.split('?')[0]}: ${reason ?? `no page in ${pageTimeoutMs / 1000} s`}`);
      }
      this.#throwIfPageLost([error]);
      // Playwright's own text is left out: it holds the whole address, with a mailed link's token.
      throw new FormChanged(`${this.domain}: could not open ${path.split('?')[0]}`);
    }
    // Trouble that the response's event reported is thrown here, before the recipe looks at an error page.
    await Promise.race([this.#trouble.told, Promise.resolve()]);
    this.#trouble.throwIfStrange();
    await this.refuseChallenge();
    return response;
  }

  /** @throws Challenge when the page asks for a human */
  async refuseChallenge(): Promise<void> {
    if (await showsChallenge(this.page)) this.#throwChallenge();
  }

  /** Waits until one of the named things is visible and says which; the earlier named wins. @throws FormChanged, SiteDown, Challenge */
  see<Name extends string>(things: Record<Name, Locator>, timeoutMs = actionTimeoutMs): Promise<Name> {
    return this.#actionHook({ verb: 'see' }, () => this.#see(things, timeoutMs));
  }

  async #see<Name extends string>(things: Record<Name, Locator>, timeoutMs: number): Promise<Name> {
    const names = Object.keys(things) as Name[];
    const others = new AbortController();
    const signal = AbortSignal.any([this.signal, others.signal]);
    const challenge = locateChallenge(this.page);
    const begun = performance.now();
    const waitFor = (locator: Locator) =>
      locator.filter({ visible: true }).first().waitFor({ timeout: timeoutMs, signal });
    try {
      await Promise.race([
        Promise.any([...names.map((name) => waitFor(things[name])), waitFor(challenge)]),
        this.#trouble.told,
      ]);
    } catch (error) {
      this.signal.throwIfAborted();
      if (!(error instanceof AggregateError)) throw error;
      this.#throwIfPageLost(error.errors);
      this.#trouble.throwIfUnanswered();
      const stoodStill = await this.#tellStandstill(begun + timeoutMs);
      const shown = await this.#lookFor(things);
      if (shown !== undefined) return shown;
      if (stoodStill) return await this.#see(things, timeoutMs);
      throw new FormChanged(`${this.domain}: none of ${names.join(', ')} on the page ${this.#where()}`);
    } finally {
      others.abort();
    }
    const shown = await this.#lookFor(things);
    if (shown !== undefined) return shown;
    if (await challenge.isVisible()) this.#throwChallenge();
    return this.#see(things, timeoutMs);
  }

  /**
   * Whether the browser, or this process, stood still: then a time-out says nothing about the page.
   *
   * @param due when the time was to run out, in ms
   * @throws Challenge
   */
  async #tellStandstill(due: number): Promise<boolean> {
    const asked = performance.now();
    await this.refuseChallenge();
    return asked - due > stillMs || performance.now() - asked > stillMs;
  }

  /** Says which of the things is visible now, the first of them. @throws FormChanged when the page is somebody else's */
  async #lookFor<Name extends string>(things: Record<Name, Locator>): Promise<Name | undefined> {
    this.#trouble.throwIfStrange();
    for (const name of Object.keys(things) as Name[]) {
      if (!(await things[name].filter({ visible: true }).first().isVisible())) continue;
      this.#journal.note(`see ${name}`);
      return name;
    }
    return undefined;
  }

  /** Types into a field. @throws FormChanged naming the field, never the value */
  async fill(field: Locator, value: string): Promise<void> {
    await this.#act('fill', field, async (signal) => {
      const element = await field.elementHandle({ signal });
      const typed = await typeText(element, value, signal).catch((error: unknown) => {
        if ((error as Error).name === 'TimeoutError') throw error;
        return false;
      });
      // For example a date, or an element that the page has replaced.
      if (!typed) await field.fill(value, { signal });
    });
  }

  /** Types a secret, into a field on one of the allowed origins only. @throws FormChanged */
  async fillSecret(field: Locator, value: string): Promise<void> {
    this.typedSecrets.push(value);
    await this.#act('fill (secret)', field, async (signal) => {
      const element = await field.elementHandle({ signal });
      const frame = await element.ownerFrame();
      if (!frame || !this.#origins.has(frame.url())) {
        throw new FormChanged(
          `${this.domain}: a secret is not typed into a page of ${frame ? new URL(frame.url()).origin : 'none'}`,
        );
      }
      // The element that was looked at, not whatever the page has there by now.
      if (!(await typeText(element, value, signal))) throw new Error('the field takes no text');
    });
  }

  /** Sets a check box or radio button. @throws FormChanged */
  async check(field: Locator): Promise<void> {
    await this.#act('check', field, (signal) => field.check({ signal }));
  }

  /** Chooses from a list by what people read there. @throws FormChanged naming the list, or the option that it lacks */
  async choose(list: Locator, label: string): Promise<void> {
    const option = list.getByRole('option', { name: label, exact: true });
    await this.#act('find option', option, (signal) => option.first().waitFor({ state: 'attached', signal }));
    await this.#act('choose', list, (signal) => list.selectOption({ label }, { signal }));
  }

  /** Clicks on what can be clicked again without harm. @throws FormChanged */
  async click(target: Locator): Promise<void> {
    this.#trouble.forget();
    await this.#act('click', target, (signal) => target.click({ signal }));
  }

  /** Gives a picture to a file field. @throws FormChanged */
  async upload(field: Locator, picture: Picture): Promise<void> {
    const file = { name: picture.name, mimeType: picture.type, buffer: picture.bytes };
    await this.#act('upload', field, (signal) => field.setInputFiles(file, { signal }));
  }

  /**
   * The one click that can't be undone. Waits until the button can be clicked, looks at the clock, clicks: a worker
   * that was frozen meanwhile sends nothing.
   *
   * @throws DeadlinePassed when the step's time is over, Rejected when the form can't be sent as it is, Challenge when it
   * wants a human check passed; nothing was sent
   */
  async submit(button: Locator): Promise<void> {
    this.#trouble.forget();
    await this.#act('find', button, (signal) => button.click({ trial: true, signal }));
    const fault = await findFault(button);
    if (fault !== undefined) throw new Rejected(`${this.domain}: ${fault}`);
    await this.refuseChallenge();
    this.signal.throwIfAborted();
    if (performance.now() + clickTimeoutMs > this.#deadline) {
      throw new DeadlinePassed(`${this.domain}: the step's time was over before the form was sent`);
    }
    this.#submitted = true;
    // What the click brings may take longer than the click: `see` waits for that.
    await this.#act('submit', button, (signal) => button.click({ timeout: clickTimeoutMs, noWaitAfter: true, signal }));
  }

  /** The text of what is there, with its white space folded. @throws FormChanged */
  async read(target: Locator): Promise<string> {
    let text = '';
    await this.#act('read', target, async (signal) => {
      text = await target.first().innerText({ signal });
    });
    return foldSpace(text);
  }

  /** What a field holds. @throws FormChanged naming the field */
  async readValue(field: Locator): Promise<string> {
    let value = '';
    await this.#act('read', field, async (signal) => {
      // A long text is in its field from its first part on.
      await this.page.waitForLoadState('domcontentloaded', { signal });
      value = await field.inputValue({ signal });
    });
    return value;
  }

  /** The text of all of them, as `read` gives it; empty when there is none. */
  async readAll(targets: Locator): Promise<string> {
    return foldSpace((await targets.allInnerTexts()).join(' '));
  }

  /** What the site says in refusing a form. @throws Challenge when it is a human check that was not passed */
  async readRefusal(boxes: Locator): Promise<string> {
    // A part of the page may have told of the refusal while the rest was still coming.
    await this.page.waitForLoadState('domcontentloaded', { signal: this.signal });
    await this.refuseChallenge();
    const words = await this.readAll(boxes);
    if (/captcha/i.test(words)) this.#throwChallenge();
    return words;
  }

  /** Where links lead, as whole addresses; what is on the page now counts. */
  async readHrefs(links: Locator): Promise<string[]> {
    return links.evaluateAll((anchors) => anchors.map((anchor) => (anchor as unknown as { href: string }).href));
  }

  /**
   * Asks the site for JSON, as the account that is signed in.
   *
   * @throws FormChanged when the answer has another shape, SiteDown, Challenge
   */
  async readJson<Shape extends z.ZodType>(
    path: string,
    query: Record<string, string>,
    shape: Shape,
  ): Promise<z.infer<Shape>> {
    const response = await this.open(`${path}?${new URLSearchParams(query).toString()}`);
    if (!response) throw new Error(`${this.domain}: ${path} was not asked for JSON`);
    return readJson(response, `${this.domain}: ${path}`, shape);
  }

  /**
   * The current code of the account's authenticator; waits for the next one when this one is about to end, or was given
   * in this step already: sites take each code once.
   */
  totp(): Promise<string> {
    return this.#authenticator.nextCode(this.signal);
  }

  /** Whether the task brings an authenticator secret. */
  get hasTotp(): boolean {
    return this.#authenticator.hasSecret;
  }

  #act(verb: string, target: Locator, run: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    return this.#actionHook({ verb, target }, () => this.#perform(verb, target, run));
  }

  async #perform(verb: string, target: Locator, run: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    this.#journal.note(`${verb} ${String(target)}`);
    this.#trouble.throwIfStrange();
    const begun = performance.now();
    try {
      await run(this.signal);
    } catch (error) {
      this.signal.throwIfAborted();
      if ((error as Error).name !== 'TimeoutError') {
        this.#throwIfPageLost([error]);
        if (error instanceof FormChanged) throw error;
      }
      this.#trouble.throwIfUnanswered();
      if (await this.#tellStandstill(begun + actionTimeoutMs))
        throw new PageLost(`${this.domain}: the browser stood still`);
      // Playwright's own text is left out: its call log holds the value that was typed.
      throw new FormChanged(`${this.domain}: could not ${verb} ${String(target)} on the page ${this.#where()}`);
    }
  }

  /** From now on a banner is dismissed as soon as something on its page is clicked or filled. */
  async #watchCookieBanner(): Promise<void> {
    const button = this.#cookieBanner?.(this.page).first();
    this.#cookieBanner = undefined;
    if (!button) return;
    await this.page.addLocatorHandler(button, async () => {
      this.#journal.note(`decline cookies by ${String(button)}`);
      // When it fails, the banner stays, and what is behind it tells that it could not be clicked.
      await button.click({ signal: this.signal }).catch(() => {});
    });
  }

  #throwIfPageLost(errors: unknown[]): void {
    const lost = errors.find((error) => /has been closed|crashed|Target closed/i.test((error as Error).message));
    if (lost) throw new PageLost(`${this.domain}: the page is gone`);
  }

  #throwChallenge(): never {
    throw new Challenge(`${this.domain} asks to verify that a human is there, on the page ${this.#where()}`);
  }

  #where(): string {
    try {
      return new URL(this.page.url()).pathname;
    } catch {
      return '(none)';
    }
  }
}
