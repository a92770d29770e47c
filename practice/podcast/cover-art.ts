import sharp from 'sharp';

const mebibyte = 1024 * 1024;
/** The largest cover art, in bytes. */
export const largestCover = 5 * mebibyte;
const sides = { least: 1400, most: 3000 };

/** Why the picture can't be a podcast's cover art, or undefined when it can. The limits are those that directories commonly set. */
export async function coverArtProblem(bytes: Buffer): Promise<string | undefined> {
  if (bytes.length > largestCover) return `it is larger than ${largestCover / mebibyte} MiB.`;
  const { format, width, height } = await sharp(bytes)
    .metadata()
    .catch(() => ({ format: undefined, width: 0, height: 0 }));
  if (format !== 'png' && format !== 'jpeg') return 'it is no PNG or JPEG picture.';
  if (width !== height) return `it is not square but ${width} by ${height} pixels.`;
  if (width < sides.least || width > sides.most)
    return `its sides are ${width} pixels long, not ${sides.least} to ${sides.most}.`;
  return undefined;
}
