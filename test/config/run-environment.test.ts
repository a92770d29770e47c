import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readEnvironment } from '../../config/environment.ts';
import { loadRunEnvironment } from '../../config/run-environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-environment-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('run.env', () => {
  test('fills in what is unset or empty, and nothing else', () => {
    writeFileSync(
      path.join(folder, 'run.env'),
      'ASSIGN_URL=http://127.0.0.1:1\nASSIGN_API_KEY=from-file\nCODEC_ORIGINS="a,b"\n',
    );
    vi.stubEnv('DATA_DIR', folder);
    vi.stubEnv('ASSIGN_URL', 'http://127.0.0.1:2');
    vi.stubEnv('ASSIGN_API_KEY', '');
    vi.stubEnv('CODEC_ORIGINS', undefined);
    loadRunEnvironment();
    expect(readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY', 'CODEC_ORIGINS')).toEqual({
      ASSIGN_URL: 'http://127.0.0.1:2',
      ASSIGN_API_KEY: 'from-file',
      CODEC_ORIGINS: ['a', 'b'],
    });
  });

  test('need not be there', () => {
    vi.stubEnv('DATA_DIR', path.join(folder, 'nowhere'));
    expect(() => loadRunEnvironment()).not.toThrow();
  });
});
