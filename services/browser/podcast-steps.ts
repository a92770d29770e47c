import type { MailProof } from '../../contracts/mail.ts';
import type { PodcastTask } from '../../contracts/podcast.ts';
import type { PodcastShow, Session, SubmittedFeed } from '../../contracts/step-results.ts';
import { FormChanged, Rejected } from '../../sites/kit/errors.ts';
import { AssetRefused } from '../assets/errors.ts';
import type { StepLimits } from '../limit-time.ts';
import { preparePicture } from './prepare-picture.ts';
import { prepareAbout } from './prepare-profile.ts';
import { type BrowserOptions, readSecretParts, runStep, signInIfNeeded, type Step } from './run-step.ts';

/** What podcast sites can do besides the account: make a show, or import another site's feed. */
export function createPodcastSteps(options: BrowserOptions & { assetsAllow: string[] }) {
  return {
    /** Looks for the account's show first, and makes it when there is none. */
    makeShow(limits: StepLimits, task: PodcastTask, session: Session | undefined): Promise<PodcastShow> {
      return runStep(options, { name: 'makeShow', task, session }, limits, async (step) => {
        const { kit, recipe, account } = step;
        const { showCover, about } = recipe.limits;
        if (!recipe.makeShow || !recipe.readFeed || !showCover)
          throw new Rejected(`${task.domain}: the recipe "${recipe.name}" makes no shows`);
        await signInIfNeeded(step);
        const there = await recipe.readFeed(kit, account);
        if (there !== undefined) return { feedUrl: there };

        if (task.image_url === '') throw new AssetRefused('the task has no image_url, and a show needs a cover');
        const cover = await preparePicture('cover', task.image_url, showCover, options.assetsAllow, limits.signal);
        const description = prepareAbout(task.about, about);
        await recipe.makeShow(kit, account, { title: task.username, description, ownerEmail: task.email, cover });
        const feedUrl = await recipe.readFeed(kit, account);
        if (feedUrl === undefined)
          throw new FormChanged(`${task.domain}: the show was made, and its feed is not shown`);
        return { feedUrl };
      });
    },

    /** Submits the feed. One that this account imported before is left as it is. */
    importFeed(limits: StepLimits, task: PodcastTask, session: Session | undefined): Promise<SubmittedFeed> {
      return runStep(options, { name: 'importFeed', task, session }, limits, async (step) => {
        const { kit, recipe, account } = step;
        if (!recipe.importFeed) throw new Rejected(`${task.domain}: the recipe "${recipe.name}" imports no feeds`);
        await signInIfNeeded(step);
        const { awaiting } = await recipe.importFeed(kit, account, task.link_rss);
        return { ...(awaiting && { awaiting }) };
      });
    },

    /** Answers the mail to the feed's owner. */
    confirmImport(
      limits: StepLimits,
      task: PodcastTask,
      session: Session | undefined,
      proof: MailProof,
    ): Promise<{ session?: Session }> {
      const confirm = async (step: Step) => {
        const { kit, recipe, account } = step;
        if (!recipe.confirmImport)
          throw new Rejected(`${task.domain}: the recipe "${recipe.name}" can't answer an import's mail`);
        await signInIfNeeded(step);
        await recipe.confirmImport(kit, account, task.link_rss, proof);
        return {};
      };
      return runStep(
        options,
        { name: 'confirmImport', task, session, moreSecrets: readSecretParts(proof, task) },
        limits,
        confirm,
      );
    },
  };
}
