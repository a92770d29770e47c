import type { Locator, Page } from 'playwright';

/** What is so on all of a site's pages. */
export interface SitePages {
  /** Other origins that the site's pages lead to, such as a sign-in host; a step that is led elsewhere ends. */
  origins?: string[];
  /** The button that declines cookies, or that closes a banner which offers no choice; never one that accepts them. */
  cookieBanner?(page: Page): Locator;
}
