import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server took it. */
export interface Taken {
  method: string;
  path: string;
  key: string | undefined;
  body: string;
}

/** Answers one request, in whatever way, or not at all. */
export type Answering = (response: ServerResponse, request: IncomingMessage, taken: Taken) => void;

/** An HTTP server on loopback that answers each request as the test says; requests that it is not told of get 500. */
export class AnsweringServer {
  readonly taken: Taken[] = [];
  answer: Answering = (response) => response.writeHead(500).end();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { 'x-api-key': key } = request.headers;
        const taken = {
          method: request.method!,
          path: request.url!,
          key: key as string | undefined,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        this.taken.push(taken);
        this.answer(response, request, taken);
      });
      request.on('error', () => {});
    });
  }

  /** @param port 0 takes a free one */
  static async start(port = 0): Promise<AnsweringServer> {
    const server = new AnsweringServer();
    server.#server.listen(port, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers each request in turn; the last answer stays. */
  answerInTurn(...answers: Answering[]): void {
    let next = 0;
    this.answer = (...given) => answers[Math.min(next++, answers.length - 1)]!(...given);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answering =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const ok = (data?: unknown): Answering => json(200, { success: true, ...(data !== undefined && { data }) });
export const refuse = (status: number, message: string, more: object = {}): Answering =>
  json(status, { success: false, message, ...more });
export const text =
  (status: number, body: string, headers: Record<string, string> = {}): Answering =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
/** Breaks the connection off. */
export const breakOff: Answering = (response) => void response.socket?.destroy();
/** Never answers. */
export const hang: Answering = () => {};
