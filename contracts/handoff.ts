/** A step that waits for a person, as people see it. */
export interface HandedStep {
  domain: string;
  /** The account's user name, or its e-mail address where it has none. */
  login: string;
  /** What the step does, in words. */
  step: string;
  /** Path of the page that it ended on. */
  page?: string;
  /** Why it can't go on, with the name of the evidence folder. */
  reason: string;
  /** Name of the evidence folder under EVIDENCE_DIR. */
  evidence?: string;
  /** Until when a person is waited for, in ms since 1970. */
  until: number;
}

/** A person's answer to a step that waits for them; `link` is the profile's public address. */
export type HandoffAnswer = { word: 'done'; link?: string } | { word: 'give up' };
