import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EnvironmentError, readEnvironment } from '../../../config/environment.ts';
import { keepEvidence } from '../../../services/browser/evidence.ts';
import { EvidencePruner, pruneEvidence } from '../../../services/browser/prune-evidence.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.parse('2026-11-24T12:00:00.000Z');
const roomy = { maxAgeMs: 14 * day, maxBytes: 1e9 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-evidence-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A folder as a failed step leaves it, of an age and a size, its journal and its picture together. */
function keep(ageMs: number, bytes = 100, task = 'task-1'): string {
  const name = `${new Date(now - ageMs).toISOString().replace(/[:.]/g, '-')}-createAccount-${task}`;
  mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, name, 'step.json'), Buffer.alloc(bytes - 40));
  writeFileSync(path.join(folder, name, 'page.png'), Buffer.alloc(40));
  return name;
}

const left = () => readdirSync(folder).sort();

describe('by age', () => {
  test('removes what is older, and nothing else', async () => {
    const [old, older, young] = [keep(14 * day + 1), keep(30 * day), keep(14 * day)];
    expect(await pruneEvidence(folder, roomy, now)).toEqual([older, old]);
    expect(left()).toEqual([young]);
  });

  test('keeps the newest, however old', async () => {
    keep(31 * day);
    const newest = keep(30 * day);
    await pruneEvidence(folder, roomy, now);
    expect(left()).toEqual([newest]);
  });
});

describe('by size', () => {
  test('removes the oldest until the rest fits', async () => {
    const names = [5, 4, 3, 2].map((hours) => keep(hours * hour, 1_000));
    await pruneEvidence(folder, { ...roomy, maxBytes: 2_000 }, now);
    expect(left()).toEqual(names.slice(2));
  });

  test('removes nothing when all of it just fits', async () => {
    const names = [3, 2].map((hours) => keep(hours * hour, 1_000));
    await pruneEvidence(folder, { ...roomy, maxBytes: 2_000 }, now);
    expect(left()).toEqual(names);
  });

  test('keeps the newest, however large, and what may still be written', async () => {
    keep(2 * hour);
    const fresh = keep(59_000, 1_000, 'one-task');
    const newest = keep(1_000, 5_000, 'another-task');
    await pruneEvidence(folder, { maxAgeMs: 0, maxBytes: 0 }, now);
    expect(left()).toEqual([fresh, newest]);
  });
});

describe('touches nothing that is no evidence', () => {
  test.each<[string, () => string]>([
    ['a folder of another name', () => 'notes'],
    ['a name that begins like a time', () => '2026-01-01-createAccount-task'],
    ['a time that is none', () => '2026-13-01T00-00-00-000Z-createAccount-task-1'],
  ])('%s', async (_what, nameIt) => {
    keep(1 * hour);
    const name = nameIt();
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, 'step.json'), 'kept');
    await pruneEvidence(folder, { maxAgeMs: 0, maxBytes: 0 }, now);
    expect(existsSync(path.join(folder, name, 'step.json'))).toBe(true);
  });

  test('a folder that someone has put something into', async () => {
    const name = keep(30 * day);
    writeFileSync(path.join(folder, name, 'notes.txt'), 'to be looked into');
    keep(1 * hour);
    await pruneEvidence(folder, roomy, now);
    expect(readdirSync(path.join(folder, name)).sort()).toEqual(['notes.txt', 'page.png', 'step.json']);
  });

  test('a file, or a link to a folder elsewhere, by the name of a folder of evidence', async () => {
    const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'enlist-elsewhere-'));
    try {
      writeFileSync(path.join(elsewhere, 'step.json'), 'not ours');
      const [file, link] = ['file', 'link'].map((task) => path.join(folder, `2026-01-01T00-00-00-000Z-signIn-${task}`));
      writeFileSync(file!, '');
      symlinkSync(elsewhere, link!);
      keep(1 * hour);
      await pruneEvidence(folder, roomy, now);
      expect([file, link, path.join(elsewhere, 'step.json')].map((one) => existsSync(one!))).toEqual([
        true,
        true,
        true,
      ]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});

describe('a folder that several workers share', () => {
  test('is pruned by all of them at once', async () => {
    for (let task = 0; task < 200; task++) keep(30 * day + task, 100, `task-${task}`);
    const newest = keep(1 * hour);
    await Promise.all(Array.from({ length: 4 }, () => pruneEvidence(folder, roomy, now)));
    expect(left()).toEqual([newest]);
  });

  test('may not be there yet', async () => {
    expect(await pruneEvidence(path.join(folder, 'none'), roomy, now)).toEqual([]);
  });

  test('and a folder that another has removed half is removed as a whole', async () => {
    const name = keep(30 * day);
    rmSync(path.join(folder, name, 'step.json'));
    keep(1 * hour);
    expect(await pruneEvidence(folder, roomy, now)).toEqual([name]);
  });
});

describe("a worker's pruning", () => {
  test('is done at its start, and not again at once', async () => {
    const pruner = new EvidencePruner(folder, { maxAgeMs: hour, maxBytes: 1e9 });
    vi.useFakeTimers({ now, toFake: ['Date', 'performance'] });
    try {
      keep(2 * hour);
      const newest = keep(0);
      await pruner.prune();
      expect(left()).toEqual([newest]);
      const old = keep(3 * hour);
      await pruner.pruneNowAndThen();
      expect(left()).toEqual([old, newest]);
      vi.advanceTimersByTime(60_000);
      await pruner.pruneNowAndThen();
      expect(left()).toEqual([newest]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('knows what a failed step leaves', async () => {
    const about = { step: 'createAccount', error: 'e', address: 'http://site.test/', journal: [], secrets: [] };
    const one = await keepEvidence(folder, undefined, { ...about, taskId: 'a task/1 ế' });
    const other = await keepEvidence(folder, undefined, { ...about, taskId: 'task-2' });
    expect(left()).toEqual([one, other].sort());
    await pruneEvidence(folder, { maxAgeMs: 0, maxBytes: 0 }, Date.now() + hour);
    expect(left()).toHaveLength(1);
  });
});

describe('the limits', () => {
  test('are 14 days and a gigabyte, unless they are set', () => {
    expect(readEnvironment('EVIDENCE_MAX_AGE', 'EVIDENCE_MAX_SIZE')).toEqual({
      EVIDENCE_MAX_AGE: 14 * day,
      EVIDENCE_MAX_SIZE: 1e9,
    });
    vi.stubEnv('EVIDENCE_MAX_AGE', '36h');
    vi.stubEnv('EVIDENCE_MAX_SIZE', '500MB');
    expect(readEnvironment('EVIDENCE_MAX_AGE', 'EVIDENCE_MAX_SIZE')).toEqual({
      EVIDENCE_MAX_AGE: 36 * hour,
      EVIDENCE_MAX_SIZE: 5e8,
    });
  });

  test.each(['500', '1.5GB', 'MB', '-1GB', '1 GB', '1gb'])('%j is no size', (value) => {
    vi.stubEnv('EVIDENCE_MAX_SIZE', value);
    expect(() => readEnvironment('EVIDENCE_MAX_SIZE')).toThrow(
      new EnvironmentError('EVIDENCE_MAX_SIZE must be a size such as 200KB, 500MB or 2GB'),
    );
  });
});
