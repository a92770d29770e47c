import { createGuardrails, verifySync } from 'otplib';

// Many sites give secrets of ten bytes, which the library refuses unless told otherwise.
const guardrails = createGuardrails({ MIN_SECRET_BYTES: 10 });

/** A base32 secret as people paste it (lower case, spaces, hyphens, padding), in the form that is stored. */
export function tidySecret(text: string): string {
  return text.replace(/[\s=-]/g, '').toUpperCase();
}

export function isSecret(tidied: string): boolean {
  return /^[A-Z2-7]{16,128}$/.test(tidied);
}

/**
 * Checks a code (RFC 6238: SHA-1, six digits, 30 s, one step either way).
 *
 * @returns the code's time step, or undefined when the code is wrong or its step isn't after `lastStep`, the last one used.
 */
export function acceptedStep(secret: string, code: string, lastStep: number | undefined): number | undefined {
  const token = code.replace(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return undefined;
  const result = verifySync({ secret, token, epochTolerance: 30, guardrails });
  if (!result.valid || !('timeStep' in result)) return undefined;
  return lastStep !== undefined && result.timeStep <= lastStep ? undefined : result.timeStep;
}
