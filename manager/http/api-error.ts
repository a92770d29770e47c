/** An answer that isn't a success, of what only HTTP knows: sent in the error form by `plugins/errors.ts`. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly statusCode: number;
  readonly details: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    statusCode: number,
    message: string,
    details: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(message);
    this.statusCode = statusCode;
    this.details = details;
    this.headers = headers;
  }
}
