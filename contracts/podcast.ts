import { z } from 'zod';
import { accountAnswer, accountFields, hasCredential, needsCredential, optionalText, text } from './account.ts';
import { errorMessage } from './envelope.ts';

/** A podcast task as it comes from a manager; `link_rss` is empty on a main site, and on a sub-site whose feed is not known yet. */
export const podcastTask = z.object({
  ...accountFields,
  type_request: text,
  about: text,
  image_url: text,
  link_rss: text,
  group_id: text,
  target: z
    .number()
    .nullish()
    .transform((value) => value ?? 0),
});
export type PodcastTask = z.infer<typeof podcastTask>;

/** Whether a domain is one of the main sites, whose feeds the others import (docs/api-contract.md#main-domains). */
export function isMainSite(domain: string, mainDomains: string[]): boolean {
  return mainDomains.some((main) => main.toLowerCase() === domain.toLowerCase());
}

/** A task as the worker works it: whether it is of a main site is a setting (docs/api-contract.md#main-domains). */
export type PodcastWork = PodcastTask & { main: boolean };

/** A waiting task, as the request's workflow gets it. */
export interface WaitingPodcast {
  id: string;
  domain: string;
  main: boolean;
  /** Whether its `link_rss` is filled. */
  hasFeed: boolean;
  /** It was started before, by a workflow that closed without a report. */
  adopt?: boolean;
}

/** The tasks that a request's workflow holds, and whether each came with its feed. */
export type KnownPodcasts = Record<string, { hasFeed: boolean }>;

/** What the operator sets for podcast requests (docs/api-contract.md#dispatch-settings). */
export interface PodcastOptions {
  /** How long sub-sites wait for a main site while none is being worked, in ms. */
  mainWaitMs: number;
  /** How many sub-sites are worked at the same time. */
  atOnce: number;
}

/** What a run passes on when it continues as new; no child is open then. */
export interface PodcastRequestState {
  waiting: WaitingPodcast[];
  ended: Record<string, string>;
  /** A main site has completed. */
  released: boolean;
  /** Since when sub-sites wait while no main site is being worked, in ms since 1970. */
  idleSince?: number;
}

/** Body of `complete`; a main site also needs `link_rss`, which the body alone does not tell. */
export const completePodcast = z
  .object({
    email: optionalText,
    username: optionalText,
    password: optionalText,
    cookie: optionalText,
    link_rss: optionalText,
    note: optionalText,
  })
  .refine(hasCredential, needsCredential);
export type CompletePodcast = z.infer<typeof completePodcast>;

/** Body of `fail`. */
export const failPodcast = z.object({ error_message: errorMessage, note: optionalText });
export type FailPodcast = z.infer<typeof failPodcast>;

/** A podcast task as the manager answers it. */
export const podcastTaskAnswer = z.object({
  ...accountAnswer,
  type_request: z.literal('register'),
  about: z.string(),
  image_url: z.string(),
  link_rss: z.string().describe('the feed of the main site, on sub-sites only'),
  group_id: z.string(),
  target: z.number().int().describe('how many accounts the request wants'),
});
export type PodcastTaskAnswer = z.infer<typeof podcastTaskAnswer>;
