import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { duration, unitMs } from './duration.ts';

/** Less than the seven days after which a task ends. */
const longestWaitForPerson = 6 * unitMs.d;

const hostName = z
  .string()
  .min(1)
  .transform((value) => value.toLowerCase());

/** One site that the operator lets enlist act on, and the permission it rests on. */
export const siteSettings = z
  .strictObject({
    domain: hostName,
    recipe: z.string().min(1),
    url: z.url({ protocol: /^https?$/ }).optional(),
    permission: z.string().trim().min(1, 'say on whose permission enlist may act there'),
    every: duration.prefault('30s'),
    atOnce: z.number().int().min(1).default(1),
    /** How long a step that meets a human check or an unknown page waits for a person; 0: it is reported at once. */
    waitForPerson: duration
      .prefault('0s')
      .pipe(z.number().max(longestWaitForPerson, 'must be at most 6d: a task ends after seven days')),
  })
  .transform(({ url, ...site }) => ({ ...site, url: url ?? `https://${site.domain}` }));
export type SiteSettings = z.infer<typeof siteSettings>;

export const mailServer = z.strictObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65535).default(993),
  tls: z.boolean().default(true),
});
export type MailServer = z.infer<typeof mailServer>;

/** The operator's file, `SITES_FILE` (docs/api-contract.md#sites-file). */
export const sitesFile = z
  .strictObject({
    sites: z.array(siteSettings).default([]),
    mail: z.record(hostName, mailServer).default({}),
  })
  .superRefine((file, context) => {
    const seen = new Set<string>();
    for (const [index, site] of file.sites.entries()) {
      if (seen.has(site.domain)) {
        context.addIssue({
          code: 'custom',
          path: ['sites', index, 'domain'],
          message: `${site.domain} is listed twice`,
        });
      }
      seen.add(site.domain);
    }
  });
export type SitesFile = z.infer<typeof sitesFile>;

export class SitesFileError extends Error {
  override name = 'SitesFileError';
}

/**
 * The operator's file of sites. Read again when it changes, so that a permission that is given or withdrawn takes
 * effect with the next step, without a restart.
 */
export class Sites {
  readonly #file: string;
  #read: { modified: number; content: SitesFile } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws SitesFileError saying what is wrong and where */
  async read(): Promise<SitesFile> {
    let modified: number;
    try {
      modified = (await stat(this.#file)).mtimeMs;
    } catch {
      throw new SitesFileError(`SITES_FILE ${this.#file} can't be read: write one that lists the sites you may act on`);
    }
    if (this.#read?.modified !== modified) {
      this.#read = { modified, content: parseSites(await readFile(this.#file, 'utf8'), this.#file) };
    }
    return this.#read.content;
  }

  /** The settings of a domain, or undefined when the operator does not list it. @throws SitesFileError */
  async find(domain: string): Promise<SiteSettings | undefined> {
    const { sites } = await this.read();
    return sites.find((site) => site.domain === domain.toLowerCase());
  }
}

/** @throws SitesFileError */
export function parseSites(text: string, name: string): SitesFile {
  let content: unknown;
  try {
    content = parse(text) ?? {};
  } catch (error) {
    throw new SitesFileError(`SITES_FILE ${name} is not YAML: ${(error as Error).message}`);
  }
  const parsed = sitesFile.safeParse(content);
  if (!parsed.success) throw new SitesFileError(`SITES_FILE ${name}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
