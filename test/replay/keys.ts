import { KeyRing } from '../../config/key-ring.ts';

/** Encrypts the recorded histories, which hold nothing but made-up tasks: it is no secret, and is used for nothing else. */
export const replayKeys = new KeyRing(`replay:${Buffer.alloc(32, 'enlist replay ').toString('base64')}`);
