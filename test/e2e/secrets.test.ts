import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyRing } from '../../config/key-ring.ts';
import { EncryptionCodec } from '../../temporal/codec.ts';
import { podcastRequestId } from '../../temporal/workflow-ids.ts';
import { maskPayload } from '../../workers/codec-server/mask-payload.ts';
import { writeForms } from '../support/browser-and-sites.ts';
import {
  type Enlist,
  mailDomain,
  mailPassword,
  podcastRequest,
  socialRequest,
  startEnlist,
  type WorkerProcess,
} from '../support/enlist.ts';

const password = `Pl"nt'd&<Pass>/1 ế`;
const twofa = 'JBSWY3DPEHPK3PXQ';
const podcastDomains = ['host.practice.test', 'owner.practice.test'];
const domains = ['link.practice.test', 'code.practice.test', 'human.practice.test'];

let stack: Enlist;
let worker: WorkerProcess;
let taskIds: string[];
/** Every history, as the server keeps it. */
const histories: proto.temporal.api.history.v1.IHistory[] = [];
/** What the server tells of each workflow: attributes, memo, summary, details. */
const descriptions: Buffer[] = [];
let proofs: string[];
let decoded: Payload[];

beforeAll(async () => {
  stack = await startEnlist({
    mailboxes: [`secret@${mailDomain}`],
    sites: [
      { domain: domains[0]!, confirmation: 'link', behaviour: { avatarRefused: true } },
      { domain: domains[1]!, confirmation: 'code' },
      { domain: domains[2]!, confirmation: 'none', behaviour: { humanCheck: true } },
    ],
    podcasts: [
      { kind: 'host', domain: podcastDomains[0]!, confirmation: 'none' },
      { kind: 'directory', domain: podcastDomains[1]!, confirmation: 'none', ownerCode: true },
    ],
  });
  worker = await stack.startWorker({ LOG_LEVEL: 'trace', EVIDENCE_DIR: path.join(stack.folder, 'evidence') });
  const request = socialRequest(stack, 'secret', domains, twofa);
  const requestId = await stack.admin.makeRequest({
    ...request,
    accounts: request.accounts.map((account) => ({ ...account, password })),
  });
  taskIds = (await stack.admin.readRequest(requestId)).tasks.map(({ id }) => id);
  const podcast = podcastRequest(stack, 'secret', podcastDomains);
  const podcastId = await stack.admin.makeRequest({
    ...podcast,
    accounts: podcast.accounts.map((account) => ({ ...account, password, twofa })),
  });
  taskIds.push(...(await stack.admin.readRequest(podcastId)).tasks.map(({ id }) => id));
  await stack.run('scripts/dispatch.ts', '--once');
  expect(await stack.client.workflow.getHandle(podcastRequestId(podcastId)).result()).toMatchObject({
    outcome: 'completed',
  });
  const ends = [];
  for (const id of taskIds.slice(0, domains.length))
    ends.push(await stack.client.workflow.getHandle(`social/${id}`).result());
  expect(ends).toMatchObject([
    { outcome: 'profile_failed' },
    { outcome: 'completed' },
    { outcome: 'register_failed', failure: 'Challenge' },
  ]);

  const mails = await stack.practice.mail.messages(`secret@${mailDomain}`);
  proofs = mails.map(({ text }) => (/token=(\S+)/.exec(text) ?? /\b(\d{8}|\d{6})\b/.exec(text))![1]!);
  expect(proofs).toHaveLength(3);
  for await (const { workflowId, runId } of stack.client.workflow.list()) {
    const handle = stack.client.workflow.getHandle(workflowId, runId);
    histories.push(await handle.fetchHistory());
    const { DescribeWorkflowExecutionResponse } = proto.temporal.api.workflowservice.v1;
    descriptions.push(Buffer.from(DescribeWorkflowExecutionResponse.encode((await handle.describe()).raw).finish()));
  }
  decoded = await new EncryptionCodec(new KeyRing(stack.env.ENLIST_KEYS!)).decode(histories.flatMap(findPayloads));
});
afterAll(() => stack.close());

/** Every payload anywhere in a history. */
function findPayloads(value: unknown): Payload[] {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return [];
  if ('data' in value && value.data instanceof Uint8Array && 'metadata' in value) return [value as Payload];
  return Object.values(value).flatMap(findPayloads);
}

const textOf = (payloads: Payload[]) => payloads.map(({ data }) => Buffer.from(data ?? []).toString('utf8')).join('\n');

/** The session cookies that the steps handed on. */
function readCookies(): string[] {
  const values = [...textOf(decoded).matchAll(/_practice_test_session\\*",\\*"value\\*":\\*"([\w-]{43})/g)].map(
    ([, value]) => value!,
  );
  return [...new Set(values)];
}

function expectNoSecret(content: Buffer | string): void {
  const bytes = Buffer.from(content as string);
  const secrets = [password, twofa, mailPassword, mailPassword.replaceAll(' ', ''), ...proofs, ...readCookies()];
  const found = secrets.flatMap(writeForms).filter((form) => bytes.includes(Buffer.from(form)));
  expect(found).toEqual([]);
}

test('the histories do hold the secrets, readable with the key', () => {
  const text = textOf(decoded);
  for (const secret of [JSON.stringify(password).slice(1, -1), twofa, mailPassword, ...proofs])
    expect(text).toContain(secret);
  expect(readCookies().length).toBeGreaterThan(1);
});

test('no history holds one that can be read', () => {
  expect(histories.length).toBeGreaterThan(3);
  for (const history of histories)
    expectNoSecret(Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish()));
});

test("no workflow's attributes, summary or details do", () => {
  for (const description of descriptions) expectNoSecret(description);
});

test('what the codec server shows of the histories masks them', () => {
  const shown = textOf(decoded.map(maskPayload));
  expect(shown).toContain('https://social.example/@secret');
  expectNoSecret(shown);
});

test("the worker's log, at its most talkative, holds none", () => {
  expect(worker.output()).toContain('workers ready');
  expectNoSecret(worker.output());
});

test('the evidence of the failed step holds none', () => {
  const folder = path.join(stack.folder, 'evidence');
  const [kept, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(kept).toContain('createAccount');
  const files = readdirSync(path.join(folder, kept!));
  expect(files.sort()).toEqual(['outline.yaml', 'page.png', 'step.json']);
  for (const file of files) expectNoSecret(readFileSync(path.join(folder, kept!, file)));
});

describe('the manager', () => {
  test("tells none of them to its admin, nor in a task's history", async () => {
    for (const id of taskIds) expectNoSecret(JSON.stringify(await stack.admin.readTask(id)));
  });
});
