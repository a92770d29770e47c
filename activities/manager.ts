import { activityInfo, ApplicationFailure, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { z } from 'zod';
import type { Sites } from '../config/sites-file.ts';
import { type CompleteConnect, type EntityTask, entityTask, type FailConnect } from '../contracts/entity.ts';
import { cutErrorMessage } from '../contracts/envelope.ts';
import type { Flow } from '../contracts/flows.ts';
import { findPlaceholder } from '../contracts/placeholders.ts';
import {
  type CompletePodcast,
  type FailPodcast,
  isMainSite,
  podcastTask,
  type PodcastWork,
} from '../contracts/podcast.ts';
import { type CompleteRegister, type FailRegister, type SocialTask, socialTask } from '../contracts/social.ts';
import type { TaskRead, TransitionResult } from '../contracts/step-results.ts';
import { applyOnce, type Transition } from '../services/manager-client/apply-transition.ts';
import { NoAnswer, type TaskClient } from '../services/manager-client/task-client.ts';
import { beatWhile } from './heartbeat.ts';

export interface ManagerActivityOptions {
  client: TaskClient;
  sites: Sites;
  /** The domains of main podcast sites (docs/api-contract.md#main-domains). */
  mainDomains: string[];
}

/** The last attempt of this activity up to which all ended before the manager could have acted. */
interface Undoubted {
  through: number;
}

function toRetry(error: NoAnswer): ApplicationFailure {
  if (error.alarm) log.error('the manager refuses the key: set ASSIGN_API_KEY to one that it knows');
  return ApplicationFailure.create({
    type: 'ManagerUnavailable',
    message: error.message,
    nextRetryDelay: error.retryAfterMs,
  });
}

/** A call to the manager with heartbeats; Temporal retries it when there is no answer. */
export function orRetry<Result>(call: () => Promise<Result>): Promise<Result> {
  return beatWhile(async () => {
    try {
      return await call();
    } catch (error) {
      throw error instanceof NoAnswer ? toRetry(error) : error;
    }
  });
}

/**
 * Makes one transition with Temporal's retries. Any earlier attempt that ended without an answer, a killed worker's
 * too, may have been applied, unless its heartbeat says that it was not.
 */
function applyWithDoubt(client: TaskClient, transition: Transition): Promise<TransitionResult> {
  const info = activityInfo();
  const { attempt } = info;
  const undoubted = (info.heartbeatDetails as Undoubted | undefined)?.through ?? 0;
  const doubted = attempt - 1 > undoubted;
  return beatWhile(async () => {
    try {
      return await applyOnce(client, transition, doubted, cancellationSignal());
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      // The last heartbeat of this attempt: `beatWhile` ends with it.
      if (!doubted && !error.mayBeApplied) heartbeat({ through: attempt } satisfies Undoubted);
      throw toRetry(error);
    }
  });
}

export function createManagerActivities({ client, sites, mainDomains }: ManagerActivityOptions) {
  async function read<Task extends { domain: string }>(
    flow: Flow,
    id: string,
    status: string | undefined,
    schema: z.ZodType<Task>,
  ): Promise<TaskRead<Task>> {
    const answer = await orRetry(() => client.read(flow, id, status, cancellationSignal()));
    if (answer.kind === 'mismatch') return { kind: 'left', reason: 'stale' };
    if (answer.kind === 'gone') return { kind: 'left', reason: 'gone' };
    const parsed = schema.safeParse(answer.kind === 'ok' ? answer.data : undefined);
    if (!parsed.success) return { kind: 'left', reason: 'malformed' };
    if (!(await sites.find(parsed.data.domain))) return { kind: 'left', reason: 'not enabled' };
    return { kind: 'task', task: parsed.data };
  }

  return {
    /** Reads a task of a register phase that is expected in `status`. Sends nothing that changes it. */
    readTask(flow: Flow, id: string, status: string): Promise<TaskRead<SocialTask>> {
      return read(flow, id, status, socialTask);
    },

    /** Reads an entity task that is expected in `status` of its connect phase. */
    readConnectTask(id: string, status: string): Promise<TaskRead<EntityTask>> {
      return read('entity', id, status, entityTask);
    },

    /** Reads a podcast task, whatever its status. A sub-site whose feed is not known yet is left. */
    async readPodcastTask(id: string): Promise<TaskRead<PodcastWork>> {
      const answer = await read('podcast', id, undefined, podcastTask);
      if (answer.kind === 'left') return answer;
      const main = isMainSite(answer.task.domain, mainDomains);
      if (!main && answer.task.link_rss === '') return { kind: 'left', reason: 'no feed' };
      return { kind: 'task', task: { ...answer.task, main } };
    },

    startTask(flow: Flow, id: string, from: string | undefined): Promise<TransitionResult> {
      return applyWithDoubt(client, { flow, id, call: 'start', from });
    },

    /** Reports success. `invalid` when the manager, or our own check for placeholders, refuses the body. */
    async completeTask(
      flow: Flow,
      id: string,
      from: string | undefined,
      body: CompleteRegister | CompleteConnect | CompletePodcast,
    ): Promise<TransitionResult> {
      const placeholder = findPlaceholder(body);
      if (placeholder) return { kind: 'invalid', message: `placeholder rejected: ${placeholder}` };
      return applyWithDoubt(client, { flow, id, call: 'complete', from, body });
    },

    /** Reports failure; a text that the manager refuses is replaced by a fixed one, once. */
    async failTask(
      flow: Flow,
      id: string,
      from: string | undefined,
      body: FailRegister | FailConnect | FailPodcast,
    ): Promise<TransitionResult> {
      const cut = { ...body, error_message: cutErrorMessage(body.error_message) };
      const applied = await applyWithDoubt(client, { flow, id, call: 'fail', from, body: cut });
      if (applied.kind !== 'invalid') return applied;
      log.warn('the manager refused the error message', { answer: applied.message });
      const plain = {
        ...('status' in body && { status: body.status }),
        error_message: 'failed; the details were refused by the manager',
      };
      return applyWithDoubt(client, { flow, id, call: 'fail', from, body: plain });
    },
  };
}

export type ManagerActivities = ReturnType<typeof createManagerActivities>;
