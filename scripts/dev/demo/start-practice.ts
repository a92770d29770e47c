import path from 'node:path';
import type { PracticeConfig } from '../../../practice/start.ts';
import {
  type Demonstration,
  demonstrationPodcasts,
  demonstrationSites,
  domainOf,
  mailDomain,
} from './demonstration.ts';
import { findPort } from './ports.ts';
import { type Processes, runFile } from './processes.ts';
import { writePrivate, writeSitesFile } from './run-files.ts';

/** The line that tells where the practice sites are. */
interface PracticeAddresses {
  imap: { host: string; port: number };
  sites: { domain: string; url: string }[];
  podcasts: { kind: 'host' | 'directory'; domain: string; url: string }[];
}

export interface PracticeOptions {
  dataDir: string;
  /** Opens every site's control API. */
  controlToken: string;
  picturesPort: number;
  env: Record<string, string>;
}

/** Starts the demonstration's sites, its mail server and its pictures. */
export async function startPractice(
  processes: Processes,
  demonstration: Demonstration,
  { dataDir, controlToken, picturesPort, env }: PracticeOptions,
): Promise<PracticeAddresses> {
  const file = path.join(dataDir, 'practice.json');
  const config: PracticeConfig = {
    dataDir: path.join(dataDir, 'practice'),
    controlToken,
    mailboxes: demonstration.emails.map((address) => ({ address, password: demonstration.mailPassword })),
    sites: await Promise.all(
      demonstrationSites.map(async (site, index) => ({
        domain: domainOf(site),
        port: await findPort(8100 + index),
        confirmation: site.confirmation,
        behaviour: site.behaviour,
      })),
    ),
    podcasts: await Promise.all(
      demonstrationPodcasts.map(async ({ site }, index) => ({ ...site, port: await findPort(8150 + index) })),
    ),
    pictures: picturesPort,
  };
  writePrivate(file, JSON.stringify(config, undefined, 2));
  const line = await processes.start('practice', {
    ...runFile('practice/main.ts'),
    env: { ...env, PRACTICE_CONFIG: file },
    isReady: (text) => text.startsWith('{"smtp"'),
  });
  const practice = JSON.parse(line) as PracticeAddresses;
  for (const { domain, url } of practice.sites) {
    if (demonstrationSites.some((site) => site.totp && domainOf(site) === domain))
      await setTotp(url, controlToken, demonstration.username, demonstration.totpSecret);
  }
  return practice;
}

async function setTotp(siteUrl: string, token: string, username: string, secret: string): Promise<void> {
  const response = await fetch(`${siteUrl}/_practice/totp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-practice-token': token },
    body: JSON.stringify({ username, secret }),
  });
  if (!response.ok) throw new Error(`${siteUrl}/_practice/totp answers ${response.status}`);
}

/** Writes the sites file of the practice sites; gives their addresses. */
export function listPracticeSites(file: string, { imap, sites, podcasts }: PracticeAddresses): string[] {
  const listed = [
    ...sites.map((site) => ({ ...site, kind: 'social' })),
    ...podcasts.map((site) => ({ ...site, kind: `podcast-${site.kind}` })),
  ];
  writeSitesFile(file, {
    sites: listed.map(({ kind, domain, url }) => ({
      domain,
      recipe: `practice-${kind}`,
      url,
      permission: 'a practice site of our own',
      every: '1s',
      atOnce: 2,
    })),
    mail: { [mailDomain]: { ...imap, tls: false } },
  });
  return listed.map(({ url }) => url);
}
