import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from './html.ts';
import { behaviourTowards, csrfField, sendPage, type Site } from './pages.ts';

/** Whether this visitor must first show that they are human. */
export function needsHumanCheck(site: Site, request: FastifyRequest, at: 'signup' | 'signin'): boolean {
  const { humanCheck } = behaviourTowards(site, request);
  const wanted = humanCheck === 'both' || humanCheck === at || (humanCheck === true && at === 'signup');
  return wanted && !site.visits.of(request).human;
}

export function sendHumanCheck(site: Site, request: FastifyRequest, reply: FastifyReply, back: string): FastifyReply {
  return sendPage(site, request, reply, {
    title: 'One more step',
    main: html`<h1>Verify that you are human</h1>
<p>We saw unusual activity. Answer the check below, then submit the form again.</p>
<iframe title="human check" src="/human-check"></iframe>
<p><a href="${back}">Back to the form</a></p>`,
  });
}

/** The check itself, inside the frame: a button that a person presses. */
export function humanCheckRoutes(app: FastifyInstance, site: Site): void {
  const frame = (request: FastifyRequest, reply: FastifyReply) =>
    reply.type('text/html; charset=utf-8').send(
      html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>human check</title><link rel="stylesheet" href="/style.css"></head>
<body style="padding:1rem">${
        site.visits.of(request).human
          ? html`<p role="status">Thank you. You may go on.</p>`
          : html`<form method="post">${csrfField(site, request)}<button>I am human</button></form>`
      }</body></html>
`.text,
    );
  app.get('/human-check', frame);
  app.post('/human-check', (request, reply) => {
    site.visits.of(request).human = true;
    return frame(request, reply);
  });
}
