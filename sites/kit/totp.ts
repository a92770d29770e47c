import { setTimeout as sleep } from 'node:timers/promises';
import { createGuardrails, generate } from 'otplib';

const periodSeconds = 30;
const leastSecondsLeft = 5;
/** Sites give out 16 base32 characters, 10 bytes, which otplib refuses unless told. */
const guardrails = createGuardrails({ MIN_SECRET_BYTES: 10 });

/** Reads a secret as sites print it: grouped, in any case, or as an otpauth address. */
export function normaliseTotpSecret(secret: string): string {
  const text = /^otpauth:/i.test(secret) ? (new URL(secret).searchParams.get('secret') ?? '') : secret;
  return text.replace(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
}

const secondsLeft = () => periodSeconds - ((Date.now() / 1000) % periodSeconds);
const nextPeriod = (signal: AbortSignal) => sleep(secondsLeft() * 1000 + 50, undefined, { signal });

/**
 * The six-digit code of RFC 6238 (SHA-1, 30 s). With under 5 s left it waits for the next one, which is then good for
 * as long as a form takes.
 *
 * @param used a code that was used already: the next one is waited for, at most 30 s
 * @throws Error when the secret is no base32
 */
export async function makeTotp(secret: string, signal: AbortSignal, used?: string): Promise<string> {
  const make = () => generate({ secret: normaliseTotpSecret(secret), guardrails });
  if (secondsLeft() < leastSecondsLeft) await nextPeriod(signal);
  const code = await make();
  if (code !== used) return code;
  await nextPeriod(signal);
  return make();
}
