import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { readEnvironment } from './environment.ts';

/** Fills `process.env` with what it lacks from `DATA_DIR/run.env`, the file that a running `npm start` leaves for other commands. */
export function loadRunEnvironment(): void {
  const file = path.join(readEnvironment('DATA_DIR').DATA_DIR, 'run.env');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return;
  }
  for (const [name, value] of Object.entries(parseEnv(text))) process.env[name] ||= value;
}
