import { sql } from 'kysely';
import type { KyselyPlugin } from 'kysely';
import pino from 'pino';
import { expect, test } from 'vitest';
import { KeyRing } from '../../contracts/key-ring.ts';
import type { Database } from '../../manager/database/tables.ts';
import { pullEntity } from '../../manager/tasks/entity.ts';
import { pullPodcast } from '../../manager/tasks/podcast.ts';
import { selectWaiting } from '../../manager/tasks/read-tasks.ts';
import { pullSocial } from '../../manager/tasks/social.ts';
import { sealJson } from '../../manager/tasks/secrets.ts';
import type { ManagerContext } from '../../manager/context.ts';
import { keyText, onEachDatabase } from './harness.ts';

const keys = new KeyRing(keyText);

/** A table with many more tasks than a pull may look at: half of them wait, half are done. */
async function fill(db: Database, type: string, waiting: string): Promise<void> {
  await sql`
    insert into requests (id, type, website, profile, entity_connect, max_retries, group_id, target)
    select gen_random_uuid(), ${type}, 'https://brand' || n || '.example', '{}', '{"mode":"all"}', 3, '', 20 from generate_series(1, 200) n`.execute(db);
  const { sealed, keyId } = sealJson(keys, { password: 'p', pass_mail: '', twofa: '', app_password: '' });
  await sql`
    insert into tasks (id, request_id, type, domain, website_key, status, email, username, about, link_profile, secrets, secrets_key)
    select gen_random_uuid(), requests.id, ${type}, 'site' || n || '.test', requests.id::text, case n % 2 when 0 then ${waiting} else 'completed' end,
      '', '', '', 'https://site' || n || '.test/u/me', ${sealed}::bytea, ${keyId}
    from requests, generate_series(1, 20) n`.execute(db);
  await sql`analyze`.execute(db);
}

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  Plans?: Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

onEachDatabase('the cost of a pull', (bench) => {
  test('is one scan of the head of an index', async () => {
    await fill(bench.db, 'social', 'register');
    const query = selectWaiting(bench.db, 'social', 'register', 5).compile();
    const { rows } = await bench.db.executeQuery<{ 'QUERY PLAN': { Plan: Plan }[] }>({ ...query, sql: `explain (analyze, format json) ${query.sql}` });
    const plan = nodes(rows[0]!['QUERY PLAN'][0]!.Plan);
    const onTasks = plan.filter((node) => node['Relation Name'] === 'tasks');
    expect(onTasks.map((node) => [node['Node Type'], node['Index Name']])).toEqual([['Index Scan', 'tasks_waiting']]);
    expect(onTasks[0]!['Actual Rows']).toBe(5);
    expect(plan.map((node) => node['Node Type'])).not.toContain('Sort');
  });

  test.each([
    ['social', 'register', pullSocial],
    ['entity', 'connect', (context: ManagerContext, limit: number) => pullEntity(context, limit, 'connect')],
    ['podcast', 'pending', pullPodcast],
  ])('is as many queries for a thousand %s tasks of a hundred requests as for one', async (type, waiting, pull) => {
    await fill(bench.db, type, waiting);
    let queries = 0;
    const counter: KyselyPlugin = {
      transformQuery: ({ node }) => (queries++, node),
      transformResult: async ({ result }) => result,
    };
    const context = { db: bench.db.withPlugin(counter), keys, log: pino({ level: 'silent' }), mainDomains: ['anchor.fm'], retryDelay: 1, registerWait: 1 };
    const counts: number[] = [];
    for (const limit of [1, 1000]) {
      queries = 0;
      expect(await pull(context, limit)).toHaveLength(limit);
      counts.push(queries);
    }
    expect(counts[1]).toBe(counts[0]);
  });
});
