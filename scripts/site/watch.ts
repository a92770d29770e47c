import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright';
import { takePicture } from '../../services/browser/evidence.ts';
import { makeRedactor } from '../../services/redact.ts';
import type { ActionHook } from '../../sites/kit/kit.ts';

/** Shows on stderr what a step does while it does it, and keeps a masked picture of the page after each action. */
export function watchStep(page: Page, listSecrets: () => string[], pictures: string | undefined): ActionHook {
  const begun = performance.now();
  let count = 0;
  const say = (words: string) => process.stderr.write(`${makeRedactor(listSecrets())(words)}\n`);
  const keepPicture = async (name: string) => {
    if (pictures === undefined || page.isClosed()) return;
    count += 1;
    await mkdir(pictures, { recursive: true, mode: 0o700 });
    const file = path.join(pictures, `${String(count).padStart(2, '0')}-${name.replace(/\W+/g, '-')}.png`);
    const picture = await takePicture(page, listSecrets()).catch(() => undefined);
    if (picture) await writeFile(file, picture, { mode: 0o600 });
  };

  return async ({ verb, path: asked, target }, run) => {
    const at = `${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  `;
    const what = [verb, asked ?? target].filter((part) => part !== undefined).join(' ');
    if (verb !== 'see') say(at + what);
    try {
      const result = await run();
      if (verb === 'see') say(`${at}see ${String(result)}`);
      await keepPicture(verb);
      return result;
    } catch (error) {
      if (verb === 'see') say(`${at}see nothing that it waits for`);
      await keepPicture(`${verb}-failed`);
      throw error;
    }
  };
}
