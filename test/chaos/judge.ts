import type { Practice } from '../../practice/start.ts';
import type { BookedTask, Books } from './books.ts';
import { type EnlistUnderFaults, everyMs } from './enlist-under-faults.ts';

const working = ['registering', 'connecting', 'running'];
const isWorking = (status: string | null) => status !== null && working.includes(status);

/** Reports of a task: each start is followed by exactly one, and nothing else is. */
function judgeReports({ id, domain, history }: BookedTask): string[] {
  const byWorker = history.filter(({ by }) => by === 'worker');
  const steps = byWorker.map(({ from, to }) =>
    isWorking(to) ? 'start' : isWorking(from) ? 'report' : `${from} to ${to}`,
  );
  const wrong = steps.findIndex((step, index) => step !== (index % 2 === 0 ? 'start' : 'report'));
  if (wrong >= 0 || steps.length % 2 === 1)
    return [`${domain} ${id}: reported as ${history.map(({ to }) => to).join(' → ')}`];
  return [];
}

type Sites = (Practice['sites'] | Practice['podcasts'])[number][];

/** What a site's own books say of one account. */
function readAccount(practice: Practice, { domain, username }: BookedTask) {
  const site = ([...practice.sites, ...practice.podcasts] as Sites).find((one) => one.domain === domain)!;
  const { accounts } = site.state();
  return accounts.find((account) => account.username === username);
}

/** The reports that say what is not so, by the site's own books. */
function judgeTruth(practice: Practice, task: BookedTask, all: BookedTask[]): string[] {
  const { type, domain, status, username, history } = task;
  const say = (what: string) => [`${domain} ${username} (${type}) is ${status}, ${what}`];
  const account = readAccount(practice, task);
  const reports = history.filter(({ by, from }) => by === 'worker' && isWorking(from));
  const error = reports.findLast(({ error: text }) => text !== null)?.error ?? '';

  if (type === 'podcast') {
    if (status !== 'completed') return [];
    if (!account?.confirmed) return say('but has no confirmed account');
    const site = practice.podcasts.find((one) => one.domain === domain)!;
    const { link_rss: wanted } = all.find((one) => one.request_id === task.request_id && one.link_rss !== '') ?? task;
    const feeds =
      site.kind === 'host'
        ? site.state().shows.flatMap(({ username: owner, feed }) => (owner === username ? [feed] : []))
        : site.state().podcasts.flatMap(({ username: owner, feed }) => (owner === username ? [feed] : []));
    return feeds.length === 1 && feeds[0] === wanted
      ? []
      : say(`but has the feeds [${feeds.join(', ')}] instead of ${wanted}`);
  }

  const profile = practice.sites
    .find((site) => site.domain === domain)!
    .state()
    .accounts.find((one) => one.username === username);
  const registered = reports.find(({ from }) => from === 'registering');
  if (registered?.to === 'final_failed') {
    if (error.startsWith('outcome unknown:')) return [];
    if (error.startsWith('unconfirmed:'))
      return account && !account.confirmed
        ? []
        : say(`"${error}", but the account is ${account ? 'confirmed' : 'not there'}`);
    return account ? say(`"${error}", but the account is there`) : [];
  }
  if (registered && !account?.confirmed) return say('but has no confirmed account');
  if (status === 'active' || !profile) return [];
  // A register phase that ended in profile_failed leaves an entity's profile as it is.
  if (registered && registered.error === null && !profile.about.includes('sample'))
    return say('but the profile is not furnished');
  if (status !== 'completed') return [];
  if (!task.link_profile.endsWith(`/u/${username}`)) return say(`but its link_profile is ${task.link_profile}`);
  if (type === 'entity') {
    const wanted = all
      .filter((one) => one.request_id === task.request_id && one.link_profile !== '')
      .map((one) => one.link_profile);
    const missing = wanted.filter((link) => !profile.links.includes(link));
    return missing.length === 0 ? [] : say(`but its profile lacks ${missing.join(', ')}`);
  }
  return [];
}

/** What of a run is not as it must be; nothing when all is. */
export function judge(
  world: Pick<EnlistUnderFaults, 'practice'>,
  books: Books,
  orderedUsers: string[],
): Record<string, string[]> {
  const { practice } = world;
  const sites = [...practice.sites, ...practice.podcasts] as Sites;
  const repeated = sites.flatMap((site) =>
    // A podcast site shows nobody who has an account, so looking there sends the first page as well.
    site
      .state()
      .counts.repeatedSignUps.filter(
        ({ page }) => page === 2 || practice.sites.some(({ domain }) => domain === site.domain),
      )
      .map(
        ({ username, page }) =>
          `${site.domain}: ${username}'s sign-up (page ${page}) was sent again when the account was there`,
      ),
  );
  const early = sites.flatMap((site) => {
    const times = site
      .state()
      .accounts.map(({ createdAt }) => createdAt)
      .sort((a, b) => a - b);
    return times.flatMap((time, index) =>
      index > 0 && time - times[index - 1]! < everyMs
        ? [`${site.domain}: two accounts within ${time - times[index - 1]!} ms`]
        : [],
    );
  });
  return {
    'accounts made twice': repeated,
    'reports that are not exactly one': books.tasks.flatMap(judgeReports),
    'reports that are not true': books.tasks.flatMap((task) => judgeTruth(practice, task, books.tasks)),
    'accounts made before their time': early,
    'users not registered once': orderedUsers.filter(
      (user) => books.users.filter((booked) => booked === user).length !== 1,
    ),
  };
}
