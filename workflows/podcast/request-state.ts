import type { PodcastRequestOutcome } from '../../contracts/outcomes.ts';
import type { KnownPodcasts, PodcastRequestState, WaitingPodcast } from '../../contracts/podcast.ts';
import type { ChildOutcome } from './run-child.ts';

/** The tasks of one podcast request, as far as its workflow knows them. */
export interface RequestTasks {
  waiting: Map<string, WaitingPodcast>;
  /** Whose workflow is open. */
  open: Map<string, WaitingPodcast>;
  /** How each task's last workflow ended. */
  ended: Record<string, string>;
  /** A main site has completed. */
  released: boolean;
}

export function readState(state: PodcastRequestState | undefined): RequestTasks {
  const request: RequestTasks = {
    waiting: new Map(),
    open: new Map(),
    ended: state?.ended ?? {},
    released: state?.released ?? false,
  };
  addWaiting(request, state?.waiting ?? []);
  return request;
}

/**
 * Takes in what waits at the manager. A pull may be older than what is known here, so a sub-site never loses its feed.
 *
 * @returns whether there is anything to be done about one of them
 */
export function addWaiting({ waiting, open, ended }: RequestTasks, tasks: WaitingPodcast[]): boolean {
  let isNew = false;
  for (const task of tasks) {
    const begun = open.has(task.id) || ended[task.id] !== undefined;
    if (begun && !task.main && !task.hasFeed) continue;
    const known = waiting.get(task.id);
    const adopt = task.adopt ?? known?.adopt;
    waiting.set(task.id, {
      ...task,
      hasFeed: task.hasFeed || (known?.hasFeed ?? false),
      ...(adopt !== undefined && { adopt }),
    });
    isNew = true;
  }
  return isNew;
}

/** What a pull of the workflow's own brought: `gone` are those that it asked for and that can't be worked any more. */
export function addPulled(
  request: RequestTasks,
  { tasks, gone }: { tasks: WaitingPodcast[]; gone: string[] },
): boolean {
  for (const id of gone) {
    request.waiting.delete(id);
    request.ended[id] ??= 'left: gone';
  }
  return addWaiting(
    request,
    tasks.filter(({ id }) => !request.open.has(id)),
  );
}

/** Sub-sites whose feed is not known yet. */
export function listWithoutFeed({ waiting }: RequestTasks): string[] {
  return [...waiting.values()].filter(({ main, hasFeed }) => !main && !hasFeed).map(({ id }) => id);
}

/** Sub-sites wait for a feed, and no main site is at work that could bring it. */
export function waitsForFeed(request: RequestTasks): boolean {
  const mainOpen = [...request.open.values()].some(({ main }) => main);
  return !mainOpen && listWithoutFeed(request).length > 0;
}

/** Opens the tasks that can be started now: every main site's, and at most `atOnce` sub-sites' that have their feed. */
export function openStartable({ waiting, open }: RequestTasks, atOnce: number): WaitingPodcast[] {
  const started: WaitingPodcast[] = [];
  for (const task of [...waiting.values()]) {
    if (open.has(task.id) || !(task.main || task.hasFeed)) continue;
    if (!task.main && [...open.values()].filter(({ main }) => !main).length >= atOnce) continue;
    waiting.delete(task.id);
    open.set(task.id, task);
    started.push(task);
  }
  return started;
}

/** Notes how a child ended. */
export function noteEnd(request: RequestTasks, task: WaitingPodcast, end: ChildOutcome): void {
  const { id } = task;
  if (end.outcome !== 'left') request.ended[id] = end.outcome;
  else if (end.reason === 'no feed') {
    // The manager showed a feed, and shows none any more.
    if (!request.waiting.has(id)) request.waiting.set(id, { ...task, hasFeed: false });
  } else request.ended[id] ??= `left: ${end.reason}`;
  if (task.main && end.outcome === 'completed') request.released = true;
}

/** What pulls need not tell the workflow again. */
export function listKnown({ waiting, open }: RequestTasks): KnownPodcasts {
  return Object.fromEntries([...waiting, ...open].map(([id, { hasFeed }]) => [id, { hasFeed }]));
}

export function describeProgress(request: RequestTasks): string {
  const done = Object.values(request.ended).filter((outcome) => outcome === 'completed').length;
  const parts = [`${done} completed`, `${request.open.size} at work`, `${request.waiting.size} waiting`];
  return parts.join(', ') + (waitsForFeed(request) ? ' for the feed of a main site' : '');
}

/** How the request's workflow ends now; what still waits is left unstarted. */
export function conclude({ waiting, ended, released }: RequestTasks, mainWaitMs: number): PodcastRequestOutcome {
  const tasks = { ...ended };
  for (const id of waiting.keys()) tasks[id] = 'waiting';
  const short = Object.values(tasks).filter((outcome) => outcome !== 'completed').length;
  if (short === 0) return { outcome: 'completed', tasks };
  const lacking = released ? 'the manager gave them no feed' : 'no main site brought a feed';
  const reason =
    waiting.size > 0
      ? `${waiting.size} sub-sites were left unstarted: ${lacking} in ${mainWaitMs / 3_600_000} hours`
      : `${short} of ${Object.keys(tasks).length} tasks did not complete`;
  return { outcome: 'incomplete', reason, tasks };
}
