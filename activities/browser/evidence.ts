import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright';
import type { JournalEntry } from '../../sites/kit/kit.ts';
import { makeRedactor, shortestSecret } from './redact.ts';

const captureTimeoutMs = 5_000;

export interface EvidenceOf {
  taskId: string;
  step: string;
  error: string;
  journal: JournalEntry[];
  secrets: string[];
}

/**
 * Keeps what shows why a step failed: a screenshot with every field and shown secret masked, the page's address and accessibility
 * outline, and the step's journal, without the task's secrets. Never throws, since it must not hide the failure itself.
 *
 * @returns the folder's name under `directory`, or undefined when nothing could be kept
 */
export async function keepEvidence(directory: string, page: Page, about: EvidenceOf): Promise<string | undefined> {
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  const name = `${time}-${about.step}-${about.taskId.replace(/[^\w-]/g, '_').slice(0, 60)}`;
  const folder = path.join(directory, name);
  const redact = makeRedactor(about.secrets);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { outline, address } = await describePage(page, redact);
    const entry = { taskId: about.taskId, step: about.step, error: redact(about.error), address, journal: about.journal };
    await writeFile(path.join(folder, 'step.json'), `${redact(JSON.stringify(entry, undefined, 2))}\n`, { mode: 0o600 });
    if (outline) await writeFile(path.join(folder, 'outline.yaml'), outline, { mode: 0o600 });
    const mask = page.frames().flatMap((frame) => locatePrivate(frame, about.secrets));
    const picture = await page.screenshot({ mask, timeout: captureTimeoutMs }).catch(() => undefined);
    if (picture) await writeFile(path.join(folder, 'page.png'), picture, { mode: 0o600 });
    return name;
  } catch {
    return undefined;
  }
}

/** Fields, and texts that repeat a secret. */
function locatePrivate(frame: Frame, secrets: string[]): Locator[] {
  const shown = [...new Set(secrets)].filter((secret) => secret.length >= shortestSecret);
  return [frame.locator('input, textarea, select, [contenteditable]'), ...shown.map((secret) => frame.getByText(secret))];
}

async function describePage(page: Page, redact: (text: string) => string): Promise<{ outline?: string; address: string }> {
  const address = redact(page.url().split(/[?#]/)[0]!);
  try {
    return { address, outline: redact(await page.locator('body').ariaSnapshot({ timeout: captureTimeoutMs })) };
  } catch {
    return { address };
  }
}
