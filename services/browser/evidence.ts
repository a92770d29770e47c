import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright';
import type { JournalEntry } from '../../sites/kit/journal.ts';
import { makeRedactor, shortestSecret } from '../redact.ts';

const captureTimeoutMs = 5_000;
const files = { step: 'step.json', outline: 'outline.yaml', picture: 'page.png' };

/** Every file that a folder of evidence may hold. */
export const evidenceFiles: string[] = Object.values(files);

const folderName = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d)-(\d{3}Z)-[A-Za-z]+-[\w-]*$/;

/** When a folder of evidence was made, in ms since 1970, by its name; undefined when that is of another form. */
export function readEvidenceTime(name: string): number | undefined {
  const [, date, hours, minutes, seconds, rest] = folderName.exec(name) ?? [];
  const time = Date.parse(`${date}${hours}:${minutes}:${seconds}.${rest}`);
  return Number.isNaN(time) ? undefined : time;
}

export interface EvidenceOf {
  taskId: string;
  step: string;
  error: string;
  /** The address of the page. */
  address: string;
  journal: JournalEntry[];
  secrets: string[];
}

/**
 * Keeps what shows why a step failed: a screenshot with every field and shown secret masked, the page's address and accessibility
 * outline, and the step's journal, without the task's secrets. Never throws, since it must not hide the failure itself.
 *
 * @param page undefined when it no longer answers: then only the journal is kept
 * @returns the folder's name under `directory`, or undefined when nothing could be kept
 */
export async function keepEvidence(
  directory: string,
  page: Page | undefined,
  about: EvidenceOf,
): Promise<string | undefined> {
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  const name = `${time}-${about.step}-${about.taskId.replace(/[^\w-]/g, '_').slice(0, 60)}`;
  const folder = path.join(directory, name);
  const redact = makeRedactor(about.secrets);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { taskId, step, error, journal } = about;
    const entry = {
      taskId,
      step,
      error: redact(error),
      address: redact(about.address.replace(/[?#].*$/s, '')),
      journal,
    };
    await writeFile(path.join(folder, files.step), `${redact(JSON.stringify(entry, undefined, 2))}\n`, { mode: 0o600 });
    if (!page) return name;
    const outline = await outlinePage(page);
    if (outline !== undefined) await writeFile(path.join(folder, files.outline), redact(outline), { mode: 0o600 });
    const picture = await takePicture(page, about.secrets).catch(() => undefined);
    if (picture) await writeFile(path.join(folder, files.picture), picture, { mode: 0o600 });
    return name;
  } catch {
    return undefined;
  }
}

/** A picture of the page, as PNG, on which every field and shown secret is masked. */
export function takePicture(page: Page, secrets: string[]): Promise<Buffer> {
  const mask = page.frames().flatMap((frame) => locatePrivate(frame, secrets));
  return page.screenshot({ mask, timeout: captureTimeoutMs });
}

/** Fields, and texts that repeat a secret. */
function locatePrivate(frame: Frame, secrets: string[]): Locator[] {
  const shown = [...new Set(secrets)].filter((secret) => secret.length >= shortestSecret);
  return [
    frame.locator('input, textarea, select, [contenteditable]'),
    ...shown.map((secret) => frame.getByText(secret)),
  ];
}

function outlinePage(page: Page): Promise<string | undefined> {
  return page
    .locator('body')
    .ariaSnapshot({ timeout: captureTimeoutMs })
    .catch(() => undefined);
}
