import { createTransport } from 'nodemailer';
import { html } from './html.ts';

export interface Mailer {
  sendLink(email: string, firstName: string, link: string): Promise<void>;
  sendCode(email: string, firstName: string, code: string): Promise<void>;
}

/** Sends a site's mails from `name <no-reply@DOMAIN>` through the SMTP server. */
export function makeMailer(site: { domain: string; name: string }, smtp: { host: string; port: number }): Mailer {
  const transport = createTransport({ ...smtp, secure: false, ignoreTLS: true });
  const from = { name: site.name, address: `no-reply@${site.domain}` };
  const footer = `You get this mail because someone used this address at ${site.domain}.`;
  return {
    async sendLink(email, firstName, link) {
      await transport.sendMail({
        from,
        to: email,
        subject: `Confirm your account at ${site.domain}`,
        text: `Hello ${firstName},\n\nplease confirm your account:\n\n${link}\n\nThe link works once.\n\n${footer}\n`,
        html: html`<p>Hello ${firstName},</p>
          <p>please confirm your account:</p>
          <p><a href="${link}">Confirm my account</a></p>
          <p>The link works once.</p>
          <p><small>${footer} <a href="${new URL('/', link).href}">${site.name}</a></small></p>`.text,
      });
    },
    async sendCode(email, firstName, code) {
      await transport.sendMail({
        from,
        to: email,
        subject: `Your code for ${site.domain}`,
        text: `Hello ${firstName},\n\nyour code is ${code}\n\nIt works once.\n\n${footer}\n`,
        html: html`<p>Hello ${firstName},</p>
          <p>your code is</p>
          <p style="font-size:24px;letter-spacing:4px"><b>${code}</b></p>
          <p>It works once.</p>
          <p><small>${footer}</small></p>`.text,
      });
    },
  };
}
