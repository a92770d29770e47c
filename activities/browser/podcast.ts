import type { MailProof, MailRequest } from '../../contracts/mail.ts';
import type { Session } from '../../contracts/outcomes.ts';
import type { PodcastTask } from '../../contracts/podcast.ts';
import { AssetRefused } from '../assets/errors.ts';
import { FormChanged, Rejected } from '../../sites/kit/errors.ts';
import { preparePicture } from './picture.ts';
import { prepareAbout } from './profile.ts';
import { type BrowserSetting, readSecretParts, runStep, signInIfNeeded } from './run-step.ts';

/** A show that is there, and the session that it was made or found in. */
export interface MadeShow {
  session?: Session;
  feedUrl: string;
}

/** An import that is done, or that waits for the mail to the feed's owner. */
export interface HandedIn {
  session?: Session;
  awaiting?: MailRequest;
}

/** What podcast sites can do besides the account: make a show, or import another site's feed. */
export function createPodcastSteps(setting: BrowserSetting & { assetsAllow: string[] }) {
  return {
    /** Looks for the account's show first, and makes it when there is none. */
    makeShow(task: PodcastTask, session: Session | undefined): Promise<MadeShow> {
      return runStep(setting, 'makeShow', task, session, async (step) => {
        const { kit, recipe, account } = step;
        const { makeShow, readFeed, limits } = recipe;
        if (!makeShow || !readFeed || !limits.showCover) throw new Rejected(`${task.domain}: the recipe "${recipe.name}" makes no shows`);
        await signInIfNeeded(step);
        const there = await readFeed(kit, account);
        if (there !== undefined) return { feedUrl: there };

        if (task.image_url === '') throw new AssetRefused('the task has no image_url, and a show needs a cover');
        const cover = await preparePicture('cover', task.image_url, limits.showCover, setting.assetsAllow, step.limits.signal);
        const description = prepareAbout(task.about, limits.about);
        await makeShow(kit, account, { title: task.username, description, ownerEmail: task.email, cover });
        const feedUrl = await readFeed(kit, account);
        if (feedUrl === undefined) throw new FormChanged(`${task.domain}: the show was made, and its feed is not shown`);
        return { feedUrl };
      });
    },

    /** Hands the feed in. One that this account imported before is left as it is. */
    importFeed(task: PodcastTask, session: Session | undefined): Promise<HandedIn> {
      return runStep(setting, 'importFeed', task, session, async (step) => {
        const { kit, recipe, account } = step;
        if (!recipe.importFeed) throw new Rejected(`${task.domain}: the recipe "${recipe.name}" imports no feeds`);
        await signInIfNeeded(step);
        return recipe.importFeed(kit, account, task.link_rss);
      });
    },

    /** Answers the mail to the feed's owner. */
    confirmImport(task: PodcastTask, session: Session | undefined, proof: MailProof): Promise<{ session?: Session }> {
      const confirm = async (step: Parameters<typeof signInIfNeeded>[0]) => {
        const { kit, recipe, account } = step;
        if (!recipe.confirmImport) throw new Rejected(`${task.domain}: the recipe "${recipe.name}" can't answer an import's mail`);
        await signInIfNeeded(step);
        await recipe.confirmImport(kit, account, task.link_rss, proof);
        return {};
      };
      return runStep(setting, 'confirmImport', task, session, confirm, readSecretParts(proof, task));
    },
  };
}
