import { createTransport } from 'nodemailer';
import { html } from './html.ts';

export interface Mailer {
  sendLink(email: string, name: string, link: string): Promise<void>;
  /** `about` tells what the code is for when it isn't for the account. @throws Error whose `responseCode` is 5xx when the address takes no mail */
  sendCode(email: string, name: string, code: string, about?: { subject: string; why: string }): Promise<void>;
}

/** Sends a site's mails from `name <no-reply@DOMAIN>` through the SMTP server. */
export function makeMailer(site: { domain: string; name: string }, smtp: { host: string; port: number }): Mailer {
  const transport = createTransport({ ...smtp, secure: false, ignoreTLS: true });
  const from = { name: site.name, address: `no-reply@${site.domain}` };
  const footer = `You get this mail because someone used this address at ${site.domain}.`;
  return {
    async sendLink(email, name, link) {
      await transport.sendMail({
        from,
        to: email,
        subject: `Confirm your account at ${site.domain}`,
        text: `Hello ${name},\n\nplease confirm your account:\n\n${link}\n\nThe link works once.\n\n${footer}\n`,
        html: html`<p>Hello ${name},</p>
          <p>please confirm your account:</p>
          <p><a href="${link}">Confirm my account</a></p>
          <p>The link works once.</p>
          <p><small>${footer} <a href="${new URL('/', link).href}">${site.name}</a></small></p>`.text,
      });
    },
    async sendCode(email, name, code, about) {
      await transport.sendMail({
        from,
        to: email,
        subject: about?.subject ?? `Your code for ${site.domain}`,
        text: `Hello ${name},\n\n${about === undefined ? '' : `${about.why}\n\n`}your code is ${code}\n\nIt works once.\n\n${footer}\n`,
        html: html`<p>Hello ${name},</p>
          ${about !== undefined && html`<p>${about.why}</p>`}
          <p>your code is</p>
          <p style="font-size:24px;letter-spacing:4px"><b>${code}</b></p>
          <p>It works once.</p>
          <p><small>${footer}</small></p>`.text,
      });
    },
  };
}
