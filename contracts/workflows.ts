import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SignalDefinition,
  type UpdateDefinition,
} from '@temporalio/common';
import type { DispatchResult } from './dispatch.ts';
import type { EntityPhase } from './entity.ts';
import type { HandedStep, HandoffAnswer } from './handoff.ts';
import type { MiniAppUser } from './mini-app.ts';
import type {
  ConnectOutcome,
  LeftTask,
  MiniAppOutcome,
  PodcastOutcome,
  PodcastRequestOutcome,
  RegisterOutcome,
} from './outcomes.ts';
import type { GateState, GateView, PermitRequest, SitePace, VisitResult } from './pace.ts';
import type { KnownPodcasts, PodcastOptions, PodcastRequestState, WaitingPodcast } from './podcast.ts';

/** The task flows that have a manager's API of their own (docs/api-contract.md#common); `flows.ts` describes each. */
export type Flow = 'social' | 'entity' | 'podcast';

/**
 * Every workflow with its arguments and result; `workflows/index.ts` is checked against this.
 *
 * `adopted`: an earlier workflow started the task and closed without a report; this one takes it up where it was left.
 */
export interface Workflows {
  /** Makes one social account, confirms and furnishes it, and reports it exactly once (docs/api-contract.md#social). */
  socialRegister(taskId: string, adopted?: boolean): Promise<RegisterOutcome | LeftTask>;
  /** One phase of an entity task: makes the account, or puts links on its profile (docs/api-contract.md#entity). */
  entityConnect(
    taskId: string,
    phase: EntityPhase,
    adopted?: boolean,
  ): Promise<RegisterOutcome | ConnectOutcome | LeftTask>;
  /** One podcast task, reported exactly once (docs/api-contract.md#podcast). */
  podcastAccount(taskId: string, adopted?: boolean): Promise<PodcastOutcome | LeftTask>;
  /** The podcast tasks of one request, its main sites' first (docs/api-contract.md#podcast-request). */
  podcastRequest(
    requestId: string,
    options: PodcastOptions,
    state?: PodcastRequestState,
  ): Promise<PodcastRequestOutcome>;
  /** Registers one mini-app user (docs/api-contract.md#mini-app). */
  miniAppRegister(user: MiniAppUser): Promise<MiniAppOutcome>;
  /** Pulls a flow's tasks once and starts a workflow for each that can be worked. Run by a Schedule. */
  pullTasks(flow: Flow): Promise<DispatchResult>;
  /** Keeps one site's pace over all workers and flows. */
  siteGate(state?: GateState): Promise<void>;
}
export type WorkflowName = keyof Workflows;

const signal = <Args extends unknown[]>(name: string) => ({ type: 'signal', name }) as SignalDefinition<Args>;
const update = <Result, Args extends unknown[]>(name: string) =>
  ({ type: 'update', name }) as UpdateDefinition<Result, Args>;

/** To a site's gate: a step needs a permit. */
export const requestPermit = signal<[PermitRequest & SitePace]>('requestPermit');
/** To a site's gate: a step is over, or no longer waits for its permit. */
export const releasePermit = signal<[permitId: string, result?: VisitResult]>('releasePermit');
/** To a site's gate: grant nothing for `forMs`, or until it is resumed. */
export const pauseSite = signal<[forMs?: number]>('pauseSite');
/** To a site's gate: end a pause, whoever began it. */
export const resumeSite = signal<[]>('resumeSite');
/** From a site's gate to the workflow of the step: it may act. */
export const permitGranted = signal<[permitId: string]>('permitGranted');
/** To a podcast request: these tasks of it wait at the manager. */
export const tasksWait = signal<[WaitingPodcast[]]>('tasksWait');
/** To a task: a person finished the step that waits for them, or nobody will. Refused when none waits. */
export const answerHandoff: UpdateDefinition<void, [HandoffAnswer]> = update('answerHandoff');

/** What open workflows keep in their memos, which `describe` reads without asking a worker. */
export interface MemoFields {
  /** Of a podcast request: its tasks. */
  known: KnownPodcasts;
  /** Of a site's gate: what it holds. */
  gate: GateView;
  /** Of a task: the step that waits for a person. */
  handed: HandedStep;
}

/** What workflows can be found by in the Web UI. Keywords, since ids are matched as a whole. */
export const searchAttributes = {
  flow: defineSearchAttributeKey('EnlistFlow', SearchAttributeType.KEYWORD),
  domain: defineSearchAttributeKey('EnlistDomain', SearchAttributeType.KEYWORD),
  request: defineSearchAttributeKey('EnlistRequest', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('EnlistOutcome', SearchAttributeType.KEYWORD),
  failure: defineSearchAttributeKey('EnlistFailure', SearchAttributeType.KEYWORD),
};

/** The outcome of a task while a step of it waits for a person. */
export const waitsForPerson = 'waits for a person';

/** A workflow's interface besides its arguments and result. None answers queries: its memo is read instead. */
interface WorkflowContract<Name extends WorkflowName> {
  name: Name;
  signals: Record<string, { type: 'signal'; name: string }>;
  updates: Record<string, { type: 'update'; name: string }>;
  /** The search attributes that it is started with, or sets. */
  attributes: readonly (keyof typeof searchAttributes)[];
  memo: readonly (keyof MemoFields)[];
}

/** Of every workflow that works on a task. */
const task = {
  signals: { permitGranted },
  updates: { answerHandoff },
  attributes: ['flow', 'domain', 'request', 'outcome', 'failure'],
  memo: ['handed'],
} satisfies Omit<WorkflowContract<never>, 'name'>;

/** Every workflow by its name in Temporal. */
export const workflows = {
  socialRegister: { name: 'socialRegister', ...task },
  entityConnect: { name: 'entityConnect', ...task },
  podcastAccount: { name: 'podcastAccount', ...task },
  podcastRequest: {
    name: 'podcastRequest',
    signals: { tasksWait },
    updates: {},
    attributes: ['flow', 'request', 'outcome'],
    memo: ['known'],
  },
  miniAppRegister: { name: 'miniAppRegister', signals: {}, updates: {}, attributes: ['flow', 'outcome'], memo: [] },
  pullTasks: { name: 'pullTasks', signals: {}, updates: {}, attributes: [], memo: [] },
  siteGate: {
    name: 'siteGate',
    signals: { requestPermit, releasePermit, pauseSite, resumeSite },
    updates: {},
    attributes: [],
    memo: ['gate'],
  },
} as const satisfies { [Name in WorkflowName]: WorkflowContract<Name> };
