import { z } from 'zod';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration as people write it (`500ms`, `30s`, `5m`, `24h`, `7d`), read as milliseconds. */
export const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 30s, 5m, 24h or 7d')
  .transform((value) => {
    const [, amount, unit] = /^(\d+)(\D+)$/.exec(value)!;
    return Number(amount) * unitMs[unit as keyof typeof unitMs];
  });

/** A task ends after seven days, whoever is waited for. */
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
    waitForPerson: duration.prefault('0s').pipe(z.number().max(longestWaitForPerson, 'must be at most 6d: a task ends after seven days')),
  })
  .transform(({ url, ...site }) => ({ ...site, url: url ?? `https://${site.domain}` }));
export type SiteSettings = z.infer<typeof siteSettings>;

export const mailServer = z.strictObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65535).default(993),
  tls: z.boolean().default(true),
});
export type MailServer = z.infer<typeof mailServer>;

/** The operator's file, `SITES_FILE` (contract section 8). */
export const sitesFile = z
  .strictObject({
    sites: z.array(siteSettings).default([]),
    mail: z.record(hostName, mailServer).default({}),
  })
  .superRefine((file, context) => {
    const seen = new Set<string>();
    for (const [index, site] of file.sites.entries()) {
      if (seen.has(site.domain)) {
        context.addIssue({ code: 'custom', path: ['sites', index, 'domain'], message: `${site.domain} is listed twice` });
      }
      seen.add(site.domain);
    }
  });
export type SitesFile = z.infer<typeof sitesFile>;
