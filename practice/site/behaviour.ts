import { z } from 'zod';

const milliseconds = z.int().min(0).max(3_600_000);
const refusal = z.union([z.boolean(), z.strictObject({ retryAfter: z.int().min(0).optional() })]);
/** `true` strikes always, `times` the first so many times. */
export const fault = z.union([z.boolean(), z.strictObject({ times: z.int().min(1).optional() })]);

/** How any site misbehaves, as a whole or towards one account. Durations are milliseconds, `retryAfter` is seconds. */
export const commonBehaviour = z
  .strictObject({
    /** Waits before each answer. */
    slow: milliseconds,
    /** 503 for every page. */
    down: refusal,
    /** 429 for every page. */
    tooMany: refusal,
    /** 500 once the account was made and its mail sent; the first `times` accounts, else all. */
    errorAfterCreate: fault,
    /** No answer, ever, once the account was made and its mail sent; the first `times` accounts, else all. */
    hangAfterCreate: fault,
    /** Waits before the account is made. It is made even when the client has gone meanwhile. */
    delayBeforeCreate: milliseconds,
    emailTaken: z.boolean(),
    nameTaken: z.boolean(),
    /** A page "Verify that you are human" instead of the account (`true` or `signup`) or of the sign-in. */
    humanCheck: z.union([z.boolean(), z.enum(['signup', 'signin', 'both'])]),
    /** The confirmation mail is never sent. */
    noMail: z.boolean(),
    /** A six-digit code is mailed after the password. An account with an authenticator is asked for that one's code instead. */
    emailCodeAtSignIn: z.boolean(),
  })
  .partial();
export type Behaviour = z.infer<typeof commonBehaviour>;

/** The behaviours that strike some accounts and spare others. */
type FaultName<Wanted> = Extract<keyof Wanted, `${'error' | 'hang'}After${string}`>;

export interface Behaviours<Wanted extends Behaviour = Behaviour> {
  /** Replaces the behaviour of the site, or towards one account (its user name or e-mail); `{}` is the ordinary one. */
  set(behaviour: Wanted, account?: string): void;
  /** The behaviour towards whoever goes by these names; what is set for an account outdoes what is set for the site. */
  towards(names: readonly string[]): Wanted;
  /** Whether the fault strikes this account; a strike counts towards its `times`. */
  strikes(fault: FaultName<Wanted>, names: readonly string[]): boolean;
  list(): { site: Wanted; accounts: Record<string, Wanted> };
}

const wholeSite = '';

export function makeBehaviours<Wanted extends Behaviour>(initial: Wanted): Behaviours<Wanted> {
  const scopes = new Map<string, Wanted>([[wholeSite, initial]]);
  const strikes = new Map<Wanted, number>();
  const scopesOf = (names: readonly string[]) =>
    [wholeSite, ...names.map((name) => name.toLowerCase())].flatMap((name) => scopes.get(name) ?? []);
  return {
    set(wanted, account = wholeSite) {
      scopes.set(account.toLowerCase(), { ...wanted });
    },
    towards: (names) => Object.assign({}, ...scopesOf(names)) as Wanted,
    strikes(name, names) {
      const scope = scopesOf(names).findLast((candidate) => candidate[name] !== undefined);
      const setting = scope?.[name] as z.infer<typeof fault> | undefined;
      if (!scope || !setting) return false;
      const before = strikes.get(scope) ?? 0;
      if (typeof setting === 'object' && setting.times !== undefined && before >= setting.times) return false;
      strikes.set(scope, before + 1);
      return true;
    },
    list() {
      const { [wholeSite]: site = initial, ...accounts } = Object.fromEntries(scopes);
      return { site, accounts };
    },
  };
}
