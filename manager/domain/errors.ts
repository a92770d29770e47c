import type { Status } from '../../contracts/flow-statuses.ts';
import type { Flow } from '../../contracts/flows.ts';

/** What the domain refuses; `http/plugins/errors.ts` says how each is answered. */
export abstract class DomainError extends Error {}

/** The task is unknown or deleted. */
export class TaskNotFound extends DomainError {
  override name = 'TaskNotFound';

  constructor() {
    super('task not found');
  }
}

export class RequestNotFound extends DomainError {
  override name = 'RequestNotFound';

  constructor() {
    super('request not found');
  }
}

/** The task has another status than the call needs. */
export class WrongStatus extends DomainError {
  override name = 'WrongStatus';
  readonly current: Status;
  readonly expected: Status;

  constructor(current: Status, expected: Status) {
    super('task not in expected status');
    this.current = current;
    this.expected = expected;
  }
}

/** The task that was to be read has another status than the reader asked for. */
export class WrongStatusToRead extends WrongStatus {
  override name = 'WrongStatusToRead';
  readonly flow: Flow;

  constructor(flow: Flow, current: Status, expected: Status) {
    super(current, expected);
    this.flow = flow;
  }
}

/** A field's value can't be taken, for a reason that its schema does not tell. */
export class InvalidField extends DomainError {
  override name = 'InvalidField';

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
  }
}

/** A report's field still holds a sample value (docs/api-contract.md#placeholders). */
export class PlaceholderReported extends DomainError {
  override name = 'PlaceholderReported';

  constructor(field: string) {
    super(`placeholder rejected: ${field}`);
  }
}

/** The website has a live task of this flow on the domain already. */
export class DuplicateTask extends DomainError {
  override name = 'DuplicateTask';
  readonly website: string;
  readonly domain: string;

  constructor(flow: Flow, website: string, domain: string) {
    super(`${website} already has a live ${flow} task for ${domain}`);
    this.website = website;
    this.domain = domain;
  }
}

/** The shop has this Zalo user already. */
export class MiniAppUserExists extends DomainError {
  override name = 'MiniAppUserExists';
  readonly zaloUserId: string;

  constructor(zaloUserId: string) {
    super(`the shop already has the Zalo user ${zaloUserId}`);
    this.zaloUserId = zaloUserId;
  }
}
