import { sql } from 'kysely';
import type { EntityConnect } from '../../../contracts/admin.ts';
import type { Database } from '../../database/tables.ts';

/** Of mode `all`. */
const mostLinks = 150;

/**
 * The links that each request's tasks put on their profiles, computed when they are asked for
 * (docs/api-contract.md#entity-links). One query however many requests: each takes its first links from the index
 * `tasks_links`.
 */
export async function readLinks(db: Database, requestIds: string[]): Promise<Map<string, string[]>> {
  const ids = [...new Set(requestIds)];
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; entity_connect: EntityConnect; links: string[] }>`
    select requests.id, requests.entity_connect, array(
      select link_profile from tasks
      where tasks.request_id = requests.id and tasks.link_profile <> '' and tasks.deleted_at is null
      order by tasks.created_at, tasks.seq
      limit case requests.entity_connect->>'mode'
        when 'all' then ${sql.lit(mostLinks)}
        when 'limit' then (requests.entity_connect->>'limit')::bigint
        else 0
      end
    ) as links
    from requests where requests.id in (${sql.join(ids)})`.execute(db);
  return new Map(
    rows.map(({ id, entity_connect, links }) => [id, entity_connect.mode === 'custom' ? entity_connect.link : links]),
  );
}
