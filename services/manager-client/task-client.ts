import { fetch } from 'undici';
import { errorAnswer } from '../../contracts/envelope.ts';
import { type Flow, flows } from '../../contracts/flows.ts';
import { readRetryAfter } from '../../contracts/retry-after.ts';
import { readBounded } from '../read-bounded.ts';

const longestAnswer = 64 * 1024 * 1024;

/** The call was definitely answered, one way or the other. */
export type Answer =
  | { kind: 'ok'; data: unknown }
  | { kind: 'mismatch'; currentStatus: string | undefined }
  | { kind: 'gone' }
  | { kind: 'invalid'; message: string };

/**
 * No usable answer: `mayBeApplied` tells whether the manager could have acted on the call
 * (docs/api-contract.md#lost-answers).
 */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
  readonly mayBeApplied: boolean;
  readonly retryAfterMs: number | undefined;
  readonly alarm: boolean;

  constructor(
    message: string,
    about: { mayBeApplied: boolean; retryAfterMs?: number | undefined; alarm?: boolean },
    cause?: unknown,
  ) {
    super(message, { cause });
    this.mayBeApplied = about.mayBeApplied;
    this.retryAfterMs = about.retryAfterMs;
    this.alarm = about.alarm ?? false;
  }
}

const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function errorCode(error: unknown): string | undefined {
  const cause = (error as Error | undefined)?.cause as
    (NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }) | undefined;
  return cause?.code ?? cause?.errors?.[0]?.code ?? (error as NodeJS.ErrnoException).code;
}

/** Calls the manager's task APIs. Retries nothing: the caller knows what a lost answer may have done. */
export class TaskClient {
  readonly #origin: string;
  readonly #key: string;
  readonly #timeoutMs: number;

  /** @param timeoutMs how long one call may take, its answer read to the end */
  constructor(origin: string, key: string, timeoutMs = 30_000) {
    this.#origin = origin;
    this.#key = key;
    this.#timeoutMs = timeoutMs;
  }

  /** `GET /links`: the tasks as they came, unchecked. @throws NoAnswer */
  list(flow: Flow, query: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
    return this.#call('GET', `${flows[flow].path}/links?${new URLSearchParams(query).toString()}`, undefined, signal);
  }

  /** `GET /links/ID`, with the status it is expected in where the flow has that. @throws NoAnswer */
  read(flow: Flow, id: string, status: string | undefined, signal?: AbortSignal): Promise<Answer> {
    const query = status === undefined ? '' : `?${new URLSearchParams({ status }).toString()}`;
    return this.#call('GET', `${flows[flow].path}/links/${encodeURIComponent(id)}${query}`, undefined, signal);
  }

  /** `POST /links/ID/start|complete|fail`. @throws NoAnswer */
  post(
    flow: Flow,
    id: string,
    transition: 'start' | 'complete' | 'fail',
    body: object | undefined,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return this.#call('POST', `${flows[flow].path}/links/${encodeURIComponent(id)}/${transition}`, body, signal);
  }

  async #call(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const route = `${method} ${path.split('?')[0]}`;
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    let status: number;
    let text: string;
    let retryAfter: string | null;
    try {
      const response = await fetch(this.#origin + path, {
        method,
        headers: { 'x-api-key': this.#key, ...(body && { 'content-type': 'application/json' }) },
        body: body ? JSON.stringify(body) : null,
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      ({ status } = response);
      retryAfter = response.headers.get('retry-after');
      text = (await readBounded(response.body, longestAnswer)).toString('utf8');
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const code = errorCode(error);
      const message = timeout.aborted
        ? `no answer in ${this.#timeoutMs / 1000} s`
        : (code ?? ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message);
      throw new NoAnswer(
        `${route}: ${message}`,
        { mayBeApplied: method === 'POST' && !neverSent.has(code ?? '') },
        error,
      );
    }
    return readAnswer(route, method, status, text, readRetryAfter(retryAfter));
  }
}

function readAnswer(
  route: string,
  method: string,
  status: number,
  text: string,
  retryAfterMs: number | undefined,
): Answer {
  const wrote = method === 'POST';
  if (status === 401 || status === 403) {
    throw new NoAnswer(`${route}: ${status}, the manager refuses ASSIGN_API_KEY`, { mayBeApplied: false, alarm: true });
  }
  if (status === 429) throw new NoAnswer(`${route}: 429, too many calls`, { mayBeApplied: false, retryAfterMs });
  if (status >= 500 || (status >= 300 && status < 400)) {
    throw new NoAnswer(`${route}: ${status}`, { mayBeApplied: wrote, retryAfterMs });
  }

  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new NoAnswer(`${route}: ${status} with a body that is no JSON`, { mayBeApplied: wrote }, error);
  }
  if (status < 300) {
    if ((json as { success?: unknown } | null)?.success !== true) {
      throw new NoAnswer(`${route}: ${status} without "success": true`, { mayBeApplied: wrote });
    }
    return { kind: 'ok', data: (json as { data?: unknown }).data };
  }

  const refused = errorAnswer.safeParse(json);
  if (!refused.success) throw new NoAnswer(`${route}: ${status} in an unknown form`, { mayBeApplied: wrote });
  const { message, current_status: currentStatus } = refused.data;
  // Social answers a wrong status with 409, entity with 404: the words tell it from a task that is gone.
  if (status === 409 || /not in expected status|status mismatch/i.test(message))
    return { kind: 'mismatch', currentStatus };
  if (status === 404) return { kind: 'gone' };
  return { kind: 'invalid', message: `${status} ${message}` };
}
