import type { NewRequestInput } from '../../contracts/admin.ts';
import { type Flow, flows } from '../../contracts/flows.ts';

export interface Phase {
  phase: string;
  type: Flow;
  links: string;
  /** What an account needs for its task to start in this phase. */
  account: Partial<NewRequestInput['accounts'][number]>;
  /** The status that pulls look for. */
  waiting: string;
  /** The status between start and report. */
  busy: string;
  /** A body that completes it. */
  report: Record<string, string>;
  /** A body that fails it. */
  failure: Record<string, string>;
}

const credentials = {
  email: 'real@brand.example',
  username: 'real',
  password: 'Real-pass-1',
  cookie: 'sid=abc123',
  note: 'made',
};
const profile = 'https://site.test/u/real';
const failure = { error_message: 'the site is down' };

/** Every phase that workers work off, whose calls have much in common. */
export const phases: Phase[] = [
  {
    phase: 'social',
    type: 'social',
    links: `${flows.social.path}/links`,
    account: {},
    waiting: 'register',
    busy: 'registering',
    report: { ...credentials, link_profile: profile },
    failure,
  },
  {
    phase: 'entity register',
    type: 'entity',
    links: `${flows.entity.path}/links`,
    account: {},
    waiting: 'register',
    busy: 'registering',
    report: { ...credentials, link_profile: profile },
    failure,
  },
  {
    phase: 'entity connect',
    type: 'entity',
    links: `${flows.entity.path}/links`,
    account: { link_profile: profile },
    waiting: 'connect',
    busy: 'connecting',
    report: { link_post: profile, link_profile: profile, note: 'linked' },
    failure,
  },
  {
    phase: 'podcast',
    type: 'podcast',
    links: `${flows.podcast.path}/links`,
    account: {},
    waiting: 'pending',
    busy: 'running',
    report: { ...credentials, link_rss: 'https://site.test/feed.xml' },
    failure,
  },
];

/** The phases that make an account. */
export const registerPhases = phases.filter(({ report }) => 'email' in report);
