import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendMessage, type Site } from './pages.ts';

const types = { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' } as const;
type Kind = keyof typeof types;

/** What the first bytes say, whatever the name or the declared type. */
export function pictureKind(bytes: Buffer): Kind | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'png';
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'jpg';
  if (bytes.subarray(0, 4).toString('latin1') === 'RIFF' && bytes.subarray(8, 12).toString('latin1') === 'WEBP')
    return 'webp';
  return undefined;
}

/** Stores a picture of a known kind. @returns its file's name */
export async function storePicture(dir: string, bytes: Buffer): Promise<string> {
  await mkdir(dir, { recursive: true });
  const kind = pictureKind(bytes);
  if (kind === undefined) throw new Error('this is no picture of a known kind');
  const name = `${randomUUID()}.${kind}`;
  await writeFile(path.join(dir, name), bytes);
  return name;
}

async function readPicture(dir: string, name: string): Promise<{ type: string; bytes: Buffer } | undefined> {
  const [, kind] = /^[0-9a-f-]{36}\.(png|jpg|webp)$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  try {
    return { type: types[kind as Kind], bytes: await readFile(path.join(dir, name)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function removePicture(dir: string, name: string): Promise<void> {
  await rm(path.join(dir, name), { force: true });
}

/** The text fields of a multipart form, and of its files those of the given names that aren't empty. */
export async function readUpload<Name extends string>(
  request: FastifyRequest,
  names: readonly Name[],
): Promise<{ fields: Record<string, string>; files: Partial<Record<Name, Buffer>> }> {
  const fields: Record<string, string> = {};
  const files: Partial<Record<Name, Buffer>> = {};
  for await (const part of request.parts()) {
    if (part.type === 'field') fields[part.fieldname] = String(part.value);
    else {
      const bytes = await part.toBuffer();
      const name = names.find((wanted) => wanted === part.fieldname);
      if (bytes.length > 0 && name !== undefined) files[name] = bytes;
    }
  }
  return { fields, files };
}

export function mediaRoutes(app: FastifyInstance, site: Site): void {
  app.get<{ Params: { file: string } }>('/media/:file', async (request, reply) => {
    const picture = await readPicture(site.uploadsDir, request.params.file);
    if (!picture) return sendMessage(site, request, reply, 404, 'Not found', 'There is no such picture.');
    return reply.type(picture.type).header('cache-control', 'public, max-age=31536000, immutable').send(picture.bytes);
  });
}
