import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { AssetRefused } from '../../../services/assets/errors.ts';
import { type ImageLimits, type PreparedType, prepareImage } from '../../../services/assets/image.ts';

const all: PreparedType[] = ['image/png', 'image/jpeg', 'image/webp'];
const roomy: ImageLimits = { types: all, maxBytes: 5_000_000 };

function plain(width: number, height: number, alpha = 1) {
  return sharp({ create: { width, height, channels: 4, background: { r: 200, g: 30, b: 30, alpha } } });
}

/** Pixels that don't compress, the same each time. */
function noisy(width: number, height: number) {
  const pixels = Buffer.alloc(width * height * 3);
  let state = 1;
  for (let index = 0; index < pixels.length; index += 1) {
    state = (state * 48_271) % 2_147_483_647;
    pixels[index] = state >> 8;
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

const describeImage = async (bytes: Buffer) => {
  const { format, width, height, exif, icc, hasAlpha } = await sharp(bytes).metadata();
  return { format, width, height, exif, icc, hasAlpha };
};

describe('type', () => {
  test.each([
    ['image/png', ['image/jpeg', 'image/png'], 'image/png'],
    ['image/jpeg', all, 'image/jpeg'],
    ['image/webp', all, 'image/webp'],
    ['image/gif', ['image/jpeg', 'image/png'], 'image/png'],
    ['image/png', ['image/jpeg'], 'image/jpeg'],
    ['image/avif', ['image/webp', 'image/jpeg'], 'image/webp'],
  ] as const)('%s for a site that takes %j becomes %s', async (given, types, expected) => {
    const bytes = await plain(40, 30, 0.5)
      .toFormat(given.slice(6) as 'png')
      .toBuffer();
    const made = await prepareImage(bytes, { ...roomy, types: [...types] });
    expect(made).toMatchObject({ type: expected, width: 40, height: 30 });
    expect((await sharp(made.bytes).metadata()).format).toBe(expected.slice(6));
  });

  test('what is transparent is white where the site takes only JPEG', async () => {
    const made = await prepareImage(await plain(8, 8, 0).png().toBuffer(), { ...roomy, types: ['image/jpeg'] });
    const { dominant } = await sharp(made.bytes).stats();
    expect(Math.min(dominant.r, dominant.g, dominant.b)).toBeGreaterThan(240);
  });

  test('an animated picture becomes its first frame', async () => {
    const frames = Buffer.concat([await plain(10, 10).removeAlpha().raw().toBuffer(), Buffer.alloc(300)]);
    const gif = await sharp(frames, { raw: { width: 10, height: 20, channels: 3, pageHeight: 10 } })
      .gif({ loop: 0 })
      .toBuffer();
    expect((await sharp(gif).metadata()).pages).toBe(2);
    const made = await prepareImage(gif, { ...roomy, types: ['image/png'] });
    expect(made).toMatchObject({ width: 10, height: 10 });
    expect((await sharp(made.bytes).stats()).dominant.r).toBeGreaterThan(150);
  });
});

describe('pixels', () => {
  test.each([
    [{ maxWidth: 50 }, 50, 25],
    [{ maxHeight: 10 }, 20, 10],
    [{ maxWidth: 50, maxHeight: 10 }, 20, 10],
    [{ maxWidth: 4000, maxHeight: 4000 }, 100, 50],
    [{ minWidth: 100, minHeight: 50 }, 100, 50],
  ])('within %j are %i×%i of 100×50', async (limits, width, height) => {
    expect(await prepareImage(await plain(100, 50).png().toBuffer(), { ...roomy, ...limits })).toMatchObject({
      width,
      height,
    });
  });

  test('too few are refused, and so are those that would be after making it fit', async () => {
    const bytes = await plain(100, 10).png().toBuffer();
    await expect(prepareImage(bytes, { ...roomy, minWidth: 101 })).rejects.toThrow('100×10');
    await expect(prepareImage(bytes, { ...roomy, maxWidth: 50, minHeight: 10 })).rejects.toThrow(AssetRefused);
  });

  test('are turned as EXIF says, and EXIF is gone, the place it was taken at with it', async () => {
    // Red to the left of blue; 6 says: turn it clockwise, so that red is on top.
    const turned = await plain(30, 20)
      .extend({ right: 30, background: '#0000ff' })
      .jpeg()
      .withExif({ IFD0: { Copyright: 'nobody' }, IFD3: { GPSLatitude: '1/1 2/1 3/1' } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const made = await prepareImage(turned, { ...roomy, maxHeight: 30 });
    expect(made).toMatchObject({ width: 10, height: 30 });
    expect(await describeImage(made.bytes)).toMatchObject({ width: 10, height: 30, exif: undefined, icc: undefined });
    expect(made.bytes.includes('nobody')).toBe(false);
    const colourAt = (top: number) => sharp(made.bytes).extract({ left: 5, top, width: 1, height: 1 }).raw().toBuffer();
    expect((await colourAt(2))[0]).toBeGreaterThan(150);
    expect((await colourAt(27))[2]).toBeGreaterThan(200);
  });

  test('of a CMYK picture become RGB', async () => {
    const cmyk = await plain(10, 10).removeAlpha().toColourspace('cmyk').jpeg().toBuffer();
    const made = await prepareImage(cmyk, { ...roomy, types: ['image/jpeg'] });
    expect((await sharp(made.bytes).metadata()).space).toBe('srgb');
  });
});

describe('a square', async () => {
  const block = (width: number, height: number, background: string) =>
    sharp({ create: { width, height, channels: 3, background } }).png();
  const [red, green] = await Promise.all(['#ff0000', '#00ff00'].map((colour) => block(20, 40, colour).toBuffer()));
  /** 80×40: a blue square between red and green edges. */
  const lying = await block(80, 40, '#0000ff')
    .composite([
      { input: red!, left: 0, top: 0 },
      { input: green!, left: 60, top: 0 },
    ])
    .toBuffer();
  const standing = await sharp(lying).rotate(90).toBuffer();
  const turnedByExif = await sharp(lying).withMetadata({ orientation: 6 }).toBuffer();

  test.each([
    ['lying', lying],
    ['standing', standing],
    ['turned by EXIF', turnedByExif],
  ])('is the middle of a picture that is %s, not squeezed', async (_, given) => {
    const { bytes, width, height } = await prepareImage(given, { ...roomy, square: true });
    expect([width, height]).toEqual([40, 40]);
    expect(await describeImage(bytes)).toMatchObject({ width: 40, height: 40 });
    const pixels = await sharp(bytes).removeAlpha().raw().toBuffer();
    expect(pixels.equals(await block(40, 40, '#0000ff').raw().toBuffer())).toBe(true);
  });

  test.each([
    [{ maxWidth: 20 }, 20],
    [{ maxWidth: 30, maxHeight: 10 }, 10],
    [{ minWidth: 40, minHeight: 40 }, 40],
    [{ maxWidth: 4000, maxHeight: 4000 }, 40],
  ])('is cut before the limits %j apply, and never enlarged', async (limits, side) => {
    const made = await prepareImage(lying, { ...roomy, ...limits, square: true });
    expect(made).toMatchObject({ width: side, height: side });
    expect(await describeImage(made.bytes)).toMatchObject({ width: side, height: side });
  });

  test('that would be too small is refused', async () => {
    const refused = prepareImage(lying, { ...roomy, minWidth: 41, minHeight: 41, square: true });
    await expect(refused).rejects.toThrow('the picture is 80×40, the site asks for a square of at least 41×41 pixels');
    await expect(refused).rejects.toThrow(AssetRefused);
  });

  test('stays one when it is made fewer bytes', async () => {
    const made = await prepareImage(await noisy(500, 300).png().toBuffer(), {
      types: ['image/png'],
      maxBytes: 50_000,
      square: true,
    });
    expect(made.width).toBeLessThan(300);
    expect(made.height).toBe(made.width);
    expect(await describeImage(made.bytes)).toMatchObject({ width: made.width, height: made.width });
  });

  test('is left as it is', async () => {
    const bytes = await noisy(50, 50).png().toBuffer();
    expect(await prepareImage(bytes, { ...roomy, square: true })).toEqual(await prepareImage(bytes, roomy));
  });

  test('is made only where the site wants one', async () => {
    expect(await prepareImage(lying, { ...roomy, square: false })).toMatchObject({ width: 80, height: 40 });
  });
});

describe('bytes', () => {
  test('are made fewer by another type, then by fewer pixels, until they are few enough', async () => {
    const bytes = await noisy(400, 400).png().toBuffer();
    expect(bytes.length).toBeGreaterThan(400_000);
    const other = await prepareImage(bytes, { types: ['image/png', 'image/jpeg'], maxBytes: 300_000 });
    expect(other).toMatchObject({ type: 'image/jpeg', width: 400 });
    const smaller = await prepareImage(bytes, { types: ['image/png'], maxBytes: 50_000, minWidth: 50 });
    expect(smaller.type).toBe('image/png');
    expect(smaller.width).toBeGreaterThan(90);
    expect(smaller.width).toBe(smaller.height);
    for (const [made, most] of [
      [other, 300_000],
      [smaller, 50_000],
    ] as const)
      expect(made.bytes.length).toBeLessThanOrEqual(most);
  });

  test('that stay too many are refused', async () => {
    const bytes = await noisy(200, 200).png().toBuffer();
    await expect(prepareImage(bytes, { types: all, maxBytes: 1_000, minWidth: 150 })).rejects.toThrow(AssetRefused);
    await expect(prepareImage(bytes, { types: all, maxBytes: 10 })).rejects.toThrow(AssetRefused);
  });

  test('are the same for the same picture', async () => {
    const bytes = await noisy(120, 80).jpeg().toBuffer();
    const limits: ImageLimits = { types: ['image/webp'], maxBytes: 10_000, maxWidth: 100 };
    expect(await prepareImage(bytes, limits)).toEqual(await prepareImage(bytes, limits));
  });
});

describe('what is refused', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><image href="file:///etc/passwd"/></svg>';
  test.each([
    ['an SVG', Buffer.from(svg)],
    ['an SVG after white space', Buffer.from(`<?xml version="1.0"?>\n${svg}`)],
    ['HTML', Buffer.from('<!doctype html><title>404</title>')],
    ['nothing', Buffer.alloc(0)],
    ['a PDF', Buffer.from('%PDF-1.7\n')],
    ['a PNG of which only the head is there', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
  ])('%s', async (_, bytes) => {
    await expect(prepareImage(bytes, roomy)).rejects.toThrow(AssetRefused);
  });

  test('a picture that is cut off', async () => {
    for (const type of ['png', 'jpeg'] as const) {
      const bytes = await noisy(200, 200).toFormat(type).toBuffer();
      await expect(prepareImage(bytes.subarray(0, bytes.length / 2), roomy)).rejects.toThrow(AssetRefused);
    }
  });

  test('a picture of few bytes and very many pixels', async () => {
    const bomb = await sharp({
      create: { width: 12_000, height: 5_000, channels: 3, background: 'black' },
      limitInputPixels: false,
    })
      .png()
      .toBuffer();
    expect(bomb.length).toBeLessThan(1_000_000);
    await expect(prepareImage(bomb, { ...roomy, maxWidth: 100 })).rejects.toThrow(AssetRefused);
  });
});
