import type { AccountSafety } from '../domain/account-safety.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import { DomainError } from '../domain/errors.ts'
import type { Passkeys } from '../domain/passkeys.ts'
import { NewPassword, UserName, type Users } from '../domain/users.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import { presentMoment } from '../http/moment.ts'
import type { PasskeyCeremonies } from '../http/passkey-ceremonies.ts'
import type { SignIns } from '../http/sign-ins.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import type { AccountMails } from './account-mails.ts'
import { presentAccountFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { PageContext, Viewer } from './viewer.ts'

export interface AccountPagesDeps {
  render: Render
  users: Users
  accountSafety: AccountSafety
  passkeys: Passkeys
  passkeyCeremonies: PasskeyCeremonies
  clientSessions: ClientSessions
  signIns: SignIns
  credentials: CredentialCheck
  accountMails: AccountMails
  now: () => number
}

/** `/account`: who one is, the password, and the passkeys. */
export function createAccountPages(deps: AccountPagesDeps) {
  const { render, users, accountSafety, passkeys, passkeyCeremonies, clientSessions, signIns, now } = deps
  const { credentials, accountMails } = deps

  async function show(ctx: PageContext, viewer: Viewer): Promise<void> {
    await renderPage(ctx, viewer, viewer.user.name, {})
  }

  async function renderPage(ctx: PageContext, viewer: Viewer, name: string, errors: FieldErrors) {
    const { user } = viewer
    const [own, sessions] = await Promise.all([
      passkeys.list(user.id),
      clientSessions.listLive('user', user.id),
    ])
    render(ctx, 'account', {
      frame: presentAccountFrame(ctx, viewer, 'account'),
      email: user.email,
      name,
      hasPassword: user.passwordHash !== undefined,
      clientSessions: sessions.length,
      offersPasskeys: passkeyCeremonies.arePossible,
      passkeys: own.map(({ id, name: label, isSynchronized, createdAt, lastUsedAt }) => ({
        id,
        name: label,
        isSynchronized,
        createdAt: presentMoment(createdAt, now()),
        lastUsedAt: lastUsedAt === undefined ? undefined : presentMoment(lastUsedAt, now()),
      })),
      errors,
    })
  }

  /** Field `name`. */
  async function rename(ctx: PageContext, viewer: Viewer): Promise<void> {
    const { name = '' } = viewer.form
    const parsed = UserName.safeParse(name)
    if (!parsed.success) {
      ctx.status = 422
      return renderPage(ctx, viewer, name, { name: parsed.error.issues[0]?.message ?? '' })
    }
    await users.rename(viewer.user.id, parsed.data)
    seeOther(ctx, withNotice('/account', 'profile-saved'))
  }

  /** Fields `current_password`, `new_password`, and `client_sessions` to end those as well. */
  async function changePassword(ctx: PageContext, viewer: Viewer): Promise<void> {
    const { current_password: current = '', new_password: wanted = '' } = viewer.form
    const endsClientSessions = viewer.form['client_sessions'] === 'end'
    const errors = await refusePassword(ctx, viewer, current, wanted)
    if (errors) {
      ctx.status = 422
      return renderPage(ctx, viewer, viewer.user.name, errors)
    }
    const change = { password: wanted, signInUid: viewer.signInUid, endsClientSessions }
    const user = await accountSafety.changePassword(viewer.user, change, ctx.state.address)
    await signIns.start(ctx, user, { amr: ['pwd'] })
    accountMails.tellPasswordChanged(ctx, user)
    const notice = endsClientSessions ? 'password-changed-clients-ended' : 'password-changed'
    seeOther(ctx, withNotice('/account', notice))
  }

  /** The new one first: the other is counted as an attempt at signing in. */
  async function refusePassword(
    ctx: PageContext,
    { user: { email } }: Viewer,
    current: string,
    wanted: string,
  ): Promise<FieldErrors | undefined> {
    const parsed = NewPassword.safeParse(wanted)
    if (!parsed.success) return { new_password: parsed.error.issues[0]?.message ?? '' }
    try {
      await credentials(ctx, { email, password: current })
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'invalid_credentials')) throw error
      return { current_password: 'This is not your present password.' }
    }
    return undefined
  }

  return { show, rename, changePassword }
}
