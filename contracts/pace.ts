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
