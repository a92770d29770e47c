import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One step's stay at a site, by the site's own monotonic clock, in ms. */
export interface Visit {
  creating: boolean;
  from: number;
  /** Infinity while it lasts. */
  to: number;
}

/** A server that is many sites, and notes who comes and goes. */
export interface VisitedSites {
  visits(domain: string): Visit[];
  /** Stays at a site for so long, from one request to another. */
  visit(domain: string, creating: boolean, ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function startVisitedSites(): Promise<VisitedSites> {
  const sites = new Map<string, Visit[]>();
  const visitsOf = (domain: string) => sites.get(domain) ?? sites.set(domain, []).get(domain)!;
  const server = createServer((request, response) => {
    const [, what, domain, number] = request.url!.split('/') as [string, string, string, string];
    const visits = visitsOf(domain);
    if (what === 'leave') visits[Number(number)]!.to = performance.now();
    else visits.push({ creating: what === 'create', from: performance.now(), to: Infinity });
    response.end(String(visits.length - 1));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    visits: visitsOf,
    async visit(domain, creating, ms) {
      const number = await (await fetch(`${url}/${creating ? 'create' : 'come'}/${domain}/`)).text();
      await sleep(ms);
      await (await fetch(`${url}/leave/${domain}/${number}`)).text();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
