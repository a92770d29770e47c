import type { FastifyInstance } from 'fastify';
import { Html, html } from '../site/html.ts';
import { sendMessage, sendPage, type Site } from '../site/pages.ts';

export function publicRoutes(app: FastifyInstance, site: Site): void {
  app.get('/', (request, reply) => {
    const account = site.visits.account(request);
    return sendPage(site, request, reply, {
      title: 'Home',
      main: account
        ? html`<h1>Hello, ${account.profile.firstName}</h1>
<p>Signed in as ${account.username}</p>
<p><a class="button" href="/u/${account.username}">See your profile</a></p>`
        : html`<h1>Welcome to ${site.name}</h1>
<p>A place to show who you are and where else you can be found.</p>
<p><a class="button" href="/signup">Create an account</a> &nbsp; <a href="/signin">I have one already</a></p>`,
    });
  });

  app.get<{ Params: { name: string } }>('/u/:name', (request, reply) => {
    const account = site.accounts.byName(request.params.name);
    if (!account || account.proofHash !== undefined) {
      return sendMessage(site, request, reply, 404, 'Nobody here', 'There is no profile of that name.');
    }
    const { profile, username } = account;
    return sendPage(site, request, reply, {
      title: `${profile.firstName} ${profile.lastName}`,
      wide: true,
      main: html`
${profile.cover === undefined ? html`<div class="cover"></div>` : html`<img class="cover" src="/media/${profile.cover}" alt="Cover of ${username}">`}
${profile.avatar === undefined ? html`<div class="avatar"></div>` : html`<img class="avatar" src="/media/${profile.avatar}" alt="Avatar of ${username}">`}
<h1>${profile.firstName} ${profile.lastName}</h1>
<p class="facts">@${username}${profile.location !== '' && html` · <span class="location">${profile.location}</span>`}${
        profile.website !== '' &&
        html` · <a class="website" rel="me nofollow" href="${profile.website}">${profile.website}</a>`
      }</p>
${profile.about !== '' && html`<section class="about" aria-label="About">${new Html(profile.about)}</section>`}
${
  profile.links.length > 0 &&
  html`<h2>Links</h2><ul aria-label="Links">
${profile.links.map((link) => html`<li><a rel="me nofollow" href="${link}">${link}</a></li>\n`)}</ul>`
}`,
    });
  });
}
