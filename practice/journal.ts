import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';

/** An append-only file of JSON lines. What `append` has returned from survives the death of the process. */
export interface Journal<Entry> {
  append(entry: Entry): void;
  close(): void;
}

/**
 * Opens `file`, makes it when absent, and gives every entry in it to `replay`, oldest first.
 * A torn last line (the process died while it wrote) is cut off.
 *
 * @throws Error naming the line when any other line is no JSON.
 */
export function openJournal<Entry>(file: string, replay: (entry: Entry) => void): Journal<Entry> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, 'a+', 0o600);
  const bytes = readFileSync(file);
  const whole = bytes.lastIndexOf('\n') + 1;
  if (whole < bytes.length) truncateSync(file, whole);
  for (const [index, line] of bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1).entries()) {
    let entry: Entry;
    try {
      entry = JSON.parse(line) as Entry;
    } catch {
      closeSync(descriptor);
      throw new Error(`${path.basename(file)}: line ${index + 1} is damaged`);
    }
    replay(entry);
  }
  return {
    append: (entry) => appendFileSync(descriptor, `${JSON.stringify(entry)}\n`),
    close: () => closeSync(descriptor),
  };
}
