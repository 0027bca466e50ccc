import type { Mail, Mailer } from '../domain/mail.ts'
import { resetLink } from '../domain/password-resets.ts'
import type { User } from '../domain/users.ts'
import type { PageContext } from './viewer.ts'

export type AccountMails = ReturnType<typeof createAccountMails>

/**
 * What people are told by mail about their account. Nobody waits for the mail server, and no answer depends on it: what
 * happened has happened, and the time of an answer must not tell whether an address is known.
 */
export function createAccountMails({ publicUrl, mailer }: { publicUrl: string; mailer: Mailer }) {
  const host = new URL(publicUrl).host

  function send(ctx: PageContext, mail: Mail): void {
    if (!mailer.isConfigured) return
    mailer.send(mail).catch((error: unknown) => {
      ctx.state.log.error({ err: error }, 'a mail about an account was not sent')
    })
  }

  function sendResetLink(ctx: PageContext, { email, name }: User, token: string): void {
    send(ctx, {
      to: email,
      subject: `Set a new password for OpenTrace at ${host}`,
      text: `Hello ${name},

somebody, hopefully you, asked to set a new password for your account at ${host}. Do it here, within an hour:

${resetLink(publicUrl, token)}

Setting it signs you out everywhere and ends the sessions of your clients. If it was not you, do nothing: without this link nothing changes.

Asked from the network address ${ctx.state.address}.
`,
    })
  }

  function tellPasswordChanged(ctx: PageContext, { email, name }: User): void {
    send(ctx, {
      to: email,
      subject: `Your OpenTrace password at ${host} was changed`,
      text: `Hello ${name},

the password of your account at ${host} was changed from the network address ${ctx.state.address}. Other browsers were signed out. Your passkeys still work.

If it was not you, set another one here, and look at your sessions and passkeys:

${publicUrl}/forgot-password
`,
    })
  }

  return { sendResetLink, tellPasswordChanged }
}
