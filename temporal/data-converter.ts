import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '../config/key-ring.ts';
import { EncryptionCodec } from './codec.ts';

/** The SDK loads it by this path, in a worker and in the workflows' bundle. */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url));

/** What every client and worker of enlist uses: payloads and failures leave the process encrypted. */
export function makeDataConverter(keys: KeyRing): DataConverter {
  return {
    payloadCodecs: [new EncryptionCodec(keys)],
    failureConverterPath,
  };
}
