import { type CompiledQuery, type KyselyPlugin, sql } from 'kysely';
import pino from 'pino';
import { expect, test } from 'vitest';
import { KeyRing } from '../../config/key-ring.ts';
import type { ManagerContext } from '../../manager/context.ts';
import type { Database } from '../../manager/database/tables.ts';
import { pullEntity } from '../../manager/domain/tasks/entity.ts';
import { pullPodcast } from '../../manager/domain/tasks/podcast.ts';
import { selectWaiting } from '../../manager/domain/tasks/read-tasks.ts';
import { sealJson } from '../../manager/domain/tasks/secrets.ts';
import { pullSocial } from '../../manager/domain/tasks/social.ts';
import { accounts, keyText, onEachDatabase } from './harness.ts';

const keys = new KeyRing(keyText);

/** Requests of 20 tasks: half of them wait, half are done. */
async function fill(db: Database, type: string, waiting: string, requests = 200): Promise<void> {
  await sql`
    insert into requests (id, type, website, profile, entity_connect, max_retries, group_id, target)
    select gen_random_uuid(), ${type}, 'https://brand' || n || '.example', '{}', '{"mode":"all"}', 3, 'filled', 20 from generate_series(1, ${requests}::int) n`.execute(
    db,
  );
  const { sealed, keyId } = sealJson(keys, { password: 'p', pass_mail: '', twofa: '', app_password: '' });
  await sql`
    insert into tasks (id, request_id, type, domain, website_key, status, email, username, about, link_profile, secrets, secrets_key)
    select gen_random_uuid(), requests.id, ${type}, 'site' || n || '.test', requests.id::text, case n % 2 when 0 then ${waiting} else 'completed' end,
      '', '', '', 'https://site' || n || '.test/u/me', ${sealed}::bytea, ${keyId}
    from requests, generate_series(1, 20) n where requests.group_id = 'filled'`.execute(db);
  await sql`analyze`.execute(db);
}

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** What the manager works with, and every query that it sends from now on. */
function watch(db: Database): { context: ManagerContext; queries: CompiledQuery[] } {
  const queries: CompiledQuery[] = [];
  const watcher: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      queries.push(db.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const context = {
    db: db.withPlugin(watcher),
    keys,
    log: pino({ level: 'silent' }),
    mainDomains: ['anchor.fm'],
    retryDelay: 1,
    registerWait: 1,
  };
  return { context, queries };
}

/** What PostgreSQL says that a query reads: rows of tables, also those that it then drops, and blocks. */
async function readsOf(db: Database, query: CompiledQuery): Promise<{ rows: number; blocks: number }> {
  const { rows } = await db.executeQuery<{ 'QUERY PLAN': { Plan: Plan }[] }>({
    ...query,
    sql: `explain (analyze, buffers, format json) ${query.sql}`,
  });
  const plan = rows[0]!['QUERY PLAN'][0]!.Plan;
  const scans = nodes(plan).filter((node) => node['Relation Name']);
  const perLoop = (node: Plan) =>
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return {
    rows: scans.reduce((sum, node) => sum + perLoop(node) * node['Actual Loops'], 0),
    blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
  };
}

onEachDatabase('the cost of a pull', (bench) => {
  test('is one scan of the head of an index', async () => {
    await fill(bench.db, 'social', 'register');
    const query = selectWaiting(bench.db, 'social', 'register', 5).compile();
    const { rows } = await bench.db.executeQuery<{ 'QUERY PLAN': { Plan: Plan }[] }>({
      ...query,
      sql: `explain (analyze, format json) ${query.sql}`,
    });
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
    const counts: number[] = [];
    for (const limit of [1, 1000]) {
      const { context, queries } = watch(bench.db);
      expect(await pull(context, limit)).toHaveLength(limit);
      counts.push(queries.length);
    }
    expect(counts[1]).toBe(counts[0]);
  });

  test('of a request with a thousand tasks and their links is the same with a thousand other requests beside it', async () => {
    const known = accounts(1000).map((account, index) => ({
      ...account,
      link_profile: `https://site${index}.test/u/me`,
    }));
    const { ids } = await bench.manager.make({ type: 'entity', accounts: known });

    const measure = async () => {
      // Statistics and visibility as autovacuum would bring them.
      await sql`vacuum analyze`.execute(bench.db);
      const { context, queries } = watch(bench.db);
      const tasks = await pullEntity(context, 1000, 'connect');
      const sent = queries.splice(0);
      const reads = [];
      for (const query of sent) reads.push(await readsOf(bench.db, query));
      const times = [];
      for (let run = 0; run < 5; run++) {
        const start = performance.now();
        await pullEntity(context, 1000, 'connect');
        times.push(performance.now() - start);
      }
      const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
      return {
        tasks,
        queries: sent.length,
        rows: sum(reads.map(({ rows }) => rows)),
        blocks: sum(reads.map(({ blocks }) => blocks)),
        ms: Math.min(...times),
      };
    };
    const alone = await measure();
    await fill(bench.db, 'entity', 'connect', 1000);
    // On both sides of what is pulled: those that are done become older, those that wait are younger.
    await sql`update tasks set created_at = timestamptz '2025-01-01' where status = 'completed'`.execute(bench.db);
    const { count } = await bench.db
      .selectFrom('requests')
      .select(sql<number>`count(*)::int`.as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(1001);
    const among = await measure();

    expect(alone.tasks).toHaveLength(1000);
    expect(new Set(alone.tasks.map(({ id }) => id))).toEqual(new Set(ids));
    expect(among.tasks).toEqual(alone.tasks);
    expect([among.queries, among.rows]).toEqual([alone.queries, alone.rows]);
    // The thousand tasks, their request for both queries, and its links, once for all tasks.
    expect(among.rows).toBeLessThanOrEqual(1000 + 2 + 150);
    // Alone they are the whole table, which is read without an index: among others the way through the indexes is added, a level and some leaves.
    expect(among.blocks).toBeLessThanOrEqual(alone.blocks + 40);
    const figures = ({ queries, rows, blocks, ms }: typeof alone) =>
      `${queries} queries, ${rows} rows, ${blocks} blocks, ${ms.toFixed(1)} ms`;
    console.log(
      `pull of 1,000 entity tasks: at one request ${figures(alone)}; at 1,001 ${figures(among)}; time × ${(among.ms / alone.ms).toFixed(2)}`,
    );
  }, 60_000);
});
