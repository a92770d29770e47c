/** What a podcast request's workflow has on its hands: `KnownPodcasts`, in its memo. */
export const knownInMemo = 'known';
