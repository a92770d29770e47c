/** The feed, or its cover art, is not what directories take, or is not there. A show that was just made may get there. */
export class FeedRefused extends Error {
  override readonly name = 'FeedRefused';
}
