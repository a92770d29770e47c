import type { Locator, Page, Response } from 'playwright';

const checks = [
  'iframe[src*="google.com/recaptcha/api2/bframe"]',
  'iframe[src*="recaptcha.net/recaptcha/api2/bframe"]',
  'iframe[src*="hcaptcha.com"][src*="challenge"]',
  'iframe[src*="challenges.cloudflare.com"]',
  'iframe[src*="arkoselabs.com"]',
  'iframe[src*="funcaptcha.com"]',
  'iframe[src*="captcha-delivery.com"]',
  'iframe[src*="_Incapsula_Resource"]',
  'iframe[title*="human check" i]',
  '#px-captcha',
  'input[name*="captcha" i]:not([type="hidden"])',
];
const words = /verify (that )?you('re| are) (a )?human|prove (that )?you('re| are) not a robot|unusual activity from your/i;

/**
 * What shows a person that the site wants proof of one. Visible ones only: a passive badge asks for nothing.
 */
export function locateChallenge(page: Page): Locator {
  return page.locator(checks.join(', ')).or(page.getByText(words)).filter({ visible: true }).first();
}

/** A challenge that is told by the answer itself rather than by the page. */
export function isChallengeResponse(response: Response): boolean {
  return response.headers()['cf-mitigated'] === 'challenge';
}
