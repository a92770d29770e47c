import type { SocialTask } from '../../contracts/social.ts';
import { plainAbout, sanitiseAbout } from '../../sites/kit/about.ts';
import type { Picture, PictureLimits } from '../../sites/kit/picture.ts';
import type { Limits, Profile } from '../../sites/kit/recipe.ts';
import { isWebAddress } from '../../sites/kit/web-address.ts';
import { AssetRefused, AssetUnavailable } from '../assets/errors.ts';
import type { StepLimits } from '../limit-time.ts';
import { preparePicture } from './prepare-picture.ts';

/** From this attempt on, a picture that can't be downloaded is reported instead of waited for. */
const lastPatientAttempt = 3;

interface PreparedProfile {
  profile: Profile;
  /** Pictures and links that can't be used, and why. */
  problems: string[];
}

/** Turns a task's fields into what the platform takes: pictures within its limits, the text in its HTML or plain. */
export async function prepareProfile(
  task: SocialTask,
  limits: Limits,
  allow: string[],
  { signal, attempt }: Pick<StepLimits, 'signal' | 'attempt'>,
): Promise<PreparedProfile> {
  const problems: string[] = [];
  const prepare = async (name: 'avatar' | 'cover', wanted: PictureLimits | undefined): Promise<Picture | undefined> => {
    const [listed] = task.images.find((group) => group.type === name)?.urls ?? [];
    const url = task[`${name}_url`] || listed;
    if (!url || !wanted) return undefined;
    try {
      return await preparePicture(name, url, wanted, allow, signal);
    } catch (error) {
      const given =
        error instanceof AssetRefused || (error instanceof AssetUnavailable && attempt >= lastPatientAttempt);
      if (!given) throw error;
      problems.push(`${name}: ${error.message}`);
      return undefined;
    }
  };
  const links = task.social_connect.filter(isWebAddress);
  const most = limits.links?.most ?? 0;
  if (limits.links) {
    for (const link of task.social_connect)
      if (!isWebAddress(link)) problems.push(`Link left out: ${link} is no web address`);
    if (links.length > most)
      problems.push(`Links left out: ${task.domain} takes ${most}, and ${links.length} are wanted`);
  }
  const avatar = await prepare('avatar', limits.avatar);
  const cover = await prepare('cover', limits.cover);
  return {
    problems,
    profile: {
      firstName: task.first_name,
      lastName: task.last_name,
      website: task.website,
      address: task.address,
      location: task.location,
      about: prepareAbout(task.about, limits.about),
      links: links.slice(0, most),
      avatar,
      cover,
    },
  };
}

/** The text as the platform takes it: in its HTML, plain, or none. */
export function prepareAbout(about: string, wanted: Limits['about']): string {
  if (!wanted || about === '') return '';
  return wanted.html
    ? sanitiseAbout(about, { ...wanted.html, maxLength: wanted.maxLength })
    : plainAbout(about, wanted.maxLength);
}
