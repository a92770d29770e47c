import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EnvironmentError } from '../../config/environment.ts';
import { KeyRing, loadKeyRing } from '../../config/key-ring.ts';

const key = () => randomBytes(32).toString('base64');

describe('a key ring', () => {
  test('opens what it sealed, and what an older key of it sealed', () => {
    const old = `old:${key()}`;
    const sealed = new KeyRing(old).seal(Buffer.from('hello'));
    const ring = new KeyRing(`new:${key()}, ${old},`);
    expect(ring.currentId).toBe('new');
    expect(ring.open('old', sealed).toString()).toBe('hello');
    expect(ring.open('new', ring.seal(Buffer.from('again'))).toString()).toBe('again');
    expect(() => ring.open('old', ring.seal(Buffer.from('x')))).toThrow();
  });

  test('opens nothing that was changed, cut or shortened', () => {
    const ring = new KeyRing(`a:${key()}`);
    const sealed = ring.seal(Buffer.from('hello'));
    const changed = Buffer.from(sealed);
    changed[14]! ^= 1;
    for (const bad of [changed, sealed.subarray(0, -1), sealed.subarray(0, 20), Buffer.alloc(0)])
      expect(() => ring.open('a', bad)).toThrow();
  });

  test('names the key that it lacks', () => {
    expect(() => new KeyRing(`a:${key()}`).open('b', Buffer.alloc(40))).toThrow('no key "b" in ENLIST_KEYS');
  });

  test.each([
    ['', 'holds no key'],
    ['noid', 'entry 1 must be id:base64 of 32 bytes'],
    [`:${'A'.repeat(44)}`, 'entry 1 must be'],
    [`a:${randomBytes(16).toString('base64')}`, 'entry 1 must be'],
    [`a:${randomBytes(32).toString('base64')},b:planted-secret-key`, 'entry 2 must be'],
  ])('"%s" is refused, without a word of the key', (text, message) => {
    expect(() => new KeyRing(text)).toThrow(EnvironmentError);
    expect(() => new KeyRing(text)).toThrow(message);
    expect(() => new KeyRing(text)).not.toThrow(/planted|=$/);
  });

  test('refuses one id for two keys', () => {
    expect(() => new KeyRing(`a:${key()},a:${key()}`)).toThrow('the key id a is there twice');
  });
});

describe('the key ring of an environment', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-keys-'));
    vi.stubEnv('DATA_DIR', path.join(folder, 'data'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  test('is made once in DATA_DIR, for its owner alone', () => {
    const sealed = loadKeyRing().seal(Buffer.from('hello'));
    expect(loadKeyRing().open('local', sealed).toString()).toBe('hello');
    expect(statSync(path.join(folder, 'data/keys')).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.join(folder, 'data'))).toEqual(['keys']);
  });

  test('is that of ENLIST_KEYS where it is set, and none is made', () => {
    vi.stubEnv('ENLIST_KEYS', `mine:${key()}`);
    expect(loadKeyRing().currentId).toBe('mine');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('must be given in production', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => loadKeyRing()).toThrow('ENLIST_KEYS is not set');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is the same for processes that start at the same time', async () => {
    const module = new URL('../../config/key-ring.ts', import.meta.url).href;
    const rounds = 150;
    const begin = Date.now() + 3_000;
    // Each makes the rings of many folders, in step with the others, so that they meet at most of them.
    const program = `const { loadKeyRing } = await import(${JSON.stringify(module)});
      while (Date.now() < ${begin}) {}
      for (let round = 0; round < ${rounds}; round++) {
        process.env.DATA_DIR = ${JSON.stringify(folder)} + '/' + round;
        process.stdout.write(loadKeyRing().seal(Buffer.from('hello')).toString('base64') + '\\n');
      }`;
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const children = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    const outputs = await Promise.all(children.map((child) => text(child.stdout)));
    const sealed = outputs.map((output) => output.trim().split('\n'));
    for (let round = 0; round < rounds; round++) {
      vi.stubEnv('DATA_DIR', path.join(folder, String(round)));
      const ring = loadKeyRing();
      for (const one of sealed) expect(ring.open('local', Buffer.from(one[round]!, 'base64')).toString()).toBe('hello');
      expect(readdirSync(path.join(folder, String(round)))).toEqual(['keys']);
    }
    expect(readFileSync(path.join(folder, '0/keys'), 'utf8')).toMatch(/^local:\S{44}\n$/);
  });
});
