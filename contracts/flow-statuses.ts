import type { Flow } from './workflows.ts';

/** How a status is shown; in a good or a bad one nothing more happens, but while a retry is due. */
export type Standing = 'open' | 'good' | 'bad';

/** Every status of each flow's tasks; how a task moves between them is in `flows.ts` (docs/api-contract.md#transitions). */
export const statuses = {
  social: { register: 'open', registering: 'open', completed: 'good', active: 'good', final_failed: 'bad' },
  entity: {
    register: 'open',
    registering: 'open',
    registered: 'open',
    connect: 'open',
    connecting: 'open',
    connect_failed: 'bad',
    completed: 'good',
    final_failed: 'bad',
  },
  podcast: { pending: 'open', running: 'open', completed: 'good', failed: 'bad', final_failed: 'bad' },
} as const satisfies Record<Flow, Record<string, Standing>>;

type Statuses = { [Name in Flow]: keyof (typeof statuses)[Name] };
/** A status of the flow's tasks, without one of any flow's. */
export type Status<Name extends Flow = Flow> = Statuses[Name];
