import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { downloadAsset } from '../../../services/assets/download.ts';
import { AssetRefused, AssetUnavailable } from '../../../services/assets/errors.ts';
import { isAllowed, parseNetworks } from '../../../services/assets/public-address.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const signal = new AbortController().signal;
const loopback = { allow: ['127.0.0.0/8', '::1/128'], maxBytes: 10_000, signal };

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failure = (url: string, options = loopback): Promise<Error> =>
  downloadAsset(url, options).then(
    () => new Error('it was downloaded'),
    (error: unknown) => error as Error,
  );

test('a picture comes with the type that its bytes say, without cookies or a body encoding', async () => {
  let seen: IncomingMessage | undefined;
  const origin = await serve((request, response) => {
    seen = request;
    response.setHeader('content-type', 'text/html').setHeader('set-cookie', 'a=b').end(png);
  });
  expect(await downloadAsset(`${origin}/a.txt`, loopback)).toEqual({ bytes: png, type: 'image/png' });
  expect(seen?.headers.cookie).toBeUndefined();
  expect(seen?.headers['accept-encoding']).toBe('identity');
});

test('what is no picture comes without a type', async () => {
  const origin = await serve((_, response) =>
    response.setHeader('content-type', 'image/png').end('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  );
  expect((await downloadAsset(`${origin}/a.png`, loopback)).type).toBeUndefined();
});

describe('an address that is not public', () => {
  const none = { ...loopback, allow: [] };
  test.each([
    'http://127.0.0.1:1/',
    'http://2130706433:1/',
    'http://0x7f.1:1/',
    'http://[::1]:1/',
    'http://[::ffff:127.0.0.1]:1/',
    'http://[64:ff9b::7f00:1]:1/',
    'http://169.254.169.254/latest',
    'http://10.1.2.3/',
    'http://0.0.0.0:1/',
    'http://[fd00::1]/',
  ])('%s is refused', async (url) => expect(await failure(url, none)).toBeInstanceOf(AssetRefused));

  test('is refused behind a name, too, before anything is sent', async () => {
    let asked = 0;
    const origin = await serve((_, response) => void ((asked += 1), response.end(png)));
    const named = origin.replace('127.0.0.1', 'localhost');
    const refused = await failure(named, none);
    expect(refused).toBeInstanceOf(AssetRefused);
    expect(refused.message).toContain('localhost');
    expect(asked).toBe(0);
    expect((await downloadAsset(named, loopback)).bytes).toEqual(png);
  });

  test('is refused at the end of a redirect', async () => {
    const origin = await serve((_, response) =>
      response.writeHead(302, { location: 'http://10.0.0.1/x?key=s3cret' }).end(),
    );
    const refused = await failure(origin);
    expect(refused).toBeInstanceOf(AssetRefused);
    expect(refused.message).not.toContain('s3cret');
  });
});

describe('whether an IP address is allowed', () => {
  const none = parseNetworks([]);
  test.each(['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])('%s is public', (address) =>
    expect(isAllowed(address, none)).toBe(true),
  );
  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '0.0.0.0',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '2002:a00:1::',
    '2001::1',
    'fe80::1',
    'fec0::1',
    'fd00::1',
    'ff02::1',
    '4000::1',
    'localhost',
    '',
  ])('%s is not', (address) => expect(isAllowed(address, none)).toBe(false));
  test('a network that is given is allowed in each way to write it, and no other', () => {
    const networks = parseNetworks(['10.0.0.0/8', 'fd00::/16']);
    for (const address of ['10.9.9.9', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'fd00::1'])
      expect(isAllowed(address, networks)).toBe(true);
    for (const address of ['192.168.0.1', 'fd01::1', '127.0.0.1']) expect(isAllowed(address, networks)).toBe(false);
  });
  test('what is no network is named', () => {
    expect(() => parseNetworks(['10.0.0.1'])).toThrow('10.0.0.1');
    expect(() => parseNetworks(['10.0.0.0/33'])).toThrow(TypeError);
  });
});

test.each([
  'file:///etc/passwd',
  'ftp://files.example/a',
  'data:image/png;base64,AA',
  'no url',
  '',
  'http://user:s3cret@site.example/a',
])('%j is refused without a connection', async (url) => {
  const refused = await failure(url);
  expect(refused).toBeInstanceOf(AssetRefused);
  expect(refused.message).not.toContain('s3cret');
});

describe('redirects', () => {
  test('are followed four times, relative ones too', async () => {
    const origin = await serve((request, response) => {
      const left = Number(request.url!.slice(1));
      if (left > 0) response.writeHead([301, 302, 303, 307, 308][left - 1]!, { location: `${left - 1}` }).end('moved');
      else response.end(png);
    });
    expect((await downloadAsset(`${origin}/4`, loopback)).bytes).toEqual(png);
    expect(await failure(`${origin}/5`)).toBeInstanceOf(AssetRefused);
  });
  test.each([['file:///etc/passwd'], ['http://'], [undefined]])('to %j are refused', async (location) => {
    const origin = await serve((_, response) =>
      response.writeHead(302, location === undefined ? {} : { location }).end(),
    );
    expect(await failure(origin)).toBeInstanceOf(AssetRefused);
  });
});

describe('an answer other than 200', () => {
  test.each([
    [404, AssetRefused],
    [410, AssetRefused],
    [403, AssetRefused],
    [204, AssetRefused],
    [304, AssetRefused],
    [429, AssetUnavailable],
    [408, AssetUnavailable],
    [500, AssetUnavailable],
    [503, AssetUnavailable],
  ])('%i says whether to come back, and shows no query', async (status, expected) => {
    const origin = await serve((_, response) => response.writeHead(status).end());
    const error = await failure(`${origin}/pictures/a.png?signature=s3cret`);
    expect(error).toBeInstanceOf(expected);
    expect(error.message).toContain(`/pictures/a.png answers ${status}`);
    expect(error.message).not.toContain('s3cret');
  });
});

describe('size', () => {
  test('that is announced too large is refused', async () => {
    const origin = await serve((_, response) => response.end(Buffer.alloc(10_001)));
    expect(await failure(origin)).toBeInstanceOf(AssetRefused);
  });
  test('that turns out too large while it comes is refused there', async () => {
    let sent = 0;
    const origin = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1000))) sent += 1000;
      };
      response.on('drain', more);
      more();
    });
    expect(await failure(origin)).toBeInstanceOf(AssetRefused);
    expect(sent).toBeLessThan(50_000_000);
  });
  test('at the limit is taken', async () => {
    const origin = await serve(
      (_, response) => response.write(Buffer.alloc(5_000)) && response.end(Buffer.alloc(5_000)),
    );
    expect((await downloadAsset(origin, loopback)).bytes).toHaveLength(10_000);
  });
});

describe('a server that fails', () => {
  test('is unavailable when nothing listens', async () => {
    const origin = await serve(() => {});
    const [server] = servers.splice(0);
    server!.close();
    await once(server!, 'close');
    expect(await failure(`${origin}/a?s3cret`)).toBeInstanceOf(AssetUnavailable);
  });
  test('is unavailable when it breaks off, before or in the body', async () => {
    const early = await serve((request) => request.socket.destroy());
    expect(await failure(early)).toBeInstanceOf(AssetUnavailable);
    const late = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write(png, () => response.destroy());
    });
    expect(await failure(late)).toBeInstanceOf(AssetUnavailable);
  });
  test('is unavailable when it speaks no HTTP, and its name when it leads nowhere', async () => {
    const origin = await serve((request) => request.socket.end('nonsense\r\n\r\n'));
    expect(await failure(origin)).toBeInstanceOf(AssetUnavailable);
    expect(await failure('http://nowhere.invalid/a')).toBeInstanceOf(AssetUnavailable);
  });
  test('is left at once when the signal says so', async () => {
    const stop = new AbortController();
    const origin = await serve(
      (_, response) => void response.write('a', () => stop.abort(new Error('the step is over'))),
    );
    await expect(downloadAsset(origin, { ...loopback, signal: stop.signal })).rejects.toThrow('the step is over');
  });
});

test('a server that sends slowly is given up after 30 s in all', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout');
  timeout.mockImplementation((ms) => {
    const over = new AbortController();
    setTimeout(() => over.abort(), ms / 60);
    return over.signal;
  });
  const origin = await serve((_, response) => {
    const drip = setInterval(() => response.write('a'), 20);
    response.once('close', () => clearInterval(drip));
  });
  const begun = performance.now();
  const error = await failure(origin);
  expect(error).toBeInstanceOf(AssetUnavailable);
  expect(error.message).toContain('took longer than 30 s');
  expect(timeout.mock.calls).toEqual([[30_000]]);
  expect(performance.now() - begun).toBeGreaterThan(450);
  timeout.mockRestore();
});
