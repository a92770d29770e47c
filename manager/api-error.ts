/** An answer that isn't a success: thrown anywhere, sent in the error form by the error handler. */
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

export const notFound = () => new ApiError(404, 'task not found');
