import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { type SitesFile, type SiteSettings, sitesFile } from '../contracts/sites.ts';

export class SitesFileError extends Error {
  override name = 'SitesFileError';
}

/**
 * The operator's file of sites. Read again when it changes, so that a permission given or taken holds from the next
 * step on, without a restart.
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
