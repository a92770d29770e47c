import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** gRPC's status code INVALID_ARGUMENT, which no retry would change. */
const invalidArgument = 3;

/** Why Temporal refuses a request for good; undefined when the error is another. */
export function readRefusal(error: unknown): string | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && (cause.code as number) === invalidArgument ? cause.details : undefined;
}
