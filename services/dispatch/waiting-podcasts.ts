import type { Sites } from '../../config/sites-file.ts';
import { isMainSite, type PodcastTask, podcastTask, type WaitingPodcast } from '../../contracts/podcast.ts';
import type { TaskClient } from '../manager-client/task-client.ts';
import { readList } from './read-list.ts';
import { podcastList } from './waiting-lists.ts';

export interface Waiting {
  assign: TaskClient;
  sites: Sites;
  /** The domains of main sites (docs/api-contract.md#main-domains). */
  mainDomains: string[];
}

/** What a request's workflow is told of a task. */
export function describeWaiting({ id, domain, link_rss }: PodcastTask, mainDomains: string[]): WaitingPodcast {
  return { id, domain, main: isMainSite(domain, mainDomains), hasFeed: link_rss !== '' };
}

/** The tasks of a request, of enabled domains, that wait at the manager. @throws NoAnswer when the manager gave no list */
export async function listWaiting(
  waiting: Waiting,
  requestId: string,
  signal?: AbortSignal,
): Promise<WaitingPodcast[]> {
  const { workable } = await readList('podcast', podcastList, waiting, signal);
  return workable
    .filter((task) => task.request_id === requestId)
    .map((task) => describeWaiting(task, waiting.mainDomains));
}

/** One task, read again; undefined when it was deleted, is malformed, or its domain is not enabled. @throws NoAnswer */
export async function readWaiting(
  { assign, sites, mainDomains }: Waiting,
  id: string,
  signal?: AbortSignal,
): Promise<WaitingPodcast | undefined> {
  const answer = await assign.read('podcast', id, undefined, signal);
  const { data } = podcastTask.safeParse(answer.kind === 'ok' ? answer.data : undefined);
  return data && (await sites.find(data.domain)) ? describeWaiting(data, mainDomains) : undefined;
}
