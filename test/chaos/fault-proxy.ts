import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const host = '127.0.0.1';

/** What happens to the connections that go through a proxy, open ones too. */
export type Trouble =
  /** They are reset. */
  | { kind: 'cut' }
  /** What the client sends is swallowed, and the connection reset: nothing takes effect. */
  | { kind: 'requests lost' }
  /** What the client sends arrives and takes effect; the connection is reset instead of the answer. */
  | { kind: 'answers lost' }
  /** Each piece that the client sends arrives later. */
  | { kind: 'slow'; ms: number }
  /** The client gets this text for an answer, and nothing takes effect. */
  | { kind: 'answered instead'; text: string }
  /** What the client sends takes effect, and it gets this text for an answer. */
  | { kind: 'answers replaced'; text: string };

/** Sits between a client and a server on loopback, and makes the trouble it is told to. */
export class FaultProxy {
  readonly port: number;
  /** The server's port; it may begin to listen later. */
  target: number;
  trouble: Trouble | undefined;
  readonly #close: () => Promise<void>;
  readonly #connections: Set<Socket>;

  private constructor(port: number, connections: Set<Socket>, close: () => Promise<void>) {
    this.port = port;
    this.target = port;
    this.#connections = connections;
    this.#close = close;
  }

  static async start(): Promise<FaultProxy> {
    const connections = new Set<Socket>();
    const server = createServer((client) => {
      connections.add(client);
      client.once('close', () => connections.delete(client));
      proxy.#join(client);
    }).listen(0, host);
    await once(server, 'listening');
    const proxy = new FaultProxy((server.address() as AddressInfo).port, connections, async () => {
      server.close();
      for (const client of connections) client.destroy();
      await once(server, 'close');
    });
    return proxy;
  }

  get url(): string {
    return `http://${host}:${this.port}`;
  }

  /** Makes trouble for so long; only one trouble at a time. */
  async troubleFor(ms: number, trouble: Trouble): Promise<void> {
    this.trouble = trouble;
    if (trouble.kind === 'cut') for (const client of this.#connections) client.resetAndDestroy();
    await sleep(ms);
    this.trouble = undefined;
  }

  close(): Promise<void> {
    return this.#close();
  }

  #join(client: Socket): void {
    const server = connect(this.target, host);
    // What is to become of the answer was decided when its request passed.
    let instead: { text?: string } | undefined;
    let sent = Promise.resolve();
    const reset = () => {
      client.resetAndDestroy();
      server.destroy();
    };
    const answer = (text: string) => {
      client.end(text);
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', reset);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
    if (this.trouble?.kind === 'cut') reset();

    client.on('data', (piece: Buffer) => {
      const { trouble } = this;
      switch (trouble?.kind) {
        case 'cut':
        case 'requests lost':
          reset();
          return;
        case 'answered instead':
          answer(trouble.text);
          return;
        case 'answers lost':
          instead = {};
          break;
        case 'answers replaced':
          instead = { text: trouble.text };
          break;
        case 'slow':
        case undefined:
      }
      const delay = trouble?.kind === 'slow' ? trouble.ms : 0;
      sent = sent.then(async () => {
        if (delay > 0) await sleep(delay);
        if (server.writable) server.write(piece);
      });
    });
    server.on('data', (piece: Buffer) => {
      if (instead?.text !== undefined) answer(instead.text);
      else if (instead) reset();
      else client.write(piece);
    });
  }
}
