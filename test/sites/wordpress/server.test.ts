import { chmod, mkdtemp, readdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { sendmailMissing } from '../../support/sendmail.ts';
import { startWordPress, wordPressMissing } from '../../support/wordpress.ts';

const missing = [wordPressMissing(), sendmailMissing()].filter(Boolean).join(', ');

describe.skipIf(missing)(`a private WordPress${missing ? ` (left out: needs ${missing})` : ''}`, () => {
  test('tells a right password from a wrong one, and leaves no server, no database and no folder behind', async () => {
    // A place of its own, since other sites may come and go in the common one.
    const place = await mkdtemp(join(tmpdir(), 'enlist-place-'));
    // MariaDB may run as another user.
    await chmod(place, 0o755);
    vi.stubEnv('TMPDIR', place);
    try {
      const blog = await startWordPress({ smtp: { host: '127.0.0.1', port: 1 } });
      try {
        await blog.addUser('here', 'Quiet-river-91x!');
        expect(await blog.userNames()).toEqual(['here']);
        expect(await blog.canSignIn('here', 'Quiet-river-91x!')).toBe(true);
        expect(await blog.canSignIn('here', 'Another-river-92y!')).toBe(false);
        expect(await blog.user('nobody')).toBeUndefined();
      } finally {
        await blog.close();
      }
      expect(await readdir(place)).toEqual([]);
      await expect(fetch(blog.url)).rejects.toThrow();
    } finally {
      vi.unstubAllEnvs();
      await rmdir(place);
    }
  });
});
