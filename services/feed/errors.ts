/** The feed, or its cover art, is not what directories take, or is not there. A new show's feed may get there. */
export class FeedRefused extends Error {
  override readonly name = 'FeedRefused';
}
