import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** gRPC's code for what no further try would mend. */
const invalidArgument = 3;

/** What Temporal has against a request that it will never take; undefined when the error is another. */
export function readRefusal(error: unknown): string | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && (cause.code as number) === invalidArgument ? cause.details : undefined;
}
