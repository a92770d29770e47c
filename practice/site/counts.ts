export interface SignUpSubmit {
  /** Milliseconds since the epoch. */
  time: number;
  username: string;
  email: string;
  /** Whether an account came of it. */
  made: boolean;
}

/** What has happened on a site since it was started. */
export interface Counts {
  signUpPages: number;
  /** POSTs of the sign-up's page 2, refused ones too. */
  signUpSubmits: SignUpSubmit[];
  /** POSTs of either page of the sign-up by who has an account of that very name and e-mail. */
  repeatedSignUps: { time: number; username: string; page: 1 | 2 }[];
  signIns: number;
  profileSaves: number;
  /** POSTs of the sign-up's page 2 that are not yet answered, and the most there ever were at once. */
  creatingNow: number;
  creatingPeak: number;
}

export function makeCounts(): Counts {
  return {
    signUpPages: 0,
    signUpSubmits: [],
    repeatedSignUps: [],
    signIns: 0,
    profileSaves: 0,
    creatingNow: 0,
    creatingPeak: 0,
  };
}
