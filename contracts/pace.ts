/** A step's wish to act on a site, as `siteGate` takes it. Times in ms. */
export interface PermitRequest {
  permitId: string;
  /** The workflow, and its run, that waits for the permit. */
  workflowId: string;
  runId: string;
  /** Whether the step makes an account: then `every` counts. */
  creating: boolean;
  /** For how long the permit is held at most when nobody gives it back. */
  leaseMs: number;
  /** The site's settings at the time of the wish; the latest ones hold. */
  every: number;
  atOnce: number;
}

/** How a step ended that had a permit, as far as the site's gate cares. */
export type StepEnd =
  | { site: 'fine' }
  /** 429, 503, or a check for a human: the site wants to be left alone, for so many ms when it says. */
  | { site: 'overloaded' | 'human check'; retryAfterMs?: number }
  /** It says nothing of the site. */
  | { site: 'unknown' };

/** What a site's gate has on its hands, for people. Times in ms since 1970. */
export interface GateView {
  out: number;
  waiting: number;
  /** `forever`: until someone resumes it. */
  pausedUntil?: number | 'forever';
  /** Why it is paused. */
  reason?: string;
}
