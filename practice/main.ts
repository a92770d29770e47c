import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { practiceConfig, startPractice } from './start.ts';

/** Starts what the JSON file named by `PRACTICE_CONFIG` says, prints one JSON line of addresses, and stays until SIGTERM. */
async function main(): Promise<void> {
  const file = process.env.PRACTICE_CONFIG;
  if (!file) throw new Error('PRACTICE_CONFIG must name a JSON file');
  const parsed = practiceConfig.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`PRACTICE_CONFIG: ${z.prettifyError(parsed.error)}`);
  const practice = await startPractice(parsed.data);

  const stop = () => {
    practice.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const { mail, sites, podcasts, pictures } = practice;
  console.log(
    JSON.stringify({
      smtp: mail.smtp,
      imap: mail.imap,
      sites: sites.map(({ domain, url }) => ({ domain, url })),
      podcasts: podcasts.map(({ kind, domain, url }) => ({ kind, domain, url })),
      pictures: pictures?.url,
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
