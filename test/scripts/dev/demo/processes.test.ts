import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Processes } from '../../../../scripts/dev/demo/processes.ts';

let folder: string;
let processes: Processes;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'processes-'));
  processes = new Processes(path.join(folder, 'logs'));
});
afterEach(() => {
  processes.kill();
  rmSync(folder, { recursive: true });
});

const node = (script: string, env: Record<string, string> = {}) => ({
  command: process.execPath,
  args: ['--eval', script],
  env,
  isReady: (line: string) => line.startsWith('ready'),
});
const stayUp = 'setInterval(() => {}, 1000);';

test('a process is ready by a line of its output, and all that it writes is in a log for the operator alone', async () => {
  const script = `console.log('first'); console.error('a warning'); console.log('ready', process.env.PLACE); ${stayUp}`;
  expect(await processes.start('one', node(script, { PLACE: 'here' }))).toBe('ready here');
  await processes.stop();
  const log = processes.logFile('one');
  expect(readFileSync(log, 'utf8').split('\n').sort()).toEqual(['', 'a warning', 'first', 'ready here']);
  expect(statSync(log).mode & 0o777).toBe(0o600);
});

test('one that ends before it is ready tells its last words', async () => {
  await expect(processes.start('one', node(`console.error('no key'); process.exitCode = 3;`))).rejects.toThrow(
    /^one ended \(code 3\) before it was ready:\nno key\n/,
  );
  await expect(processes.start('two', { ...node(''), command: path.join(folder, 'absent') })).rejects.toThrow(
    'two ended (ENOENT) before it was ready',
  );
});

test('one that dies later ends the run, unless it is to be started again', async () => {
  const started = (await processes.start('one', {
    ...node(`console.log('ready', process.pid); ${stayUp}`),
    restart: true,
  })) as `ready ${string}`;
  process.kill(Number(started.split(' ')[1]), 'SIGKILL');
  const lines = () => readFileSync(processes.logFile('one'), 'utf8').trim().split('\n');
  await expect.poll(lines, { timeout: 10_000 }).toHaveLength(2);

  await processes.start('two', node(`console.log('ready'); setTimeout(() => process.exit(4), 200);`));
  await expect(processes.failed).rejects.toThrow('two ended (code 4)');
});

test('they stop one after the other, the last started first', async () => {
  const file = path.join(folder, 'ends');
  const script = (name: string, after: number) =>
    `process.on('SIGTERM', () => setTimeout(() => { require('node:fs').appendFileSync(${JSON.stringify(file)}, '${name} '); process.exit(); }, ${after})); console.log('ready'); ${stayUp}`;
  await processes.start('one', node(script('one', 0)));
  await processes.start('two', node(script('two', 300)));
  await processes.stop();
  expect(readFileSync(file, 'utf8')).toBe('two one ');
});
