import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const mebibyte = 1024 * 1024;
/** The largest picture of each kind, in bytes. */
export const largest = { avatar: mebibyte, cover: 2 * mebibyte };

const types = { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' } as const;
type Kind = keyof typeof types;

/** What the first bytes say, whatever the name or the declared type. */
function kindOf(bytes: Buffer): Kind | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'png';
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'jpg';
  if (bytes.subarray(0, 4).toString('latin1') === 'RIFF' && bytes.subarray(8, 12).toString('latin1') === 'WEBP') return 'webp';
  return undefined;
}

/** Why the picture can't be taken, or undefined when it can. */
export function pictureProblem(bytes: Buffer, most: number): string | undefined {
  if (bytes.length > most) return `it is larger than ${most / mebibyte} MiB.`;
  return kindOf(bytes) === undefined ? 'it is no PNG, JPEG or WebP picture.' : undefined;
}

/** Stores a picture that has no problem. @returns its file's name */
export async function storePicture(dir: string, bytes: Buffer): Promise<string> {
  await mkdir(dir, { recursive: true });
  const name = `${randomUUID()}.${kindOf(bytes)!}`;
  await writeFile(path.join(dir, name), bytes);
  return name;
}

export async function readPicture(dir: string, name: string): Promise<{ type: string; bytes: Buffer } | undefined> {
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
