import { setTimeout as sleep } from 'node:timers/promises';
import { fetch } from 'undici';
import {
  type NewRequestInput,
  type RequestAnswer,
  type RequestDetail,
  requestDetail,
  requestList,
  requestMade,
  type TaskDetail,
  taskDetail,
} from '../../contracts/admin.ts';
import { readRetryAfter } from '../../contracts/retry-after.ts';

/** A pause that a manager asks for is kept up to this length; a longer one is an error to whoever waits. */
export const longestPauseMs = 60_000;

/** The manager gave no answer to a call, or refused it; says why. */
export class AdminCallFailed extends Error {
  override name = 'AdminCallFailed';
}

/** Calls the admin API of enlist's own manager. */
export class AdminClient {
  readonly #base: string;
  readonly #key: string;

  constructor(origin: string, key: string) {
    this.#base = `${origin}/api/v1/admin`;
    this.#key = key;
  }

  /** @returns the id of the request that was made */
  async makeRequest(request: NewRequestInput): Promise<string> {
    return requestMade.parse(await this.#call('POST', '/requests', request)).data.request_id;
  }

  /** Every request, the newest first. */
  async *listRequests(): AsyncGenerator<RequestAnswer> {
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = new URLSearchParams({ limit: '1000', ...(cursor && { cursor }) });
      const page = requestList.parse(await this.#call('GET', `/requests?${query.toString()}`));
      yield* page.data;
      cursor = page.next_cursor;
    }
  }

  async readRequest(id: string): Promise<RequestDetail> {
    return requestDetail.parse(await this.#call('GET', `/requests/${id}`)).data;
  }

  async readTask(id: string): Promise<TaskDetail> {
    return taskDetail.parse(await this.#call('GET', `/tasks/${id}`)).data;
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { 'x-api-key': this.#key, ...(body && { 'content-type': 'application/json' }) },
      body: body ? JSON.stringify(body) : null,
    }).catch((error: unknown) => {
      const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
      throw new AdminCallFailed(
        `the manager at ${new URL(this.#base).origin} gives no answer (${cause?.code ?? message}): is it running?`,
        { cause: error },
      );
    });
    const pause = response.status === 429 ? readRetryAfter(response.headers.get('retry-after')) : undefined;
    if (pause !== undefined && pause <= longestPauseMs) {
      await response.body?.cancel();
      await sleep(pause);
      return this.#call(method, path, body);
    }
    if (!response.ok)
      throw new AdminCallFailed(
        `the manager answers ${response.status} to ${method} ${path}: ${await response.text()}`,
      );
    return response.json();
  }
}
