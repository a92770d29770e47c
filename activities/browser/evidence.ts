import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright';
import type { JournalEntry } from '../../sites/kit/kit.ts';

const captureTimeoutMs = 5_000;

export interface EvidenceOf {
  taskId: string;
  step: string;
  error: string;
  journal: JournalEntry[];
  redact: (text: string) => string;
}

/**
 * Keeps what shows why a step failed: a screenshot with every field masked, the page's address and accessibility
 * outline, and the step's journal, without the task's secrets. Never throws, since it must not hide the failure itself.
 *
 * @returns the folder's name under `directory`, or undefined when nothing could be kept
 */
export async function keepEvidence(directory: string, page: Page, about: EvidenceOf): Promise<string | undefined> {
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  const name = `${time}-${about.step}-${about.taskId.replace(/[^\w-]/g, '_').slice(0, 60)}`;
  const folder = path.join(directory, name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { outline, address } = await describePage(page, about.redact);
    const entry = { taskId: about.taskId, step: about.step, error: about.redact(about.error), address, journal: about.journal };
    await writeFile(path.join(folder, 'step.json'), `${about.redact(JSON.stringify(entry, undefined, 2))}\n`, { mode: 0o600 });
    if (outline) await writeFile(path.join(folder, 'outline.yaml'), outline, { mode: 0o600 });
    await page
      .screenshot({
        path: path.join(folder, 'page.png'),
        mask: [page.locator('input, textarea, select, [contenteditable]')],
        timeout: captureTimeoutMs,
      })
      .catch(() => {});
    return name;
  } catch {
    return undefined;
  }
}

async function describePage(page: Page, redact: (text: string) => string): Promise<{ outline?: string; address: string }> {
  const address = redact(page.url().split(/[?#]/)[0]!);
  try {
    return { address, outline: redact(await page.locator('body').ariaSnapshot({ timeout: captureTimeoutMs })) };
  } catch {
    return { address };
  }
}
