import sharp, { type Sharp } from 'sharp';
import { AssetRefused } from './errors.ts';
import { imageType } from './image-type.ts';

export type PreparedType = 'image/png' | 'image/jpeg' | 'image/webp';

export interface ImageLimits {
  /** What the site takes, the best first. */
  types: PreparedType[];
  maxBytes: number;
  /** Pixels. */
  maxWidth?: number;
  maxHeight?: number;
  minWidth?: number;
  minHeight?: number;
  /** Cut to a square around its middle. */
  square?: boolean;
}

export interface PreparedImage {
  bytes: Buffer;
  type: PreparedType;
  width: number;
  height: number;
}

const mostPixels = 50_000_000;
const decodeSeconds = 20;
const qualities = [90, 75, 60];
/** How often a picture that has too many bytes is made smaller. */
const mostShrinks = 6;

function encode(image: Sharp, type: PreparedType, quality: number): Sharp {
  if (type === 'image/png') return image.png({ compressionLevel: 9 });
  if (type === 'image/webp') return image.webp({ quality });
  return image.flatten({ background: '#ffffff' }).jpeg({ quality, mozjpeg: true });
}

/** The picture's own type if the site takes it, then those that keep what is transparent, then the rest. */
function orderTypes(types: PreparedType[], own: string, hasAlpha: boolean): PreparedType[] {
  const cost = (type: PreparedType) => (type === own ? 0 : hasAlpha && type === 'image/jpeg' ? 2 : 1);
  return [...types].sort((a, b) => cost(a) - cost(b));
}

/**
 * Turns any picture into one that the site takes: decoded and encoded again, so that nothing but pixels remains, turned
 * as its EXIF says, its first frame if it moves, cut to a square where the site wants one, never enlarged. The same
 * bytes and limits give the same result.
 *
 * @throws AssetRefused when it is no picture (SVG counts as none), is damaged, huge, or smaller than the site asks for
 */
export async function prepareImage(bytes: Uint8Array, limits: ImageLimits): Promise<PreparedImage> {
  const own = imageType(bytes);
  if (own === undefined) throw new AssetRefused('the asset is not a PNG, JPEG, WebP, GIF or AVIF picture');
  const open = () =>
    sharp(bytes, { limitInputPixels: mostPixels, failOn: 'error', autoOrient: true }).timeout({
      seconds: decodeSeconds,
    });
  const decoding = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw new AssetRefused(`the picture can't be decoded: ${(error as Error).message.split('\n')[0]}`);
    }
  };

  const { autoOrient: given, hasAlpha } = await decoding(open().metadata());
  const { maxWidth = Infinity, maxHeight = Infinity, minWidth = 0, minHeight = 0, square = false, maxBytes } = limits;
  const side = Math.min(given.width, given.height);
  const size = square ? { width: side, height: side } : given;
  const types = orderTypes(limits.types, own, hasAlpha);
  let scale = Math.min(1, maxWidth / size.width, maxHeight / size.height);
  let smallest = Infinity;

  for (let shrinks = 0; shrinks <= mostShrinks; shrinks += 1) {
    const width = Math.max(1, Math.round(size.width * scale));
    const height = Math.max(1, Math.round(size.height * scale));
    if (width < minWidth || height < minHeight) {
      const asked = `${square ? 'a square of ' : ''}at least ${minWidth}×${minHeight} pixels`;
      throw new AssetRefused(
        shrinks === 0
          ? `the picture is ${given.width}×${given.height}, the site asks for ${asked}`
          : `the picture is too many bytes with ${asked}`,
      );
    }
    for (const type of types) {
      for (const quality of type === 'image/png' ? [100] : qualities) {
        const image = open()
          .resize(width, height, { fit: square ? 'cover' : 'fill' })
          .toColourspace('srgb');
        const { data } = await decoding(encode(image, type, quality).toBuffer({ resolveWithObject: true }));
        if (data.length <= maxBytes) return { bytes: data, type, width, height };
        smallest = Math.min(smallest, data.length);
      }
    }
    scale *= Math.min(0.9, Math.sqrt(maxBytes / smallest) * 0.95);
    smallest = Infinity;
  }
  throw new AssetRefused(`the picture can't be made smaller than ${maxBytes} bytes`);
}
