import { activityInfo, ApplicationFailure, cancelled, heartbeat } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { BrowserActivities } from '../../activities/browser.ts';
import type { DispatchActivities } from '../../activities/dispatch.ts';
import { readStepFailure } from '../../activities/failure.ts';
import type { FeedActivities } from '../../activities/feed.ts';
import type { MailActivities } from '../../activities/mail.ts';
import type { ManagerActivities } from '../../activities/manager.ts';
import type { MiniAppActivities } from '../../activities/mini-app.ts';
import type { PaceActivities } from '../../activities/pace.ts';
import type { PodcastActivities } from '../../activities/podcast.ts';
import { entityTask } from '../../contracts/entity.ts';
import type { Flow } from '../../contracts/flows.ts';
import type { LeftReason } from '../../contracts/outcomes.ts';
import { isMainSite, podcastTask } from '../../contracts/podcast.ts';
import { socialTask } from '../../contracts/social.ts';
import type { FailureKind, StepFailure } from '../../contracts/step-results.ts';
import { type Workflows, workflows } from '../../contracts/workflows.ts';
import { describeFailure } from '../../services/browser/step-failure.ts';
import { startTask } from '../../temporal/start-task.ts';
import { taskQueues } from '../../temporal/task-queues.ts';
import { podcastRequestId, taskWorkflowId } from '../../temporal/workflow-ids.ts';

/** What a test answers in the activities' place; permits are asked for as in the product. */
export type Scripted = ManagerActivities &
  MailActivities &
  BrowserActivities &
  DispatchActivities &
  MiniAppActivities &
  FeedActivities &
  PodcastActivities;
export type ScriptedName = keyof Scripted;
type Answer<Name extends ScriptedName> = Awaited<ReturnType<Scripted[Name]>>;
export type Script = {
  [Name in ScriptedName]?: (...args: Parameters<Scripted[Name]>) => Answer<Name> | Promise<Answer<Name>>;
};

/** One attempt of an activity. */
export interface Call {
  name: ScriptedName | keyof PaceActivities;
  args: unknown[];
  attempt: number;
  /** When it began, in ms, by the server's clock. */
  at: number;
  /** Set once the activity has answered. */
  answer?: unknown;
}

export interface Report {
  call: 'complete' | 'fail';
  body: Record<string, unknown>;
}

export const session = JSON.stringify({
  cookies: [
    { name: 'sid', value: 'abc' },
    { name: 'lang', value: 'vi' },
  ],
  origins: [],
});

/** Main podcast sites in scenes; `feedUrl` is what they bring. */
export const mainDomains = ['main.test', 'other-main.test'];
export const feedUrl = 'https://main.test/feeds/brand.xml';

/** How a task's workflow ends. */
export interface Outcome {
  outcome: string;
  failure?: FailureKind;
  reason?: LeftReason | (string & {});
  profileUrl?: string;
  feedUrl?: string;
}

/** Whose workflow a scene is of: a task's, or a whole podcast request's. */
export type ScriptedFlow = Flow | 'podcast-request';

/** The task of a scene: its flow, the status that it waits in, and its fields. */
export interface Role {
  flow: ScriptedFlow;
  status: string;
  fields: { id: string; request_id: string; domain: string; username: string } & Record<string, unknown>;
}

/** All goes well, and the site asks for no mail. */
function happyScript({ fields }: Role, profileUrl: string): Script {
  return {
    readTask: () => ({ kind: 'task', task: socialTask.parse(fields) }),
    readConnectTask: () => ({ kind: 'task', task: entityTask.parse(fields) }),
    readPodcastTask: () => ({
      kind: 'task',
      task: { ...podcastTask.parse(fields), main: isMainSite(fields.domain, mainDomains) },
    }),
    startTask: () => ({ kind: 'applied' }),
    completeTask: () => ({ kind: 'applied' }),
    failTask: () => ({ kind: 'applied' }),
    markMailbox: () => ({ mark: { uidValidity: '1', uidNext: 1, markedAt: 0 } }),
    findMail: () => undefined,
    awaitMail: () => ({ kind: 'link', value: `https://${fields.domain}/confirm` }),
    createAccount: () => ({ session, profileUrl }),
    lookFor: () => ({ state: 'absent' }),
    confirmEmail: () => ({ session, profileUrl }),
    updateProfile: () => ({ session, profileUrl, problems: [] }),
    signIn: () => ({ session }),
    addLinks: () => ({ session, profileUrl, added: 1, kept: 0, missing: [] }),
    makeShow: () => ({ session, feedUrl }),
    checkFeed: () => ({ title: 'Brand', ownerEmail: String(fields.email) }),
    importFeed: () => ({ session }),
    confirmImport: () => ({ session }),
    pullRequest: () => ({ tasks: [], gone: [] }),
    awaitWorkflow: () => ({ outcome: 'completed' }),
  };
}

/** Where scenes are played. */
export interface Stage {
  env: TestWorkflowEnvironment;
  /** A client that skips no time when it waits. */
  plainClient: Client;
}

/** One task, and what the activities of its workflow answer. */
export class ScriptedTask {
  readonly role: Role;
  readonly profileUrl: string;
  readonly handle: WorkflowHandle;
  readonly calls: Call[] = [];
  readonly #stage: Stage;
  readonly #script: Script;

  constructor(stage: Stage, role: Role, script: Script) {
    this.#stage = stage;
    this.role = role;
    this.profileUrl = `https://${role.fields.domain}/u/${role.fields.username}`;
    const { flow, fields } = role;
    this.handle = stage.env.client.workflow.getHandle(
      flow === 'podcast-request' ? podcastRequestId(fields.request_id) : taskWorkflowId(flow, fields.id),
    );
    this.#script = { ...happyScript(role, this.profileUrl), ...script };
  }

  /** From now on these activities answer otherwise. */
  play(script: Script): void {
    Object.assign(this.#script, script);
  }

  async start(): Promise<void> {
    const { flow, status, fields } = this.role;
    if (flow === 'podcast-request') throw new Error('a podcast request is started by its tasks');
    if (flow === 'podcast') {
      const options = {
        workflowId: this.handle.workflowId,
        taskQueue: taskQueues.workflows,
        args: [fields.id] as [string],
      };
      await this.#stage.env.client.workflow.start<Workflows['podcastAccount']>(workflows.podcastAccount.name, options);
      return;
    }
    await startTask(this.#stage.env.client, flow, {
      id: fields.id,
      status,
      domain: fields.domain,
      requestId: fields.request_id,
    });
  }

  /** Whether all that the workflow has decided is done, and it waits for a signal: for its permit. */
  async waitsForPermit(): Promise<boolean> {
    const { events } = await this.handle.fetchHistory();
    return this.callsOf('requestPermit').length > 0 && Boolean(events?.at(-1)?.workflowTaskCompletedEventAttributes);
  }

  /** Waits for the outcome; the server skips the time in which nothing happens, until it hears that this has its answer. */
  end(): Promise<Outcome> {
    return this.handle.result() as Promise<Outcome>;
  }

  /** Waits for the outcome while no time is skipped. */
  endWithoutSkipping(): Promise<Outcome> {
    return this.#stage.plainClient.workflow.getHandle(this.handle.workflowId).result() as Promise<Outcome>;
  }

  async run(): Promise<Outcome> {
    await this.start();
    return this.end();
  }

  callsOf(...names: Call['name'][]): Call[] {
    return this.calls.filter(({ name }) => names.includes(name));
  }

  /** The one report that the manager took. @throws Error when it took none, or a second */
  report(): Report {
    const reports = this.callsOf('completeTask', 'failTask').filter(
      ({ answer }) => (answer as { kind?: string } | undefined)?.kind === 'applied',
    );
    const [taken] = reports;
    if (!taken || reports.length > 1)
      throw new Error(`${reports.length} reports were taken: ${this.calls.map(({ name }) => name).join(', ')}`);
    return { call: taken.name === 'completeTask' ? 'complete' : 'fail', body: taken.args[3] as Report['body'] };
  }

  /** An attempt of one of the scripted activities. */
  answer(name: ScriptedName, args: unknown[]): Promise<unknown> {
    const act = this.#script[name] as ((...given: unknown[]) => unknown) | undefined;
    if (!act) throw ApplicationFailure.nonRetryable(`${this.handle.workflowId} has no ${name} in its script`);
    return this.note(name, args, () => act(...args));
  }

  async note(name: Call['name'], args: unknown[], act: () => unknown): Promise<unknown> {
    const call: Call = { name, args, attempt: activityInfo().attempt, at: await this.#stage.env.currentTimeMs() };
    this.calls.push(call);
    const answer = await act();
    call.answer = answer ?? null;
    return answer;
  }
}

/** A browser step's failure, as the step makes it of an error, without where in a test that was. */
export function stepFailure(
  error: Error,
  submitted: boolean,
  cancelled = false,
  more: Partial<StepFailure> = {},
): Error {
  return withoutStack(
    readStepFailure(describeFailure(error, { submitted, cancelled, overdue: false, redact: (text) => text, ...more })),
  );
}

/** A step's failure at a site whose operator has people waited for. */
export function handedFailure(error: Error, submitted: boolean, waitForPersonMs: number): Error {
  return stepFailure(error, submitted, false, { waitForPersonMs, page: '/signup', evidence: 'evidence-1' });
}

/** Any other activity's failure; `retryAfterMs` is what the other side asks for. */
export function activityFailure(type: string, message: string, retryAfterMs?: number): Error {
  return withoutStack(ApplicationFailure.create({ type, message, nextRetryDelay: retryAfterMs, category: 'BENIGN' }));
}

function withoutStack(failure: Error): Error {
  failure.stack = '';
  return failure;
}

/** Beats, as a step does, until its cancellation arrives. */
export async function untilCancelled(): Promise<void> {
  const beating = setInterval(() => heartbeat(), 20);
  heartbeat();
  await cancelled().catch(() => {});
  clearInterval(beating);
}
