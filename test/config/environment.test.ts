import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { EnvironmentError, readEnvironment } from '../../config/environment.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('reading the environment', () => {
  test('gives defaults, and takes an empty variable for an unset one', () => {
    vi.stubEnv('MAX_OPEN', '');
    vi.stubEnv('RETRY_DELAY', '');
    expect(readEnvironment('MAX_OPEN', 'RETRY_DELAY', 'PODCAST_MAIN_DOMAINS', 'ASSETS_ALLOW', 'RATE_LIMIT')).toEqual({
      MAX_OPEN: 10_000,
      RETRY_DELAY: 60_000,
      PODCAST_MAIN_DOMAINS: ['creators.spotify.com', 'anchor.fm'],
      ASSETS_ALLOW: [],
      RATE_LIMIT: 6000,
    });
  });

  test('reads numbers, lists, durations, addresses and files', () => {
    vi.stubEnv('MAX_OPEN', '7');
    vi.stubEnv('ASSETS_ALLOW', ' 10.0.0.0/8 , ,127.0.0.0/8');
    vi.stubEnv('REGISTER_WAIT', '2h');
    vi.stubEnv('ASSIGN_URL', 'https://assign.example/base//');
    vi.stubEnv('SITES_FILE', 'sites.yaml');
    vi.stubEnv('RATE_LIMIT', 'off');
    expect(
      readEnvironment('MAX_OPEN', 'ASSETS_ALLOW', 'REGISTER_WAIT', 'ASSIGN_URL', 'SITES_FILE', 'RATE_LIMIT'),
    ).toEqual({
      MAX_OPEN: 7,
      ASSETS_ALLOW: ['10.0.0.0/8', '127.0.0.0/8'],
      REGISTER_WAIT: 7_200_000,
      ASSIGN_URL: 'https://assign.example/base',
      SITES_FILE: path.resolve('sites.yaml'),
      RATE_LIMIT: 'off',
    });
  });

  test('names all that is missing or wrong at once, and never a value', () => {
    vi.stubEnv('ASSIGN_URL', 'ftp://planted-value');
    vi.stubEnv('MAX_OPEN', 'planted-value');
    vi.stubEnv('RETRY_DELAY', 'planted-value');
    vi.stubEnv('CODEC_TOKEN', 'planted-value');
    const read = () =>
      readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY', 'MAX_OPEN', 'RETRY_DELAY', 'CODEC_TOKEN', 'SITES_FILE');
    expect(read).toThrow(EnvironmentError);
    for (const name of [
      'ASSIGN_URL',
      'ASSIGN_API_KEY is not set',
      'MAX_OPEN',
      'RETRY_DELAY must be a duration',
      'CODEC_TOKEN',
      'SITES_FILE is not set',
    ]) {
      expect(read).toThrow(name);
    }
    expect(read).not.toThrow(/planted/);
  });
});
