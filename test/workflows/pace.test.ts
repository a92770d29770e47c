import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FormChanged } from '../../sites/kit/errors.ts';
import { feedUrl, mainDomains, type Script, session, stepFailure } from '../support/scripted-task.ts';
import { startVisitedSites, type Visit, type VisitedSites } from '../support/visited-sites.ts';
import { startWorkflowServer, type WorkflowServer } from '../support/workflow-server.ts';

let lab: WorkflowServer;
let sites: VisitedSites;
beforeAll(async () => {
  sites = await startVisitedSites();
  lab = await startWorkflowServer({ realTime: [] });
  // Three workers take browser steps.
  for (let more = 0; more < 2; more += 1) await lab.startBrowser();
});
afterAll(async () => {
  await lab.close();
  await sites.close();
});

const pace = fc.record({ every: fc.integer({ min: 0, max: 2_500 }), atOnce: fc.integer({ min: 1, max: 3 }) });
const arrival = fc.record({
  site: fc.nat(4),
  after: fc.integer({ min: 0, max: 100 }),
  flow: fc.constantFrom('social', 'entity', 'connect', 'podcast'),
  creating: fc.integer({ min: 100, max: 600 }),
  furnishing: fc.integer({ min: 100, max: 600 }),
  fails: fc.boolean(),
});
type Arrival = typeof arrival extends fc.Arbitrary<infer Value> ? Value : never;

/** What a task does at its site: each step is a visit. */
function visitAt(domain: string, { creating, furnishing, fails }: Arrival): Script {
  const profileUrl = `https://${domain}/u/brand`;
  const step = async <Result>(makes: boolean, ms: number, result: Result): Promise<Result> => {
    await sites.visit(domain, makes, ms);
    if (makes && fails) throw stepFailure(new FormChanged('the form changed'), false);
    return result;
  };
  return {
    createAccount: () => step(true, creating, { session, profileUrl }),
    updateProfile: () => step(false, furnishing, { session, profileUrl, problems: [] }),
    signIn: () => step(false, creating, { session }),
    addLinks: () => step(false, furnishing, { session, profileUrl, added: 1, kept: 0, missing: [] }),
    makeShow: () => step(false, furnishing, { session, feedUrl }),
    importFeed: () => step(false, furnishing, { session }),
  };
}

/** The pairs of visits that break a site's pace. */
function findBreaches(visits: Visit[], { every, atOnce }: { every: number; atOnce: number }): string[] {
  const crowds = visits
    .map(({ from }) => visits.filter((other) => other.from <= from && from < other.to).length)
    .filter((crowd) => crowd > atOnce);
  const makers = visits.filter(({ creating }) => creating).sort((a, b) => a.from - b.from);
  const gaps = makers
    .slice(1)
    .map(({ from }, index) => from - makers[index]!.to)
    .filter((gap) => gap < every);
  return [
    ...crowds.map((crowd) => `${crowd} at once`),
    ...gaps.map((gap) => `${gap.toFixed(1)} ms between two accounts`),
  ];
}

/** Has all of them come to sites with these paces, and gives what broke a pace. */
async function findBreachesOf(
  name: string,
  paces: { every: number; atOnce: number }[],
  arrivals: Arrival[],
): Promise<string[]> {
  const domains = paces.map(({ every, atOnce }, number) => {
    const domain = `site-${number}.${name}.test`;
    lab.enable(domain, { every: `${every}ms`, atOnce });
    return domain;
  });
  const ends: Promise<unknown>[] = [];
  for (const one of arrivals) {
    await sleep(one.after);
    const domain = domains[one.site]!;
    const isConnect = one.flow === 'connect';
    const scene = lab.scene(visitAt(domain, one), {
      domain,
      flow: isConnect ? 'entity' : (one.flow as 'social' | 'entity' | 'podcast'),
      status: isConnect ? 'connect' : one.flow === 'podcast' ? 'pending' : 'register',
      fields: { link_rss: `https://${mainDomains[0]}/feeds/brand.xml` },
    });
    ends.push(scene.start().then(() => scene.endWithoutSkipping()));
  }
  await Promise.all(ends);
  // Everyone had a turn.
  expect(domains.reduce((sum, domain) => sum + sites.visits(domain).length, 0)).toBeGreaterThanOrEqual(arrivals.length);
  return domains.flatMap((domain, number) =>
    findBreaches(sites.visits(domain), paces[number]!).map(
      (breach) => `${domain} (${JSON.stringify(paces[number])}): ${breach}`,
    ),
  );
}

const seed = Number(process.env.PACE_SEED ?? Date.now() % 1_000_000);

test(`no site has more visits at once, or accounts sooner, than its pace allows, over three workers (PACE_SEED=${seed})`, async () => {
  const cases = fc.sample(
    fc.tuple(fc.array(pace, { minLength: 5, maxLength: 5 }), fc.array(arrival, { minLength: 16, maxLength: 28 })),
    { numRuns: 5, seed },
  );
  // Sites of their own each, so they need not wait for one another; more at once would wait for the machine.
  const inTurn = pLimit(2);
  const breaches = await Promise.all(
    cases.map(([paces, arrivals], run) => inTurn(() => findBreachesOf(`run-${run}`, paces, arrivals))),
  );
  expect(breaches.flat()).toEqual([]);
  await lab.replay();
}, 180_000);
