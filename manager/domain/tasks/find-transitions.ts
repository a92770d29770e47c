import type { Status } from '../../../contracts/flow-statuses.ts';
import {
  type Event,
  type Flow,
  flows,
  listPhases,
  listTransitions,
  readStanding,
  type Transition,
} from '../../../contracts/flows.ts';

/** The transitions of a flow's tasks that an event may lead to: at least one. */
export function transitionsOf(flow: Flow, event: Event): [Transition, ...Transition[]] {
  const [first, ...others] = listTransitions(flow).filter((transition) => transition.event === event);
  if (!first) throw new Error(`no ${flow} task knows of ${event}`);
  return [first, ...others];
}

/** Nothing more happens to a task there, but while a retry is due. */
export function isFinished(flow: Flow, status: string): boolean {
  return readStanding(flow, status) !== 'open';
}

const { register } = flows.entity.phases;

/** Whether an entity task makes its account, or has made it and waits for the others of its request. */
export function isRegisterPhase(status: Status): boolean {
  return status === 'register' || status === register.working || status === register.reports.complete;
}

/** The status before an event that a caller of a task in `current` must have had in mind. */
export function expectedBefore(flow: Flow, event: Event, current: Status): Status {
  const transitions = transitionsOf(flow, event);
  const phase = listPhases(flow).find((one) => [one.waiting, one.working, one.reports.complete].includes(current));
  const meant = transitions.find(({ from }) => from === phase?.waiting || from === phase?.working);
  return (meant ?? transitions.at(-1) ?? transitions[0]).from;
}
