/** A picture, already within the limits that the recipe states. */
export interface Picture {
  name: string;
  type: 'image/png' | 'image/jpeg' | 'image/webp';
  bytes: Buffer;
}

export interface PictureLimits {
  types: Picture['type'][];
  maxBytes: number;
  maxWidth?: number;
  maxHeight?: number;
  minWidth?: number;
  minHeight?: number;
  /** Cut to a square around its middle. */
  square?: boolean;
}
