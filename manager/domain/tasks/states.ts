import type { Flow, Status } from '../../../contracts/flows.ts';

export type Event =
  | 'start'
  | 'complete'
  | 'register_failed'
  | 'profile_failed'
  | 'fail'
  | 'release'
  | 'skip_connect'
  | 'retry'
  | 'give_up';

type Transitions = Partial<Record<Event, Partial<Record<Status, Status>>>>;

/**
 * Every transition of every flow (docs/api-contract.md#transitions): event, status before, status after. Within an
 * event no two lead to the same status.
 */
export const transitions: Record<Flow, Transitions> = {
  social: {
    start: { register: 'registering' },
    complete: { registering: 'completed' },
    register_failed: { registering: 'final_failed' },
    profile_failed: { registering: 'active' },
  },
  entity: {
    start: { register: 'registering', connect: 'connecting' },
    complete: { registering: 'registered', connecting: 'completed' },
    register_failed: { registering: 'final_failed' },
    profile_failed: { registering: 'registered' },
    fail: { connecting: 'connect_failed' },
    release: { registered: 'connect' },
    skip_connect: { registered: 'completed' },
    retry: { connect_failed: 'connect' },
  },
  podcast: {
    start: { pending: 'running' },
    complete: { running: 'completed' },
    fail: { running: 'failed' },
    retry: { failed: 'pending' },
    give_up: { failed: 'final_failed' },
  },
};

/** Nothing more happens to a task there, but for `connect_failed` while a retry is due. */
export const finished: Status[] = ['completed', 'active', 'final_failed', 'connect_failed'];

export function isRegisterPhase(status: Status): boolean {
  return ['register', 'registering', 'registered'].includes(status);
}

/** The status before an event that a caller of a task in `current` must have had in mind. */
export function expectedBefore(flow: Flow, event: Event, current: Status): Status {
  const before = Object.keys(transitions[flow][event] ?? {}) as Status[];
  const [first] = before;
  if (!first) throw new Error(`${flow} has no transition ${event}`);
  return before.find((status) => isRegisterPhase(status) === isRegisterPhase(current)) ?? first;
}

/** The status that an event leads to. */
export function statusAfter(flow: Flow, event: Event, before: Status): Status {
  const after = transitions[flow][event]?.[before];
  if (!after) throw new Error(`${flow} has no transition ${event} from ${before}`);
  return after;
}
