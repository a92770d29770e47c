import {
  condition,
  getCurrentDetails,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { HandedStep, HandoffAnswer } from '../contracts/handoff.ts';
import type { StepTask } from '../contracts/step-results.ts';
import { answerHandoff, searchAttributes, waitsForPerson } from '../contracts/workflows.ts';
import type { FailureInfo } from './failures.ts';
import { setMemo } from './set-memo.ts';
import type { SiteStep } from './steps.ts';

/** The fields of a task that a person needs to finish a step of it. */
export type HandoffTask = Pick<StepTask, 'domain' | 'username' | 'email'>;

/** Hands a task's steps to a person, who finishes them in a browser of their own. Holds no permit and no browser meanwhile. */
export class Handoff {
  readonly #task: HandoffTask;
  #handed: HandedStep | undefined;
  #word: HandoffAnswer | undefined;
  #over = false;
  #link: string | undefined;

  constructor(task: HandoffTask) {
    this.#task = task;
    const hear = (word: HandoffAnswer) => {
      this.#word = word;
      if (word.word === 'done') this.#link = word.link ?? this.#link;
    };
    setHandler(answerHandoff, hear, { validator: (word: HandoffAnswer) => this.#refuse(word) });
  }

  /** The profile's address, as a person gave it. */
  get link(): string | undefined {
    return this.#link;
  }

  /** Whether a person is to be waited for. */
  isFor({ waitForPersonMs }: FailureInfo): boolean {
    return waitForPersonMs !== undefined && !this.#over;
  }

  /** From now on no person is waited for. */
  end(): void {
    this.#over = true;
  }

  /**
   * Waits until a person says that the step is done. After a give-up or a time-out, no person is waited for again.
   *
   * @returns why it is not done, or undefined when it is
   */
  async wait(
    { summary }: SiteStep,
    { reason, evidence, page, waitForPersonMs = 0 }: FailureInfo,
  ): Promise<string | undefined> {
    const { domain, username, email } = this.#task;
    const until = Date.now() + waitForPersonMs;
    const end = new Date(until).toISOString();
    const details = getCurrentDetails();
    const handed: HandedStep = {
      domain,
      login: username || email,
      step: summary,
      ...(page !== undefined && { page }),
      reason,
      ...(evidence !== undefined && { evidence }),
      until,
    };
    this.#handed = handed;
    this.#word = undefined;
    setMemo('handed', handed);
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: waitsForPerson }]);
    // In code quotes, since the Web UI renders Markdown, which turns two dashes into one.
    setCurrentDetails(
      `${waitsForPerson} to ${summary}: ${reason}, until ${end}; \`npm run handoff -- done ${workflowInfo().workflowId}\``,
    );
    try {
      await condition(() => this.#word !== undefined, waitForPersonMs);
      // An answer that was accepted just when the time ended counts.
      const said = this.#word as HandoffAnswer | undefined;
      if (said?.word === 'done') return undefined;
      this.end();
      return said ? 'a person gave it up' : `no person took it over by ${end}`;
    } finally {
      this.#handed = undefined;
      setMemo('handed', null);
      upsertSearchAttributes([{ key: searchAttributes.outcome, value: null }]);
      setCurrentDetails(details);
    }
  }

  /** @throws Error when this answer is not expected: it is refused then, and not recorded in the history */
  #refuse(word: { word: string; link?: string }): void {
    if (!this.#handed || this.#word) throw new Error('no step waits for a person');
    if (word.word !== 'done' && word.word !== 'give up') throw new Error('a person says "done" or "give up"');
    if (word.word === 'done' && word.link !== undefined && !/^https?:\/\/\S+$/i.test(word.link))
      throw new Error('the link must be an address that begins with http:// or https://');
  }
}
