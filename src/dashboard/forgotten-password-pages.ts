import type { Mailer } from '../domain/mail.ts'
import { mailedResetLifetime, type PasswordResets } from '../domain/password-resets.ts'
import { NewPassword, type Users } from '../domain/users.ts'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import type { CountResetRequest } from '../http/reset-requests.ts'
import type { Render } from '../http/views.ts'
import type { AccountMails } from './account-mails.ts'
import { seeOther } from './redirects.ts'
import type { PageContext } from './viewer.ts'

export interface ForgottenPasswordPagesDeps {
  render: Render
  csrf: Csrf
  mailer: Mailer
  users: Users
  passwordResets: PasswordResets
  countResetRequest: CountResetRequest
  accountMails: AccountMails
}

const purpose = 'forgotten-password'

/** `/forgot-password` asks for a link by mail; `/reset-password?token=…`, where the link leads, sets the password. */
export function createForgottenPasswordPages(deps: ForgottenPasswordPagesDeps) {
  const { render, csrf, mailer, users, passwordResets, countResetRequest, accountMails } = deps

  async function ask(ctx: PageContext): Promise<void> {
    renderQuestion(ctx, '', false)
    return Promise.resolve()
  }

  /** Field `email`. The answer is the same for every address, and goes out before anybody looks whose it is. */
  async function submitAddress(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    const { email = '' } = form
    const mayBeSent = await countResetRequest(ctx, email)
    if (mailer.isConfigured && mayBeSent) {
      sendLink(ctx, email).catch((error: unknown) => {
        ctx.state.log.error({ err: error }, 'a link to set a password was not made')
      })
    }
    renderQuestion(ctx, email, mailer.isConfigured)
  }

  async function sendLink(ctx: PageContext, email: string): Promise<void> {
    const user = await users.findByEmail(email)
    if (!user || user.disabledAt !== undefined) return
    accountMails.sendResetLink(ctx, user, await passwordResets.issue(user, mailedResetLifetime))
  }

  function renderQuestion(ctx: PageContext, email: string, isTaken: boolean): void {
    render(ctx, 'forgot-password', {
      csrf: csrf.token(ctx, purpose),
      email,
      errors: {},
      sendsMail: mailer.isConfigured,
      isTaken,
    })
  }

  async function show(ctx: PageContext): Promise<void> {
    const { email } = await passwordResets.requireUser(tokenOf(ctx))
    render(ctx, 'reset-password', { action: ctx.url, csrf: csrf.token(ctx, purpose), email, errors: {} })
  }

  /** Field `password`. It signs nobody in: whoever has the link shows that they know what they typed. */
  async function submit(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    const { email } = await passwordResets.requireUser(tokenOf(ctx))
    const parsed = NewPassword.safeParse(form['password'] ?? '')
    if (!parsed.success) {
      ctx.status = 422
      return render(ctx, 'reset-password', {
        action: ctx.url,
        csrf: csrf.token(ctx, purpose),
        email,
        errors: { password: parsed.error.issues[0]?.message ?? '' },
      })
    }
    const user = await passwordResets.complete(tokenOf(ctx), parsed.data, ctx.state.address)
    accountMails.tellPasswordChanged(ctx, user)
    seeOther(ctx, '/sign-in?notice=password-reset')
  }

  return { ask, submitAddress, show, submit }
}

function tokenOf(ctx: PageContext): string {
  const { token } = ctx.query
  return typeof token === 'string' ? token : ''
}
