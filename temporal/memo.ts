import type { HandedStep } from '../contracts/handoff.ts';
import type { GateView } from '../contracts/pace.ts';
import type { KnownPodcasts } from '../contracts/podcast.ts';

/** What open workflows show of themselves in their memos, which `describe` reads without asking a worker. */
export interface Shown {
  /** A podcast request's tasks. */
  known: KnownPodcasts;
  /** What a site's gate has on its hands. */
  gate: GateView;
  /** The step of a task that waits for a person. */
  handed: HandedStep;
}

/** Undefined when the workflow shows nothing of it, or its run is older than the memo. */
export function readShown<What extends keyof Shown>({ memo }: { memo?: Record<string, unknown> }, what: What): Shown[What] | undefined {
  return memo?.[what] as Shown[What] | undefined;
}
