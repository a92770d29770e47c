import { createHash } from 'node:crypto';
import path from 'node:path';
import { openJournal } from '../journal.ts';

export interface Profile {
  firstName: string;
  lastName: string;
  location: string;
  website: string;
  /** Sanitized HTML. */
  about: string;
  links: string[];
  /** Names of uploaded files. */
  avatar?: string;
  cover?: string;
}

export interface Account {
  username: string;
  email: string;
  passwordHash: string;
  phone: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** `hashToken` of the link's token or of the code that confirms the account; absent once it is confirmed. */
  proofHash?: string;
  profile: Profile;
}

type Entry =
  | { type: 'account'; account: Account }
  | { type: 'confirmed'; username: string }
  | { type: 'profile'; username: string; profile: Profile }
  | { type: 'authenticator'; username: string; secret: string }
  | { type: 'step'; username: string; step: number }
  | { type: 'signedIn'; session: string; username: string }
  | { type: 'signedOut'; session: string };

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url');

export interface Accounts {
  all(): Account[];
  byName(username: string): Account | undefined;
  byEmail(email: string): Account | undefined;
  byProof(token: string): Account | undefined;
  /** Adds the account. @throws Error when its name or e-mail is taken: who asks first must do so in the same turn. */
  add(account: Account): void;
  confirm(username: string): void;
  saveProfile(username: string, profile: Profile): void;
  /** The account's authenticator, and the last time step of which a code was accepted. */
  authenticator(username: string): { secret: string; lastStep?: number } | undefined;
  setAuthenticator(username: string, secret: string): void;
  useStep(username: string, step: number): void;
  signIn(session: string, username: string): void;
  signOut(session: string): void;
  signedIn(session: string): Account | undefined;
  close(): void;
}

/** A site's accounts and who is signed in, as the journal in `dataDir` has them. E-mails and names are in lower case. */
export function openAccounts(dataDir: string): Accounts {
  const names = new Map<string, Account>();
  const emails = new Map<string, Account>();
  const proofs = new Map<string, Account>();
  const authenticators = new Map<string, { secret: string; lastStep?: number }>();
  const sessions = new Map<string, string>();

  function named(username: string): Account {
    const account = names.get(username);
    if (!account) throw new Error(`there is no account ${username}`);
    return account;
  }
  function apply(entry: Entry): void {
    switch (entry.type) {
      case 'account':
        names.set(entry.account.username, entry.account);
        emails.set(entry.account.email, entry.account);
        if (entry.account.proofHash !== undefined) proofs.set(entry.account.proofHash, entry.account);
        break;
      case 'confirmed': {
        const account = named(entry.username);
        if (account.proofHash !== undefined) proofs.delete(account.proofHash);
        delete account.proofHash;
        break;
      }
      case 'profile':
        named(entry.username).profile = entry.profile;
        break;
      case 'authenticator':
        authenticators.set(entry.username, { secret: entry.secret });
        break;
      case 'step': {
        const authenticator = authenticators.get(entry.username);
        if (!authenticator) throw new Error(`${entry.username} has no authenticator`);
        authenticator.lastStep = entry.step;
        break;
      }
      case 'signedIn':
        sessions.set(entry.session, entry.username);
        break;
      case 'signedOut':
        sessions.delete(entry.session);
        break;
    }
  }
  const journal = openJournal<Entry>(path.join(dataDir, 'accounts.jsonl'), apply);
  function record(entry: Entry): void {
    journal.append(entry);
    apply(entry);
  }

  return {
    all: () => [...names.values()],
    byName: (username) => names.get(username),
    byEmail: (email) => emails.get(email),
    byProof: (token) => proofs.get(hashToken(token)),
    add(account) {
      if (names.has(account.username) || emails.has(account.email)) throw new Error('the account exists already');
      record({ type: 'account', account });
    },
    confirm: (username) => record({ type: 'confirmed', username }),
    saveProfile: (username, profile) => record({ type: 'profile', username, profile }),
    authenticator: (username) => authenticators.get(username),
    setAuthenticator: (username, secret) => record({ type: 'authenticator', username, secret }),
    useStep: (username, step) => record({ type: 'step', username, step }),
    signIn: (session, username) => record({ type: 'signedIn', session: hashToken(session), username }),
    signOut(session) {
      if (sessions.has(hashToken(session))) record({ type: 'signedOut', session: hashToken(session) });
    },
    signedIn(session) {
      const username = sessions.get(hashToken(session));
      return username === undefined ? undefined : names.get(username);
    },
    close: () => journal.close(),
  };
}
