import { z } from 'zod';
import { type MailServer, startMailServer } from './mail/mail-server.ts';
import { type PictureServer, startPictureServer } from './pictures.ts';
import { directoryOptions, type PodcastDirectory, startPodcastDirectory } from './podcast/directory.ts';
import { hostOptions, type PodcastHost, startPodcastHost } from './podcast/host.ts';
import { socialOptions, type SocialSite, startSocialSite } from './social/site.ts';

const inConfig = {
  domain: true,
  name: true,
  port: true,
  publicUrl: true,
  confirmation: true,
  behaviour: true,
} as const;

const port = z.int().min(0).max(65535).default(0);

export const practiceConfig = z.strictObject({
  dataDir: z.string().min(1),
  /** Opens every site's control API; random for each when absent. */
  controlToken: z.string().min(1).optional(),
  smtpPort: port,
  imapPort: port,
  mailboxes: z.array(z.strictObject({ address: z.email(), password: z.string().min(1) })).default([]),
  sites: z.array(socialOptions.pick(inConfig)).default([]),
  podcasts: z
    .array(
      z.discriminatedUnion('kind', [
        hostOptions.pick({ ...inConfig, kind: true }),
        directoryOptions.pick({ ...inConfig, kind: true, ownerCode: true }),
      ]),
    )
    .default([]),
  /** The picture server's port; none is started when absent. */
  pictures: port.unwrap().optional(),
});
export type PracticeConfig = z.input<typeof practiceConfig>;

export interface Practice {
  mail: MailServer;
  sites: SocialSite[];
  podcasts: (PodcastHost | PodcastDirectory)[];
  pictures?: PictureServer | undefined;
  close(): Promise<void>;
}

/** Starts the mail server, the sites, and the picture server. When one can't start, those that had are closed again. */
export async function startPractice(config: PracticeConfig): Promise<Practice> {
  const { dataDir, controlToken, mailboxes, ...wanted } = practiceConfig.parse(config);
  const started: { close(): Promise<void> }[] = [];
  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    started.unshift(part);
    return part;
  };
  const close = async () => {
    for (const part of started.splice(0)) await part.close();
  };
  try {
    const mail = keep(await startMailServer({ dataDir, smtpPort: wanted.smtpPort, imapPort: wanted.imapPort }));
    for (const { address, password } of mailboxes) mail.addMailbox(address, password);
    const sites: SocialSite[] = [];
    for (const site of wanted.sites) {
      sites.push(keep(await startSocialSite({ ...site, dataDir: `${dataDir}/sites`, smtp: mail.smtp, controlToken })));
    }
    const podcasts: Practice['podcasts'] = [];
    for (const site of wanted.podcasts) {
      const rest = { dataDir: `${dataDir}/podcasts`, smtp: mail.smtp, controlToken };
      podcasts.push(
        keep(
          await (site.kind === 'host'
            ? startPodcastHost({ ...site, ...rest })
            : startPodcastDirectory({ ...site, ...rest })),
        ),
      );
    }
    const pictures =
      wanted.pictures === undefined ? undefined : keep(await startPictureServer({ port: wanted.pictures }));
    return { mail, sites, podcasts, pictures, close };
  } catch (error) {
    await close();
    throw error;
  }
}
