/** The asset can't be used: not a picture, too large, not found, or at an address that is not public. */
export class AssetRefused extends Error {
  override readonly name = 'AssetRefused';
}

/** The asset can't be downloaded now: its server is down, slow or overloaded. */
export class AssetUnavailable extends Error {
  override readonly name = 'AssetUnavailable';
}
