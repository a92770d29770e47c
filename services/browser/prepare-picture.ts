import type { Picture, PictureLimits } from '../../sites/kit/picture.ts';
import { downloadAsset } from '../assets/download.ts';
import { prepareImage } from '../assets/image.ts';

const largestDownload = 20 * 1024 * 1024;

/** Downloads a picture and fits it to a platform's limits. @throws AssetRefused, AssetUnavailable */
export async function preparePicture(
  name: string,
  url: string,
  limits: PictureLimits,
  allow: string[],
  signal: AbortSignal,
): Promise<Picture> {
  const { bytes } = await downloadAsset(url, { allow, maxBytes: largestDownload, signal });
  const image = await prepareImage(bytes, limits);
  return { name: `${name}.${image.type.slice('image/'.length)}`, type: image.type, bytes: image.bytes };
}
