import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { existsMessage } from '../../../contracts/mini-app.ts';
import {
  DomainError,
  DuplicateTask,
  InvalidField,
  MiniAppUserExists,
  PlaceholderReported,
  RequestNotFound,
  TaskNotFound,
  WrongStatus,
  WrongStatusToRead,
} from '../../domain/errors.ts';
import { ApiError } from '../api-error.ts';

/** Every answer that isn't a success has the error form (docs/api-contract.md#answers); what went wrong here stays in the log. */
export const errorAnswers = fp(
  async (app) => {
    app.setErrorHandler(sendError);
    app.setNotFoundHandler(() => {
      throw new ApiError(404, 'route not found');
    });
  },
  { name: 'error-answers' },
);

export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = error instanceof DomainError ? answerTo(error) : error;
  if (refusal instanceof ApiError) {
    void reply
      .code(refusal.statusCode)
      .headers(refusal.headers)
      .send({ success: false, message: refusal.message, ...refusal.details });
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

/** How each refusal of the domain is answered. */
function answerTo(error: Error): ApiError | undefined {
  const { message } = error;
  if (error instanceof TaskNotFound || error instanceof RequestNotFound) return new ApiError(404, message);
  if (error instanceof InvalidField || error instanceof PlaceholderReported) return new ApiError(400, message);
  if (error instanceof DuplicateTask)
    return new ApiError(409, message, { website: error.website, domain: error.domain });
  if (error instanceof MiniAppUserExists)
    return new ApiError(409, existsMessage, { need_login: true, zalo_user_id: error.zaloUserId });
  if (error instanceof WrongStatus) {
    const statuses = { current_status: error.current, expected: error.expected };
    // A read in another status is answered by each flow's API in its own way (docs/api-contract.md#social-read, #entity-read).
    if (!(error instanceof WrongStatusToRead)) return new ApiError(409, message, statuses);
    return error.flow === 'social'
      ? new ApiError(409, 'status mismatch', statuses)
      : new ApiError(404, message, statuses);
  }
  return undefined;
}

/** Names up to five fields: a body of ten thousand accounts can hold as many problems. */
function describeProblems(error: FastifyError): string {
  const context = error.validationContext ?? 'body';
  return (error.validation ?? [])
    .slice(0, 5)
    .map(({ instancePath, message }) => `${instancePath.slice(1).replaceAll('/', '.') || context}: ${message}`)
    .join('; ');
}
