import type { EntityPhase } from './entity.ts';
import { type Standing, type Status, statuses } from './flow-statuses.ts';
import { type Flow, type WorkflowName, workflows } from './workflows.ts';

export type { Flow } from './workflows.ts';

/** What a worker reports of a task. */
type ReportEvent = 'complete' | 'fail' | 'register_failed' | 'profile_failed';
/** What the manager does to a task by itself. */
type ManagerEvent = 'release' | 'skip_connect' | 'retry' | 'give_up';
export type Event = 'start' | ReportEvent | ManagerEvent;

/** One stretch of work: from its start to its one report. */
interface Phase<Of extends string> {
  /** The status of a task from its start to its report. */
  working: Of;
  /** The status that each report leads to. */
  reports: Partial<Record<ReportEvent, Of>>;
}

interface FlowDescriptor<Of extends string = string> {
  /** In the API's own description. */
  description: string;
  /** Where its calls live under `ASSIGN_URL`. */
  path: string;
  /** Whether its lists and its reads are asked for a status. */
  asksForStatus: boolean;
  statuses: Record<Of, Standing>;
  /** By the status that tasks wait in for the phase; a new task waits for the first. */
  phases: Partial<Record<Of, Phase<Of>>>;
  managerMoves: Partial<Record<ManagerEvent, { from: Of; to: Of }>>;
  /** The workflow that is started when tasks wait. */
  startedWorkflow: WorkflowName;
  /** The workflow that works one task and reports it. */
  taskWorkflow: WorkflowName;
}

/** The flows of which each task is started by itself. */
const startedByTask = {
  social: {
    description: 'Accounts on social sites',
    path: '/api/v1/social_account',
    asksForStatus: true,
    statuses: statuses.social,
    phases: {
      register: {
        working: 'registering',
        reports: { complete: 'completed', register_failed: 'final_failed', profile_failed: 'active' },
      },
    },
    managerMoves: {},
    startedWorkflow: workflows.socialRegister.name,
    taskWorkflow: workflows.socialRegister.name,
  },
  entity: {
    description: 'Accounts and the links on their profiles',
    path: '/api/v1/entity',
    asksForStatus: true,
    statuses: statuses.entity,
    phases: {
      register: {
        working: 'registering',
        reports: { complete: 'registered', register_failed: 'final_failed', profile_failed: 'registered' },
      },
      connect: { working: 'connecting', reports: { complete: 'completed', fail: 'connect_failed' } },
    } satisfies Record<EntityPhase, Phase<Status<'entity'>>>,
    managerMoves: {
      release: { from: 'registered', to: 'connect' },
      skip_connect: { from: 'registered', to: 'completed' },
      retry: { from: 'connect_failed', to: 'connect' },
    },
    startedWorkflow: workflows.entityConnect.name,
    taskWorkflow: workflows.entityConnect.name,
  },
} as const satisfies { [Name in Flow]?: FlowDescriptor<Status<Name>> };

/** The flows of which a request's tasks are started together. */
const startedByRequest = {
  podcast: {
    description: 'Podcast accounts and their feed',
    path: '/api/v1/podcast_account',
    asksForStatus: false,
    statuses: statuses.podcast,
    phases: { pending: { working: 'running', reports: { complete: 'completed', fail: 'failed' } } },
    managerMoves: { retry: { from: 'failed', to: 'pending' }, give_up: { from: 'failed', to: 'final_failed' } },
    startedWorkflow: workflows.podcastRequest.name,
    taskWorkflow: workflows.podcastAccount.name,
  },
} as const satisfies { [Name in Flow]?: FlowDescriptor<Status<Name>> };

/** All that the rest of the code knows of a flow; its schemas are in `flow-schemas.ts`, since workflows take no zod. */
export const flows = { ...startedByTask, ...startedByRequest } satisfies Record<Flow, FlowDescriptor>;

export type TaskFlow = keyof typeof startedByTask;
export const flowNames = Object.keys(flows) as [Flow, ...Flow[]];
/** Every workflow that works one task. */
export const taskWorkflows = [...new Set(flowNames.map((flow) => flows[flow].taskWorkflow))];

export function isFlow(name: string): name is Flow {
  return Object.hasOwn(flows, name);
}

export function isStartedByTask(flow: Flow): flow is TaskFlow {
  return Object.hasOwn(startedByTask, flow);
}

interface ListedPhase extends Phase<Status> {
  waiting: Status;
}

/** A flow's phases in their order: each flow has one. */
export function listPhases(flow: Flow): [ListedPhase, ...ListedPhase[]] {
  const phases = Object.entries(flows[flow].phases) as [Status, Phase<Status>][];
  return phases.map(([waiting, phase]) => ({ waiting, ...phase })) as [ListedPhase, ...ListedPhase[]];
}

/** How a task of the flow stands that has this status; an unknown one is open. */
export function readStanding(flow: Flow, status: string): Standing {
  const known: Record<string, Standing> = flows[flow].statuses;
  return known[status] ?? 'open';
}

/** One step of a task from a status to the next. Within an event no two lead to the same status. */
export interface Transition {
  event: Event;
  from: Status;
  to: Status;
}

/** Every transition of a flow's tasks (docs/api-contract.md#transitions). */
export function listTransitions(flow: Flow): Transition[] {
  const moves = Object.entries(flows[flow].managerMoves) as [ManagerEvent, { from: Status; to: Status }][];
  return [
    ...listPhases(flow).flatMap(({ waiting, working, reports }) => [
      { event: 'start' as const, from: waiting, to: working },
      ...(Object.entries(reports) as [ReportEvent, Status][]).map(([event, to]) => ({ event, from: working, to })),
    ]),
    ...moves.map(([event, { from, to }]) => ({ event, from, to })),
  ];
}
