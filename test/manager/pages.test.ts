import { expect, test } from 'vitest';
import { accounts, adminKey, onEachDatabase, workerKey } from './harness.ts';

onEachDatabase('the status page', (bench) => {
  const visit = (path: string, password?: string) =>
    bench.manager.get(path, {
      key: null,
      headers: password === undefined ? {} : { Authorization: `Basic ${btoa(`me:${password}`)}` },
    });

  test('asks for the admin key, and shows nothing without it', async () => {
    await bench.manager.make({ type: 'social', website: 'https://brand.example', accounts: accounts(1) });
    for (const password of [undefined, 'wrong', '', workerKey]) {
      const { status, body, headers } = await visit('/', password);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(body).not.toContain('brand.example');
    }
  });

  test('shows each request with its counts, and leads to its tasks', async () => {
    const { requestId, ids } = await bench.manager.make({ type: 'social', accounts: accounts(2) });
    await bench.manager.post(`/api/v1/social_account/links/${ids[0]}/start`);
    await bench.manager.post(`/api/v1/social_account/links/${ids[0]}/fail`, {
      status: 'profile_failed',
      error_message: 'avatar refused',
      link_profile: 'https://site0.test/u/me',
    });
    const list = (await visit('/', adminKey)).body;
    expect(list).toContain(`href="/requests/${requestId}"`);
    expect(list).toContain('active 1');
    expect(list).toContain('register 1');
    const detail = (await visit(`/requests/${requestId}`, adminKey)).body;
    for (const text of ['site0.test', 'site1.test', 'avatar refused', 'href="https://site0.test/u/me"', ids[1]])
      expect(detail).toContain(text);
    expect((await visit('/requests/x', adminKey)).status).toBe(404);
  });

  test('escapes what others wrote, links nothing but the web, and names no secret', async () => {
    const evil = '"><script>alert(1)</script>';
    const { requestId } = await bench.manager.make({
      type: 'entity',
      website: evil,
      accounts: [
        { domain: evil, email: 'a@brand.example', password: 'planted-password', link_profile: 'javascript:alert(1)' },
      ],
    });
    for (const path of ['/', `/requests/${requestId}`]) {
      const { body, headers } = await visit(path, adminKey);
      expect(body).toContain('&lt;script&gt;');
      expect(body).not.toContain('<script');
      expect(body).not.toContain('href="javascript');
      expect(body).not.toContain('planted');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  test('leads to older requests', async () => {
    for (let index = 0; index < 51; index++)
      await bench.manager.make({ type: 'social', website: `https://brand${index}.example`, accounts: accounts(1) });
    const { body } = await visit('/', adminKey);
    expect(body).not.toContain('https://brand0.example');
    const [, older] = /href="(\/\?cursor=[^"]+)"/.exec(body)!;
    expect((await visit(older!, adminKey)).body).toContain('https://brand0.example');
  });
});
