import { afterEach, describe, expect, test, vi } from 'vitest';
import { makeTotp, normaliseTotpSecret } from '../../../sites/kit/totp.ts';

// "12345678901234567890" of RFC 6238, appendix B, in base32.
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const never = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
});

function at(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: seconds * 1000 });
}

describe('the code of an authenticator', () => {
  // The last six digits of the RFC's eight; its times that have under 5 s left are taken at their step's start.
  test.each([
    [30, '287082'],
    [1111111080, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('at %i s is %s, as in RFC 6238', async (seconds, code) => {
    at(seconds);
    expect(await makeTotp(secret, never)).toBe(code);
  });

  test.each([
    'gezd gnbv gy3t qojq gezd gnbv gy3t qojq',
    'GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ',
    `${secret}====`,
    `otpauth://totp/Site:a%40b.test?secret=${secret}&issuer=Site`,
  ])('takes the secret as sites print it: %s', async (printed) => {
    at(30);
    expect(normaliseTotpSecret(printed)).toBe(secret);
    expect(await makeTotp(printed, never)).toBe('287082');
  });

  test('takes the 16 characters that many sites give', async () => {
    at(30);
    expect(await makeTotp('JBSWY3DPEHPK3PXP', never)).toMatch(/^\d{6}$/);
  });

  test('is the next one when this one is about to end', async () => {
    at(59.9);
    const waiting = makeTotp(secret, never);
    vi.setSystemTime(60_000);
    expect(await waiting).toBe('359152');
  });

  test('is waited for no longer than told', async () => {
    at(59);
    const stop = new AbortController();
    const waiting = makeTotp(secret, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('is another than one that was used', async () => {
    at(84);
    const stop = new AbortController();
    expect(await makeTotp(secret, stop.signal, '000000')).toBe('359152');
    const waiting = makeTotp(secret, stop.signal, '359152');
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  test.each(['planted1secret0', 'planted-secret-!!'])(
    'of what is no base32 is an error without the secret: %s',
    async (wrong) => {
      at(30);
      await expect(makeTotp(wrong, never)).rejects.toThrow();
      await expect(makeTotp(wrong, never)).rejects.not.toThrow(new RegExp(wrong.slice(0, 7), 'i'));
    },
  );
});
