import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyRing } from '../config/key-ring.ts';

const encoding = 'binary/encrypted';
const text = new TextEncoder();

function readMetadata(payload: Payload, name: string): string | undefined {
  const value = payload.metadata?.[name];
  return value ? Buffer.from(value).toString('utf8') : undefined;
}

/** Encrypts every payload before it leaves the process: encodes with the ring's current key, decodes by the payload's key id. */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => ({
      metadata: { encoding: text.encode(encoding), 'encryption-key-id': text.encode(this.#keys.currentId) },
      data: this.#keys.seal(proto.temporal.api.common.v1.Payload.encode(payload).finish()),
    }));
  }

  /** @throws Error when a payload was encrypted with a key that the ring does not hold */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      if (readMetadata(payload, 'encoding') !== encoding) return payload;
      const keyId = readMetadata(payload, 'encryption-key-id') ?? '';
      return proto.temporal.api.common.v1.Payload.decode(this.#keys.open(keyId, payload.data ?? new Uint8Array()));
    });
  }
}
