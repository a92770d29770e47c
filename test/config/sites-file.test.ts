import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseSites, Sites, SitesFileError } from '../../config/sites-file.ts';

const one = 'sites:\n  - domain: Wiki.Brand.example\n    recipe: mediawiki\n    permission: our own wiki\n';

describe("the operator's file", () => {
  test('gives a site its defaults, and knows it by its domain in any case', () => {
    expect(parseSites(one, 'f').sites).toEqual([
      {
        domain: 'wiki.brand.example',
        recipe: 'mediawiki',
        permission: 'our own wiki',
        every: 30_000,
        atOnce: 1,
        waitForPerson: 0,
        url: 'https://wiki.brand.example',
      },
    ]);
  });

  test('takes an address, a pace and mail servers', () => {
    const text = `${one}    url: http://127.0.0.1:8080/wiki\n    every: 5m\n    atOnce: 3\n    waitForPerson: 4h\nmail:\n  Brand.example: { host: imap.brand.example }\n`;
    expect(parseSites(text, 'f')).toMatchObject({
      sites: [{ url: 'http://127.0.0.1:8080/wiki', every: 300_000, atOnce: 3, waitForPerson: 4 * 3_600_000 }],
      mail: { 'brand.example': { host: 'imap.brand.example', port: 993, tls: true } },
    });
  });

  test.each(['', '# nothing yet\n', 'sites: []\n', 'mail: {}\n'])('may list nothing: %j', (text) => {
    expect(parseSites(text, 'f')).toEqual({ sites: [], mail: {} });
  });

  test.each([
    [one.replace(/ *permission:.*\n/, ''), 'permission'],
    [one.replace('our own wiki', '"  "'), 'say on whose permission'],
    [`${one}    evrey: 5m\n`, 'evrey'],
    [`${one}    every: 5 minutes\n`, 'must be a duration'],
    [`${one}    atOnce: 0\n`, 'atOnce'],
    [`${one}    waitForPerson: 4 hours\n`, 'must be a duration'],
    [`${one}    waitForPerson: 7d\n`, 'must be at most 6d'],
    [`${one}    url: ftp://wiki.example\n`, 'url'],
    [one + one.replace('sites:\n', '').replace('Wiki', 'wiki'), 'listed twice'],
    ['sites: yes\n', 'sites'],
    ['- a\n', 'expected object'],
    ['sites: [\n', 'is not YAML'],
    ['mail:\n  brand.example: { host: imap.example, port: 70000 }\n', 'port'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseSites(text, 'f')).toThrow(SitesFileError);
    expect(() => parseSites(text, 'f')).toThrow(message);
    expect(() => parseSites(text, 'f')).toThrow('SITES_FILE f');
  });
});

describe('a permission', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-sites-'));
    file = path.join(folder, 'sites.yaml');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  let seconds = 1_000_000;
  /** The file's time tells that it changed; each write has another, however quick the test is. */
  const write = (text: string) => {
    writeFileSync(file, text);
    utimesSync(file, (seconds += 10), seconds);
  };

  test('given or taken holds from the next look on', async () => {
    const sites = new Sites(file);
    write('sites: []\n');
    expect(await sites.find('wiki.brand.example')).toBeUndefined();
    write(one);
    expect(await sites.find('WIKI.brand.example')).toMatchObject({ permission: 'our own wiki' });
    write('sites: []\n');
    expect(await sites.find('wiki.brand.example')).toBeUndefined();
  });

  test('is withdrawn when the file is missing or malformed', async () => {
    const sites = new Sites(file);
    write(one);
    await sites.find('wiki.brand.example');
    write('sites: [\n');
    await expect(sites.find('wiki.brand.example')).rejects.toThrow('is not YAML');
    await expect(sites.find('wiki.brand.example')).rejects.toThrow('is not YAML');
    rmSync(file);
    await expect(sites.find('wiki.brand.example')).rejects.toThrow("can't be read");
  });

  test('is for the domain alone, not for those below or above it', async () => {
    write(one);
    const sites = new Sites(file);
    for (const other of ['brand.example', 'a.wiki.brand.example', 'wiki.brand.example.', 'wikiXbrand.example', '']) {
      expect(await sites.find(other)).toBeUndefined();
    }
  });
});
