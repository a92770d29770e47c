import { describe, expect, test } from 'vitest';
import { type Flow, flows } from '../../contracts/flows.ts';
import { accounts, onEachDatabase } from './harness.ts';

const report = { email: 'real@brand.example' };
const error_message = 'the site is down';
const failRegister = ['fail', { status: 'register_failed', error_message }] as const;
const failProfile = ['fail', { status: 'profile_failed', error_message }] as const;
const fail = ['fail', { error_message }] as const;
const start = ['start', undefined] as const;
const complete = ['complete', report] as const;

interface Case {
  status: string;
  /** The calls that lead there. */
  by: (readonly [string, object | undefined])[];
  /** The calls that are taken from there. */
  takes?: string[];
  /** The statuses that a refused start and a refused report expected; an entity task that has ended may name either phase's. */
  expects?: [string, string];
  /** The account has a profile already. */
  known?: boolean;
  retries?: number;
}

const statusesByFlow: { type: Flow; expects?: [string, string]; cases: Case[] }[] = [
  {
    type: 'social',
    expects: ['register', 'registering'],
    cases: [
      { status: 'register', by: [], takes: ['start'] },
      { status: 'registering', by: [start], takes: ['complete', 'fail'] },
      { status: 'completed', by: [start, complete] },
      { status: 'active', by: [start, failProfile] },
      { status: 'final_failed', by: [start, failRegister] },
    ],
  },
  {
    type: 'entity',
    cases: [
      { status: 'register', by: [], takes: ['start'], expects: ['register', 'registering'] },
      { status: 'registering', by: [start], takes: ['complete', 'fail'], expects: ['register', 'registering'] },
      { status: 'registered', by: [start, complete], expects: ['register', 'registering'] },
      { status: 'final_failed', by: [start, failRegister] },
      { status: 'connect', by: [], takes: ['start'], expects: ['connect', 'connecting'], known: true },
      {
        status: 'connecting',
        by: [start],
        takes: ['complete', 'fail'],
        expects: ['connect', 'connecting'],
        known: true,
      },
      { status: 'connect_failed', by: [start, fail], expects: ['connect', 'connecting'], known: true },
      { status: 'completed', by: [start, complete], known: true },
    ],
  },
  {
    type: 'podcast',
    expects: ['pending', 'running'],
    cases: [
      { status: 'pending', by: [], takes: ['start'] },
      { status: 'running', by: [start], takes: ['start', 'complete', 'fail'] },
      { status: 'completed', by: [start, complete] },
      { status: 'failed', by: [start, fail] },
      { status: 'final_failed', by: [start, fail], retries: 0 },
    ],
  },
];

/** The words that a reader of one task may expect. */
const readable: Partial<Record<Flow, string[]>> = {
  social: ['register', 'registering'],
  entity: ['register', 'registering', 'connect', 'connecting'],
};

onEachDatabase('a task', (bench) => {
  describe.each(statusesByFlow)('of $type', ({ type, expects, cases }) => {
    const links = `${flows[type].path}/links`;
    /** Of two tasks, so that the second keeps a registered one waiting. */
    async function reach({ status, by, known, retries }: Case, website = 'https://brand.example'): Promise<string> {
      const own = accounts(2).map((account) => ({ ...account, link_profile: known ? 'https://site.test/u/me' : '' }));
      const { ids } = await bench.manager.make({ type, website, max_retries: retries ?? 3, accounts: own });
      for (const [call, body] of by) await bench.manager.post(`${links}/${ids[0]}/${call}`, body);
      expect(await bench.manager.status(ids[0]!)).toBe(status);
      return ids[0]!;
    }

    test.each(cases)('that is $status takes no call meant for another status, and stays as it is', async (reached) => {
      const id = await reach(reached);
      const before = (await bench.manager.admin('GET', `/tasks/${id}`)).body.data;
      const [forStart, forReport] = reached.expects ?? expects ?? [expect.any(String), expect.any(String)];
      for (const [call, body] of [start, complete, failRegister]) {
        if (reached.takes?.includes(call)) continue;
        const { status, body: answer } = await bench.manager.post(`${links}/${id}/${call}`, body);
        expect([call, status, answer]).toEqual([
          call,
          409,
          {
            success: false,
            message: 'task not in expected status',
            current_status: reached.status,
            expected: call === 'start' ? forStart : forReport,
          },
        ]);
      }
      expect((await bench.manager.admin('GET', `/tasks/${id}`)).body.data).toEqual(before);
    });

    test.each(cases.filter(({ takes }) => takes))('that is $status takes the calls meant for it', async (reached) => {
      for (const call of reached.takes!) {
        const id = await reach(reached, `https://${call}.example`);
        const { status, body } = await bench.manager.post(
          `${links}/${id}/${call}`,
          call === 'start' ? undefined : { ...report, error_message },
        );
        expect([call, status, body]).toEqual([call, 200, { success: true }]);
      }
    });

    test.each(cases)('that is $status is read by who expects it, and by nobody else', async (reached) => {
      const id = await reach(reached);
      const words = readable[type];
      if (!words) {
        const { status, body } = await bench.manager.get(`${links}/${id}`);
        expect([status, body.data.id]).toEqual([200, id]);
        return;
      }
      for (const word of words) {
        const { status, body } = await bench.manager.get(`${links}/${id}?status=${word}`);
        if (word === reached.status) {
          expect([status, body.data.id]).toEqual([200, id]);
        } else {
          const [code, message] = type === 'social' ? [409, 'status mismatch'] : [404, 'task not in expected status'];
          expect([word, status, body]).toEqual([
            word,
            code,
            { success: false, message, current_status: reached.status, expected: word },
          ]);
        }
      }
    });
  });
});
