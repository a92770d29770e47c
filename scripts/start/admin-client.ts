import { fetch } from 'undici';
import { type NewRequestInput, type RequestDetail, requestDetail, requestMade, type TaskDetail, taskDetail } from '../../contracts/admin.ts';
import { CommandError } from '../command.ts';

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
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new CommandError(`the manager answers ${response.status} to ${method} ${path}: ${await response.text()}`);
    return response.json();
  }
}
