/** Fails with each of the failures in turn, then gives the answer. */
export function after<Answer>(failures: Error[], answer: Answer): () => Answer {
  const left = [...failures];
  return () => {
    const failure = left.shift();
    if (failure) throw failure;
    return answer;
  };
}

export function failing(failure: Error): () => never {
  return () => {
    throw failure;
  };
}

/** The times between the beginnings of calls, in whole seconds. */
export function waitsBetween(calls: { at: number }[]): number[] {
  return calls.slice(1).map(({ at }, index) => Math.round((at - calls[index]!.at) / 1_000));
}
