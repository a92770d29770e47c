import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { evidenceFiles, readEvidenceTime } from './evidence.ts';

/** A younger folder may still be written, by this worker or another. */
const settledMs = 60_000;
/** The least time between two prunings by one worker. */
const pruneEveryMs = 60_000;

export interface EvidenceLimits {
  /** Folders older than this are removed, in ms. */
  maxAgeMs: number;
  /** The oldest folders are removed until the rest holds no more than this, in bytes. */
  maxBytes: number;
}

interface Kept {
  name: string;
  time: number;
  files: string[];
  bytes: number;
}

/**
 * Removes the folders that are too old, and the oldest ones while there is too much, but never the newest. Only what
 * `keepEvidence` writes is touched: a folder that holds anything else stays as it is. Several workers may prune at once.
 *
 * @returns the names of the folders that are gone
 * @throws Error when a folder can't be read or removed
 */
export async function pruneEvidence(
  directory: string,
  { maxAgeMs, maxBytes }: EvidenceLimits,
  now = Date.now(),
): Promise<string[]> {
  const oldestFirst = await listKept(directory);
  const newest = oldestFirst.pop();
  let bytes = oldestFirst.reduce((sum, kept) => sum + kept.bytes, newest?.bytes ?? 0);
  const gone: string[] = [];
  for (const kept of oldestFirst) {
    if (now - kept.time <= settledMs) break;
    if (now - kept.time <= maxAgeMs && bytes <= maxBytes) break;
    await remove(path.join(directory, kept.name), kept.files);
    bytes -= kept.bytes;
    gone.push(kept.name);
  }
  return gone;
}

async function listKept(directory: string): Promise<Kept[]> {
  const entries = await unlessGone(readdir(directory, { withFileTypes: true }), []);
  const all: Kept[] = [];
  for (const entry of entries) {
    const time = readEvidenceTime(entry.name);
    if (time === undefined || !entry.isDirectory()) continue;
    const folder = path.join(directory, entry.name);
    const files = await unlessGone(readdir(folder), []);
    if (!files.every((file) => evidenceFiles.includes(file))) continue;
    const sizes = await Promise.all(
      files.map((file) =>
        unlessGone(
          lstat(path.join(folder, file)).then(({ size }) => size),
          0,
        ),
      ),
    );
    all.push({ name: entry.name, time, files, bytes: sizes.reduce((sum, size) => sum + size, 0) });
  }
  return all.sort((one, other) => one.time - other.time || one.name.localeCompare(other.name));
}

/** Files of other names are not removed: a folder that is not empty by then stays. */
async function remove(folder: string, files: string[]): Promise<void> {
  for (const file of files) await unlessGone(unlink(path.join(folder, file)), undefined);
  await unless(rmdir(folder), ['ENOENT', 'ENOTEMPTY'], undefined);
}

/** Another worker may have removed it. */
function unlessGone<Result>(doing: Promise<Result>, instead: Result): Promise<Result> {
  return unless(doing, ['ENOENT'], instead);
}

async function unless<Result>(doing: Promise<Result>, codes: string[], instead: Result): Promise<Result> {
  try {
    return await doing;
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return instead;
    throw error;
  }
}

/** Prunes one worker's evidence folder when it starts, and from time to time. */
export class EvidencePruner {
  readonly #directory: string;
  readonly #limits: EvidenceLimits;
  #lastAt = -Infinity;

  constructor(directory: string, limits: EvidenceLimits) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** @throws Error when a folder can't be read or removed */
  async prune(): Promise<void> {
    this.#lastAt = performance.now();
    await pruneEvidence(this.#directory, this.#limits);
  }

  /** Prunes, unless the last pruning was a short time ago. @throws Error when a folder can't be read or removed */
  async pruneNowAndThen(): Promise<void> {
    if (performance.now() - this.#lastAt >= pruneEveryMs) await this.prune();
  }
}
