import { z } from 'zod';

export const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration such as `500ms`, `30s`, `5m`, `24h` or `7d`, read as milliseconds. */
export const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, 'must be a duration such as 500ms, 30s, 5m, 24h or 7d')
  .transform((value) => {
    const unit = value.replace(/^\d+/, '') as keyof typeof unitMs;
    return Number.parseInt(value, 10) * unitMs[unit];
  });
