import type { EntityTask } from '../../contracts/entity.ts';
import type { MailProof } from '../../contracts/mail.ts';
import type { SocialTask } from '../../contracts/social.ts';
import type {
  AccountLookup,
  AccountResult,
  FurnishedProfile,
  LinkedProfile,
  Session,
  StepTask,
} from '../../contracts/step-results.ts';
import { AlreadyExists, MailCodeNeeded, Rejected, Unconfirmed, WrongCredentials } from '../../sites/kit/errors.ts';
import { isWebAddress } from '../../sites/kit/web-address.ts';
import type { StepLimits } from '../limit-time.ts';
import { createPodcastSteps } from './podcast-steps.ts';
import { prepareProfile } from './prepare-profile.ts';
import { type BrowserOptions, readSecretParts, runStep, signInIfNeeded, type Step } from './run-step.ts';

interface Owner extends Pick<AccountLookup, 'awaiting'> {
  state: 'ours' | 'unconfirmed' | 'refused';
  /** Why the site refused the sign-in. */
  words?: string;
}

/** Signs in with the task's own credentials to learn whose account it is. */
async function findOwner({ kit, recipe, account }: Step): Promise<Owner> {
  try {
    await recipe.signIn(kit, account);
    return { state: 'ours' };
  } catch (error) {
    // Only the right password leads to the mailed code.
    if (error instanceof MailCodeNeeded) return { state: 'ours' };
    if (error instanceof Unconfirmed)
      return { state: 'unconfirmed', ...(error.awaiting && { awaiting: error.awaiting }) };
    if (error instanceof WrongCredentials) return { state: 'refused', words: error.message };
    throw error;
  }
}

function findProfileUrl({ kit, recipe, account }: Step): Pick<AccountResult, 'profileUrl'> {
  return recipe.profileUrl ? { profileUrl: recipe.profileUrl(kit, account) } : {};
}

/** The account that is there already: this task's own, from an earlier attempt, or another's. */
async function claimExisting(step: Step, words: string): Promise<AccountResult> {
  const owner = await findOwner(step);
  if (owner.state === 'refused') throw new AlreadyExists(`${words} (signing in to it: ${owner.words})`);
  return { ...(owner.awaiting && { awaiting: owner.awaiting }), ...findProfileUrl(step), found: true };
}

/** The browser steps of a task: each is one visit to its site, within its caller's limits. */
export function createBrowserSteps(options: BrowserOptions & { assetsAllow: string[] }) {
  return {
    ...createPodcastSteps(options),

    /** Looks first, then signs up. Run once only: any end but a definite answer means that the form may have been sent. */
    createAccount(limits: StepLimits, task: StepTask): Promise<AccountResult> {
      return runStep(options, { name: 'createAccount', task }, limits, async (step) => {
        const { kit, recipe, account } = step;
        const seen = await recipe.lookFor(kit, account);
        if (seen.state === 'exists')
          return claimExisting(step, `${task.domain}: the name ${account.username} is taken`);
        try {
          const { awaiting } = await recipe.signUp(kit, account);
          return { ...(awaiting && { awaiting }), ...findProfileUrl(step) };
        } catch (error) {
          if (error instanceof AlreadyExists) return claimExisting(step, error.message);
          throw error;
        }
      });
    },

    /** Finds out, changing nothing, whether the task's account exists and whose it is. */
    lookFor(limits: StepLimits, task: StepTask): Promise<AccountLookup> {
      return runStep(options, { name: 'lookFor', task }, limits, async (step): Promise<AccountLookup> => {
        const { kit, recipe, account } = step;
        const owner = await findOwner(step);
        const profileUrl = findProfileUrl(step);
        if (owner.state !== 'refused')
          return { state: owner.state, ...(owner.awaiting && { awaiting: owner.awaiting }), ...profileUrl };
        // A refused sign-in alone proves nothing: an unconfirmed account may refuse it too.
        const seen = await recipe.lookFor(kit, account);
        const state = seen.state === 'exists' ? 'taken' : seen.state;
        return { state, ...(seen.mail && { awaiting: seen.mail }), ...profileUrl };
      });
    },

    /** Answers the confirmation mail. A link that was used already is fine when the account can be signed in to. */
    confirmEmail(
      limits: StepLimits,
      task: StepTask,
      session: Session | undefined,
      proof: MailProof,
    ): Promise<AccountResult> {
      const confirm = async (step: Step): Promise<AccountResult> => {
        const { kit, recipe, account } = step;
        if (!recipe.confirm) throw new Rejected(`${task.domain}: the recipe "${recipe.name}" can't answer a mail`);
        try {
          await recipe.confirm(kit, account, proof);
        } catch (error) {
          if (!(error instanceof Rejected) || (await findOwner(step)).state !== 'ours') throw error;
        }
        return findProfileUrl(step);
      };
      return runStep(
        options,
        { name: 'confirmEmail', task, session, moreSecrets: readSecretParts(proof, task) },
        limits,
        confirm,
      );
    },

    /** Signs in when the session is no longer good, and furnishes the profile. */
    updateProfile(limits: StepLimits, task: SocialTask, session: Session | undefined): Promise<FurnishedProfile> {
      return runStep(options, { name: 'updateProfile', task, session }, limits, async (step) => {
        const { kit, recipe, account } = step;
        if (!recipe.updateProfile || !recipe.profileUrl)
          throw new Rejected(`${task.domain}: the recipe "${recipe.name}" furnishes no profiles`);
        const { profile, problems } = await prepareProfile(task, recipe.limits, options.assetsAllow, limits);
        await signInIfNeeded(step);
        const furnished = await recipe.updateProfile(kit, account, profile);
        const refused = [...problems, ...furnished.problems].map(step.redact);
        return { profileUrl: recipe.profileUrl(kit, account), problems: refused };
      });
    },

    /** Signs in; `awaiting` says what mail the site wants answered before the session is good. */
    signIn(limits: StepLimits, task: StepTask): Promise<AccountResult> {
      return runStep(options, { name: 'signIn', task }, limits, async ({ kit, recipe, account }) => {
        try {
          await recipe.signIn(kit, account);
          return {};
        } catch (error) {
          if (error instanceof MailCodeNeeded) return { awaiting: error.awaiting };
          throw error;
        }
      });
    },

    /** Enters the code that a sign-in asked for. */
    answerSignIn(
      limits: StepLimits,
      task: StepTask,
      session: Session | undefined,
      proof: MailProof,
    ): Promise<AccountResult> {
      return runStep(options, { name: 'answerSignIn', task, session }, limits, async ({ kit, recipe, account }) => {
        if (!recipe.answerSignIn)
          throw new Rejected(`${task.domain}: the recipe "${recipe.name}" can't answer a sign-in's mail`);
        await recipe.answerSignIn(kit, account, proof);
        return {};
      });
    },

    /** Puts the task's links on the profile, keeps those that are there, and checks that the public page shows them. */
    addLinks(limits: StepLimits, task: EntityTask, session: Session | undefined): Promise<LinkedProfile> {
      return runStep(options, { name: 'addLinks', task, session }, limits, async (step) => {
        const { kit, recipe, account } = step;
        if (!recipe.addLinks || !recipe.readLinks || !recipe.profileUrl)
          throw new Rejected(`${task.domain}: the recipe "${recipe.name}" puts no links on profiles`);
        const wanted = [...new Set(task.entity_connect.map(normaliseLink))];
        const before = new Set((await recipe.readLinks(kit, account)).map(normaliseLink));
        const fresh = wanted.filter((link) => !before.has(link));
        const fit = fresh.filter(isWebAddress);
        if (fit.length > 0) {
          await signInIfNeeded(step);
          await recipe.addLinks(kit, account, fit);
        }
        const shown = new Set((await recipe.readLinks(kit, account)).map(normaliseLink));
        const missing = wanted.filter((link) => !shown.has(link));
        return {
          profileUrl: recipe.profileUrl(kit, account),
          added: fresh.length - missing.length,
          kept: wanted.length - fresh.length,
          missing,
        };
      });
    },
  };
}

/** The form in which browsers write a link, so that one that is there is known again; what is no URL stays as it is. */
function normaliseLink(link: string): string {
  return URL.canParse(link) ? new URL(link).href : link;
}
