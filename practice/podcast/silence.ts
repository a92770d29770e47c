/**
 * One frame of silence: MPEG-1 Layer III (ISO/IEC 11172-3), 32 kbit/s, 48 kHz, mono. Its header is followed by zeros,
 * which say that it holds no sound.
 */
const frame = Buffer.alloc(96);
frame.set([0xff, 0xfb, 0x14, 0xc0]);
const framesASecond = 48_000 / 1152;

/** An MP3 file of silence. */
export function makeSilence(seconds: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(seconds * framesASecond) }, () => frame));
}
