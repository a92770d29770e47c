import type { Frame, Locator, Page, Response } from 'playwright';

/** Frames that show a check, by what their addresses hold; with `size=invisible` some are a badge that asks for nothing. */
const frames: { holds: string[]; not?: string }[] = [
  { holds: ['google.com/recaptcha/', '/bframe'] },
  { holds: ['recaptcha.net/recaptcha/', '/bframe'] },
  { holds: ['google.com/recaptcha/', '/anchor'], not: 'size=invisible' },
  { holds: ['recaptcha.net/recaptcha/', '/anchor'], not: 'size=invisible' },
  { holds: ['hcaptcha.com', 'frame=challenge'] },
  { holds: ['hcaptcha.com', 'frame=checkbox'], not: 'frame=checkbox-invisible' },
  { holds: ['challenges.cloudflare.com'] },
  { holds: ['arkoselabs.com'] },
  { holds: ['funcaptcha.com'] },
  { holds: ['captcha-delivery.com'] },
  { holds: ['_Incapsula_Resource'] },
];
const checks = [
  ...frames.map(
    ({ holds, not }) =>
      `iframe${holds.map((part) => `[src*="${part}"]`).join('')}${not ? `:not([src*="${not}"])` : ''}`,
  ),
  'iframe[title*="human check" i]',
  '#px-captcha',
  'input[name*="captcha" i]:not([type="hidden"])',
];
const words =
  /verify (that )?you('re| are) (a )?human|prove (that )?you('re| are) not a robot|unusual activity from your/i;

/**
 * What shows people that the site checks for a human. Visible ones only: a passive badge asks for nothing.
 */
export function locateChallenge(page: Page): Locator {
  return page.locator(checks.join(', ')).or(page.getByText(words)).filter({ visible: true }).first();
}

/** Whether the page asks for a human now. */
export async function showsChallenge(page: Page): Promise<boolean> {
  if (await locateChallenge(page).isVisible()) return true;
  // Locators don't look into a closed shadow root; the list of frames does.
  const shown = page
    .frames()
    .filter(isChallengeFrame)
    .map((frame) => isShown(frame));
  return (await Promise.all(shown)).includes(true);
}

/** Calls back when a frame shows a check, however late it comes and wherever in the page it hangs. */
export function watchChallengeFrames(page: Page, tell: () => void): void {
  page.on('framenavigated', (frame) => {
    if (!isChallengeFrame(frame)) return;
    // One that stays hidden, or goes away again, asked for nothing.
    const seen = frame.frameElement().then((element) => element.waitForElementState('visible'));
    seen.then(tell, () => {});
  });
}

function isChallengeFrame(frame: Frame): boolean {
  const address = frame.url();
  return (
    frame.parentFrame() !== null &&
    frames.some(({ holds, not }) => holds.every((part) => address.includes(part)) && !(not && address.includes(not)))
  );
}

async function isShown(frame: Frame): Promise<boolean> {
  try {
    return await (await frame.frameElement()).isVisible();
  } catch {
    // It is gone.
    return false;
  }
}

/** A challenge that is told by the answer itself rather than by the page. */
export function isChallengeResponse(response: Response): boolean {
  return response.headers()['cf-mitigated'] === 'challenge';
}
