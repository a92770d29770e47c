import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ApiError } from '../../api-error.ts';

/**
 * Every answer that isn't a success has the error form (docs/api-contract.md#answers); what went wrong in here stays in
 * the log.
 */
export function setErrorForm(app: FastifyInstance): void {
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(() => {
    throw new ApiError(404, 'route not found');
  });
}

export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof ApiError) {
    void reply
      .code(error.statusCode)
      .headers(error.headers)
      .send({ success: false, message: error.message, ...error.details });
  } else if (hasZodFastifySchemaValidationErrors(error)) {
    void reply.code(400).send({ success: false, message: describeProblems(error) });
  } else if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    void reply.code(413).send({ success: false, message: 'body is larger than 1 MB' });
  } else if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    void reply.code(error.statusCode).send({ success: false, message: error.message });
  } else {
    request.log.error({ err: error }, 'request failed');
    void reply.code(500).send({ success: false, message: 'internal error' });
  }
}

/** Names up to five fields: a body of ten thousand accounts can hold as many problems. */
function describeProblems(error: FastifyError): string {
  const context = error.validationContext ?? 'body';
  return (error.validation ?? [])
    .slice(0, 5)
    .map(({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.') || context}: ${message}`)
    .join('; ');
}
