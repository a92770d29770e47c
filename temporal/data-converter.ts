import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '../config/key-ring.ts';
import { EncryptionCodec } from './codec.ts';

/** What every client and worker of enlist uses: payloads and failures leave the process encrypted. */
export function makeDataConverter(keys: KeyRing): DataConverter {
  return {
    payloadCodecs: [new EncryptionCodec(keys)],
    failureConverterPath: fileURLToPath(new URL('./failure-converter.cjs', import.meta.url)),
  };
}
