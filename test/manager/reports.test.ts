import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { accounts, onEachDatabase } from './harness.ts';
import { type Phase, phases, registerPhases } from './phases.ts';

const words = ['example-social.com', 'EXAMPLE-Social.Com', 'socuser01', 'SocUser01', 'yourdomain', 'YourDomain'];
const angled = ['<EMAIL_THỰC>', '<URL_*>', '<x>'];
/** Random, since the database packs what repeats itself. */
const overlong = `https://site.test/${randomBytes(1500).toString('hex')}`;
/** `<…>` counts only as their whole value. */
const free = ['password', 'cookie', 'note'];

onEachDatabase('a report', (bench) => {
  async function started({ type, links, account }: Phase, website = 'https://brand.example'): Promise<string> {
    const { ids } = await bench.manager.make({ type, website, accounts: [{ ...accounts(1)[0]!, ...account }] });
    expect((await bench.manager.post(`${links}/${ids[0]}/start`)).status).toBe(200);
    return ids[0]!;
  }

  describe.each(phases)('of $phase', (phase) => {
    const { links, busy, report } = phase;

    test.each(Object.keys(report))(
      'is refused for a sample value in %s, and the task stays as it was',
      async (field) => {
        const id = await started(phase);
        const samples = [
          ...words.flatMap((word) => [word, `https://me.${word}/u`]),
          ...angled,
          ...angled.map((text) => ` ${text} `),
          ...(free.includes(field) ? [] : angled.map((text) => `before${text}after`)),
        ];
        for (const sample of samples) {
          const { status, body } = await bench.manager.post(`${links}/${id}/complete`, { ...report, [field]: sample });
          expect([sample, status, body]).toEqual([
            sample,
            400,
            { success: false, message: `placeholder rejected: ${field}` },
          ]);
        }
        expect(await bench.manager.status(id)).toBe(busy);
      },
    );

    test('may hold < and > within a password, a cookie and a note', async () => {
      const id = await started(phase);
      const inside = Object.fromEntries(free.filter((field) => field in report).map((field) => [field, 'a<b>c']));
      expect(await bench.manager.post(`${links}/${id}/complete`, { ...report, ...inside })).toMatchObject({
        status: 200,
        body: { success: true },
      });
    });

    test.each(Object.keys(report))('is refused for a wrong type of %s', async (field) => {
      const id = await started(phase);
      for (const value of [5, true, ['x'], { x: 'y' }]) {
        const { status, body } = await bench.manager.post(`${links}/${id}/complete`, { ...report, [field]: value });
        expect([status, body]).toEqual([
          400,
          { success: false, message: expect.stringMatching(new RegExp(`^${field}: `)) },
        ]);
      }
      expect(await bench.manager.status(id)).toBe(busy);
    });

    test('is refused by name for a link longer than the database can hold, and taken for a long one', async () => {
      for (const field of Object.keys(report).filter((name) => ['link_profile', 'link_post'].includes(name))) {
        const id = await started(phase, `https://${field}.example`);
        const complete = (link: string) => bench.manager.post(`${links}/${id}/complete`, { ...report, [field]: link });
        const { status, body } = await complete(overlong);
        expect([status, body]).toEqual([400, { success: false, message: `${field}: must be at most 2000 bytes` }]);
        expect((await complete(overlong.slice(0, 2000))).status).toBe(200);
      }
    });

    test('may be wider and deeper than anything that it means, but not of half characters', async () => {
      const id = await started(phase);
      const fail = (deep: string) => bench.manager.post(`${links}/${id}/fail`, `{"error_message":"x","more":${deep}}`);
      const nested = (text: string) => `${'['.repeat(200_000)}"${text}"${']'.repeat(200_000)}`;
      const wide = (text: string) => `[${'0,'.repeat(400_000)}"${text}"]`;
      for (const half of [nested('\\ud800'), wide('\\u0000')])
        expect(await fail(half)).toMatchObject({
          status: 400,
          body: { message: expect.stringMatching(/^more\..*: holds a character that is no text/) },
        });
      expect((await fail(nested('\\u0041'))).status).toBe(200);
    });

    test('of a failure says why, in a thousand characters whatever their size', async () => {
      const id = await started(phase);
      const fail = (body: object) => bench.manager.post(`${links}/${id}/fail`, body);
      for (const error_message of [undefined, null, '', 5, ['x'], '😀'.repeat(1001), 'x'.repeat(1001)]) {
        expect(await fail({ error_message, note: 'n' })).toMatchObject({
          status: 400,
          body: { success: false, message: expect.stringMatching(/^error_message: /) },
        });
      }
      expect((await fail({ error_message: 'x', note: 5 })).body.message).toMatch(/^note: /);
      expect(await bench.manager.status(id)).toBe(busy);
      expect((await fail({ error_message: '😀'.repeat(1000), note: 'tried twice' })).status).toBe(200);
      const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
      expect(body.data.history[2]).toMatchObject({ from: busy, error_message: '😀'.repeat(1000), note: 'tried twice' });
    });
  });

  describe.each(registerPhases)('of $phase', (phase) => {
    test.each(['email', 'username', 'password', 'cookie'])(
      'holds at least one credential: %s is enough',
      async (field) => {
        const id = await started(phase);
        const complete = (body: object) => bench.manager.post(`${phase.links}/${id}/complete`, body);
        for (const body of [
          {},
          { link_profile: 'https://site.test/u/real', note: 'n' },
          { [field]: ' ' },
          { [field]: null },
        ]) {
          expect(await complete(body)).toMatchObject({
            status: 400,
            body: { message: 'email: at least one of email, username, password, cookie is required' },
          });
        }
        expect((await complete({ [field]: 'real' })).status).toBe(200);
      },
    );
  });

  test.each(registerPhases.filter(({ report }) => 'link_profile' in report))(
    'of a failed $phase is refused by name for such a link too',
    async (phase) => {
      const id = await started(phase);
      const { status, body } = await bench.manager.post(`${phase.links}/${id}/fail`, {
        ...phase.failure,
        status: 'profile_failed',
        link_profile: overlong,
      });
      expect([status, body]).toEqual([400, { success: false, message: 'link_profile: must be at most 2000 bytes' }]);
    },
  );
});
