import { createServer, type Server } from 'node:http';
import type { NativeConnection, Worker } from '@temporalio/worker';

const probeMs = 2_000;

/** Whether Temporal answers: a worker's own state stays "polling" long after the server has gone. */
async function isReachable(connection: NativeConnection): Promise<boolean> {
  const check = connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }).then(
    () => true,
    () => false,
  );
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, probeMs, false).unref());
  return Promise.race([check, late]);
}

/** `/healthz`: the workers have not failed. `/readyz`: they poll, and Temporal answers. */
export function serveHealth(
  port: number,
  host: string,
  workers: Worker[],
  connection: NativeConnection,
): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (ok: boolean, states: string[]) => {
      response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify({ ok, workers: states })}\n`);
    };
    const states = workers.map((worker) => worker.getState());
    if (request.url === '/healthz') {
      answer(!states.some((state) => state === 'FAILED' || state === 'STOPPED'), states);
      return;
    }
    if (request.url !== '/readyz') return void response.writeHead(404).end();
    const polling = states.every((state) => state === 'RUNNING');
    void isReachable(connection).then((reachable) => answer(polling && reachable, states));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
