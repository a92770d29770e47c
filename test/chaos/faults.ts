import type { WorkflowHandle } from '@temporalio/client';
import { taskWorkflows } from '../../contracts/flows.ts';
import { ofTypes } from '../../temporal/list-query.ts';
import { browserPids } from '../support/processes.ts';
import type { EnlistUnderFaults } from './enlist-under-faults.ts';
import type { FaultProxy, Trouble } from './fault-proxy.ts';
import type { Random } from './random.ts';

/** Something that goes wrong. */
export interface Fault {
  kind: string;
  /** What it strikes: nothing is struck by two faults at once, but a browser where it is the only one there is. */
  target: string;
  /** Resolves when it is over; false when there was nothing to strike. */
  strike(): Promise<boolean>;
}

type Draw = (world: EnlistUnderFaults, random: Random) => Omit<Fault, 'kind'>;

const answer = (status: string, headers: string[], body: string) =>
  ['HTTP/1.1 ' + status, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close', '', body].join(
    '\r\n',
  );

/** What a manager, or what stands before it, answers when it is not well. */
const nonsense = {
  'says 503': answer(
    '503 Service Unavailable',
    ['Content-Type: application/json'],
    '{"success":false,"message":"down for maintenance"}',
  ),
  'says 429': answer(
    '429 Too Many Requests',
    ['Content-Type: application/json', 'Retry-After: 2'],
    '{"success":false,"message":"too many requests"}',
  ),
  'shows an error page': answer(
    '502 Bad Gateway',
    ['Content-Type: text/html'],
    '<html><body><h1>502 Bad Gateway</h1></body></html>',
  ),
  'shows a page for an answer': answer(
    '200 OK',
    ['Content-Type: text/html'],
    '<html><body>Welcome to the hotel</body></html>',
  ),
  'breaks off its JSON': answer('200 OK', ['Content-Type: application/json'], '{"success":true,"data":{"id":'),
};
const overloaded = answer('429 Too Many Requests', ['Content-Type: text/html', 'Retry-After: 1'], '<h1>Slow down</h1>');

const strikeWorker =
  (strike: (worker: EnlistUnderFaults['parts']['workers'][number], random: Random) => Promise<void>): Draw =>
  (world, random) => {
    const worker = random.one(world.parts.workers);
    return { target: worker.name, strike: () => strike(worker, random).then(() => true) };
  };

const strikeBrowser =
  (strike: (pid: number, random: Random) => Promise<void> | void): Draw =>
  (world, random) => {
    const worker = random.one(world.parts.workers);
    return {
      target: worker.name,
      async strike() {
        // When most is done, the other worker's may be the only one there is, whatever strikes that worker.
        const [pid] = [worker, ...world.parts.workers].flatMap((one) => browserPids(one.pid));
        if (pid === undefined) return false;
        await strike(pid, random);
        return true;
      },
    };
  };

const strikePart =
  (
    name: 'manager' | 'temporal',
    strike: (part: EnlistUnderFaults['parts']['manager'], random: Random) => Promise<void>,
  ): Draw =>
  (world, random) => ({
    target: name,
    strike: () => strike(world.parts[name], random).then(() => true),
  });

const onTheWay =
  (
    to: 'temporal' | 'manager' | 'mail' | 'site',
    leastMs: number,
    mostMs: number,
    draw: (random: Random) => Trouble,
  ): Draw =>
  (world, random) => {
    const proxy: FaultProxy = to === 'site' ? random.one(world.proxies.sites) : world.proxies[to];
    const ms = random.from(leastMs, mostMs);
    const trouble = draw(random);
    return { target: `way to ${proxy.port}`, strike: () => proxy.troubleFor(ms, trouble).then(() => true) };
  };

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It was killed while it was frozen.
  }
}

/** Freezes a browser's main process; its pages wait for it. */
async function freezeProcess(pid: number, ms: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, ms));
  wake(pid);
}

/** What an operator does to a task's workflow in the Web UI. */
const strikeWorkflow =
  (strike: (workflow: WorkflowHandle) => Promise<unknown>): Draw =>
  (world, random) => ({
    target: 'an open workflow',
    async strike() {
      const open: string[] = [];
      for await (const { workflowId } of world.client.workflow.list({
        query: `ExecutionStatus = "Running" AND ${ofTypes(taskWorkflows)}`,
      }))
        open.push(workflowId);
      if (open.length === 0) return false;
      await strike(world.client.workflow.getHandle(random.one(open.sort())));
      return true;
    },
  });

const draws: Record<string, Draw> = {
  'worker killed': strikeWorker((worker) => worker.kill()),
  'worker deployed anew': strikeWorker((worker) => worker.replace()),
  'worker frozen': strikeWorker((worker, random) => worker.freeze(random.from(2_000, 20_000))),
  'worker frozen for longer than a step may take': strikeWorker((worker) => worker.freeze(65_000)),
  'browser killed': strikeBrowser((pid) => void process.kill(pid, 'SIGKILL')),
  'browser frozen': strikeBrowser((pid, random) => freezeProcess(pid, random.from(2_000, 20_000))),
  'manager killed': strikePart('manager', (manager) => manager.kill()),
  'manager frozen': strikePart('manager', (manager, random) => manager.freeze(random.from(1_000, 12_000))),
  'Temporal killed': strikePart('temporal', (temporal) => temporal.kill()),
  'Temporal frozen': strikePart('temporal', (temporal, random) => temporal.freeze(random.from(1_000, 10_000))),
  'way to Temporal cut': onTheWay('temporal', 500, 4_000, () => ({ kind: 'cut' })),
  'way to the manager cut': onTheWay('manager', 500, 5_000, () => ({ kind: 'cut' })),
  'requests to the manager lost': onTheWay('manager', 1_000, 6_000, () => ({ kind: 'requests lost' })),
  'answers of the manager lost': onTheWay('manager', 1_000, 6_000, () => ({ kind: 'answers lost' })),
  'manager slow': onTheWay('manager', 2_000, 6_000, (random) => ({ kind: 'slow', ms: random.from(200, 3_000) })),
  'manager answers nonsense, and nothing is done': onTheWay('manager', 1_000, 6_000, (random) => ({
    kind: 'answered instead',
    text: random.one(Object.values(nonsense)),
  })),
  'manager answers nonsense to what it did': onTheWay('manager', 1_000, 6_000, (random) => ({
    kind: 'answers replaced',
    text: random.one(Object.values(nonsense)),
  })),
  'way to a site cut': onTheWay('site', 500, 5_000, () => ({ kind: 'cut' })),
  'answers of a site lost': onTheWay('site', 1_000, 6_000, () => ({ kind: 'answers lost' })),
  'site slow': onTheWay('site', 2_000, 6_000, (random) => ({ kind: 'slow', ms: random.from(200, 4_000) })),
  'site overloaded': onTheWay('site', 500, 3_000, () => ({ kind: 'answered instead', text: overloaded })),
  'way to the mail cut': onTheWay('mail', 1_000, 8_000, () => ({ kind: 'cut' })),
  'workflow cancelled': strikeWorkflow((workflow) => workflow.cancel()),
  'workflow terminated': strikeWorkflow((workflow) => workflow.terminate('by hand')),
};

export const faultKinds = Object.keys(draws);

/** So many faults: each kind before any comes twice, and the worst, which take a minute, once at most. */
export function drawFaults(count: number, world: EnlistUnderFaults, random: Random): Fault[] {
  const faults: Fault[] = [];
  for (let round = 0; faults.length < count; round += 1) {
    const kinds = random.shuffle(faultKinds.filter((kind) => round === 0 || !kind.includes('longer than')));
    for (const kind of kinds.slice(0, count - faults.length)) faults.push({ kind, ...draws[kind]!(world, random) });
  }
  return faults;
}
