import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

export interface PictureServer {
  url: string;
  close(): Promise<void>;
}

const sizes = { avatar: [400, 400], cover: [1500, 500], square: [1400, 1400] } as const;
export type PictureKind = keyof typeof sizes;
const address = new RegExp(`^/(${Object.keys(sizes).join('|')})/([\\w.-]{1,100})\\.png$`);

/** A PNG whose colours and shapes follow from the name alone. */
export function drawPicture(kind: PictureKind, name: string): Promise<Buffer> {
  const [width, height] = sizes[kind];
  const bytes = createHash('sha256').update(`${kind} ${name}`).digest();
  const hue = Math.round((bytes.readUInt8(0) / 256) * 360);
  const circles = [0, 1, 2, 3].map((index) => {
    const [x = 0, y = 0, radius = 0, turn = 0] = bytes.subarray(1 + index * 4, 5 + index * 4);
    return `<circle cx="${(x / 255) * width}" cy="${(y / 255) * height}" r="${height * (0.12 + radius / 1000)}" fill="hsl(${
      (hue + turn / 4) % 360
    },65%,62%)" fill-opacity="0.55"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs><linearGradient id="sky" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="hsl(${hue},60%,46%)"/><stop offset="1" stop-color="hsl(${
    (hue + 50) % 360
  },60%,34%)"/></linearGradient></defs>
<rect width="100%" height="100%" fill="url(#sky)"/>${circles.join('')}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** Serves `/avatar/NAME.png`, `/cover/NAME.png` and `/square/NAME.png` on loopback, for whatever name is asked for. */
export async function startPictureServer(options: { port?: number } = {}): Promise<PictureServer> {
  const server = createServer((request, response) => {
    const [, kind, name] = address.exec(request.url ?? '') ?? [];
    if (name === undefined) return void response.writeHead(404).end();
    drawPicture(kind as PictureKind, name).then(
      (png) => response.writeHead(200, { 'content-type': 'image/png', 'content-length': png.length }).end(png),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
