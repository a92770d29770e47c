import fp from 'fastify-plugin';

/** Logs each answer at level debug: no bodies and no headers, which hold secrets. */
export const answerLog = fp(
  async (app) => {
    app.addHook('onResponse', async (request, reply) => {
      request.log.debug(
        { method: request.method, url: request.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
        'answered',
      );
    });
  },
  { name: 'answer-log' },
);
