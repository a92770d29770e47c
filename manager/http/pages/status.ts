import type { RequestAnswer, RequestDetail } from '../../../contracts/admin.ts';
import type { Standing } from '../../../contracts/flow-statuses.ts';
import { type Flow, readStanding } from '../../../contracts/flows.ts';
import { Html, html } from './html.ts';

/** Rows of the page of one request; the rest is in the API. */
const mostTasks = 1000;

export function requestsPage(requests: RequestAnswer[], olderCursor: string | null): string {
  const rows = requests.map(
    (request) => html`
      <tr>
        <td><a href="/requests/${request.id}">${request.website}</a></td>
        <td>${request.type}</td>
        <td>${requestChip(request.status)}</td>
        <td>${countChips(request)}</td>
        <td class="when">${when(request.created_at)}</td>
      </tr>`,
  );
  const table = html`
    <table>
      <thead><tr><th>Website</th><th>Type</th><th>Request</th><th>Tasks</th><th>Made</th></tr></thead>
      <tbody>${rows}</tbody>
    </table>
    ${olderCursor ? html`<p><a href="/?cursor=${olderCursor}">Older requests</a></p>` : ''}`;
  const none = html`<p>No requests yet. Make one with <code>POST /api/v1/admin/requests</code>; <a href="/openapi.json">the API</a>.</p>`;
  return page('Requests', html`<h1>Requests</h1>${requests.length > 0 ? table : none}`);
}

export function requestPage(request: RequestDetail): string {
  const rows = request.tasks.slice(0, mostTasks).map(
    (task) => html`
      <tr>
        <td>${task.domain}</td>
        <td>${statusChip(task.status, readStanding(request.type, task.status))}</td>
        <td>${task.retry_count || ''}</td>
        <td>${profileLink(task.link_profile)}</td>
        <td class="error">${task.error_message ?? ''}</td>
        <td class="when">${task.id}</td>
      </tr>`,
  );
  const hidden = request.tasks.length - rows.length;
  return page(
    request.website,
    html`
      <p><a href="/">All requests</a></p>
      <h1>${request.website}</h1>
      <p>${request.type} · ${requestChip(request.status)} · made ${when(request.created_at)}</p>
      <p>${countChips(request)}</p>
      <table>
        <thead><tr><th>Site</th><th>Status</th><th>Retries</th><th>Profile</th><th>Last failure</th><th>Task</th></tr></thead>
        <tbody>${rows}</tbody>
      </table>
      ${hidden > 0 ? html`<p>${hidden} more tasks are in <code>GET /api/v1/admin/requests/${request.id}</code>.</p>` : ''}`,
  );
}

/** What who has no key sees. */
export function pointerPage(): string {
  return page(
    'Manager',
    html`<h1>enlist manager</h1><p>Sign in with the admin key as the password to see the requests. <a href="/openapi.json">The API</a>.</p>`,
  );
}

export function notFoundPage(): string {
  return page('Not found', html`<h1>Not found</h1><p><a href="/">All requests</a></p>`);
}

function requestChip(status: RequestAnswer['status']): Html {
  return statusChip(status, status === 'completed' ? 'good' : 'open');
}

function statusChip(status: string, standing: Standing, count?: number): Html {
  return html`<span class="chip ${standing}">${status.replaceAll('_', ' ')}${count === undefined ? '' : ` ${count}`}</span>`;
}

function countChips({ type, counts }: { type: Flow; counts: Record<string, number> }): Html[] {
  return Object.entries(counts)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([status, count]) => statusChip(status, readStanding(type, status), count));
}

function profileLink(link: string): Html {
  const isWeb = /^https?:\/\//i.test(link);
  return isWeb ? html`<a href="${link}" rel="noreferrer noopener" target="_blank">${link}</a>` : html`${link}`;
}

function when(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<title>${title} – enlist</title>
<style>${new Html(style)}</style>
</head>
<body><main>${body}</main></body>
</html>`.text;
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#d8dce2, #3a3f47); --soft: light-dark(#5b6470, #9aa4b1); }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #16181c); color: light-dark(#1b1f24, #e6e9ed); }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
a { color: light-dark(#0b57d0, #8ab4f8); overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.when { color: var(--soft); font-size: .85rem; }
.error { overflow-wrap: anywhere; max-width: 24rem; }
.chip { display: inline-block; margin: 0 .4rem .2rem 0; padding: 0 .55rem; border-radius: 1rem; font-size: .85rem; white-space: nowrap;
  background: light-dark(#e8ebef, #2b3038); }
.chip.good { background: light-dark(#d5f0dc, #17472a); }
.chip.bad { background: light-dark(#fbdcdc, #5a2020); }
@media (max-width: 45rem) { table, tbody, tr, td { display: block; } thead { display: none; } tr { padding: .5rem 0; border-bottom: 1px solid var(--line); } td { border: 0; padding: .1rem 0; } }
`;
