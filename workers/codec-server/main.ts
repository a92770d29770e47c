import { EnvironmentError, readEnvironment } from '../../config/environment.ts';
import { loadKeyRing } from '../../config/key-ring.ts';
import { loadRunEnvironment } from '../../config/run-environment.ts';
import { EncryptionCodec } from '../../temporal/codec.ts';
import { buildCodecServer } from './server.ts';

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof EnvironmentError ? error.message : String(error)}\n`);
  process.exit(1);
}

async function run(): Promise<void> {
  loadRunEnvironment();
  const { HOST, CODEC_PORT, CODEC_TOKEN, CODEC_ORIGINS } = readEnvironment(
    'HOST',
    'CODEC_PORT',
    'CODEC_TOKEN',
    'CODEC_ORIGINS',
  );
  const server = await buildCodecServer(new EncryptionCodec(loadKeyRing()), CODEC_TOKEN, CODEC_ORIGINS);
  await server.listen({ host: HOST, port: CODEC_PORT });
  process.stdout.write(`${JSON.stringify({ ready: `http://${HOST}:${CODEC_PORT}` })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
}
