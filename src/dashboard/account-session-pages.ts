import type { AccountSafety } from '../domain/account-safety.ts'
import { DomainError } from '../domain/errors.ts'
import type { Users } from '../domain/users.ts'
import type { AuthenticationMethod, SignIns } from '../http/sign-ins.ts'
import { presentMoment } from '../http/moment.ts'
import type { Render } from '../http/views.ts'
import { withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { SessionScopes } from './session-scopes.ts'
import { presentSession } from './session-views.ts'
import { describeUserAgent } from './user-agent.ts'
import type { PageContext, Viewer } from './viewer.ts'

export interface AccountSessionPagesDeps {
  render: Render
  users: Users
  signIns: SignIns
  sessionScopes: SessionScopes
  accountSafety: AccountSafety
  now: () => number
}

/** `/account/sessions`: what acts in one's name, in every organization, and where one is signed in. */
export function createAccountSessionPages({
  render,
  users,
  signIns,
  sessionScopes,
  accountSafety,
  now,
}: AccountSessionPagesDeps) {
  async function show(ctx: PageContext, viewer: Viewer): Promise<void> {
    const scope = sessionScopes.ofAccount(viewer)
    const [sessions, browsers] = await Promise.all([scope.list(), signIns.list(viewer.user)])
    const organizations = new Map(
      viewer.memberships.map(({ organization }) => [organization.id, organization.name]),
    )
    render(ctx, 'account-sessions', {
      frame: scope.frame(ctx),
      base: scope.path,
      sessions: sessions.map((session) =>
        presentSession(
          session,
          viewer.user.id,
          now(),
          organizations.get(session.organizationId) ?? 'an organization you left',
        ),
      ),
      signIns: browsers.map(({ uid, amr, address, userAgent, startedAt, expiresAt }) => ({
        uid,
        here: uid === viewer.signInUid,
        device: describeUserAgent(userAgent),
        address,
        method: methodLabels[amr[0] ?? ''],
        startedAt: presentMoment(startedAt, now()),
        expiresAt: presentMoment(expiresAt, now()),
      })),
      otherSignIns: browsers.filter(({ uid }) => uid !== viewer.signInUid).length,
    })
  }

  /** Field `browsers`: `others`, or `all` with this one. */
  async function signOutEverywhere(ctx: PageContext, viewer: Viewer): Promise<void> {
    const all = viewer.form['browsers'] === 'all'
    await users.signOutEverywhere(viewer.user.id, all ? undefined : viewer.signInUid)
    await accountSafety.record(viewer.user.id, { type: 'sign_ins.ended' }, actOf(ctx, viewer))
    if (!all) return seeOther(ctx, withNotice('/account/sessions', 'signed-out-elsewhere'))
    await signIns.end(ctx)
    seeOther(ctx, '/sign-in')
  }

  /** Ends one other sign-in; this browser's own ends by signing out. */
  async function endSignIn(ctx: PageContext, viewer: Viewer): Promise<void> {
    const uid = ctx.params['uid'] ?? ''
    const known = await signIns.list(viewer.user)
    if (!known.some((signIn) => signIn.uid === uid && uid !== viewer.signInUid)) {
      throw new DomainError('not_found', 'This sign-in has ended.')
    }
    await users.endSignIn(viewer.user.id, uid)
    await accountSafety.record(viewer.user.id, { type: 'sign_ins.ended' }, actOf(ctx, viewer))
    seeOther(ctx, withNotice('/account/sessions', 'sign-in-ended'))
  }

  return { show, signOutEverywhere, endSignIn }
}

const methodLabels: Record<string, string> = {
  pwd: 'with the password',
  hwk: 'with a passkey',
  swk: 'with a passkey',
  fed: 'through a sign-in provider',
  fed_login: 'through a sign-in provider',
} satisfies Record<AuthenticationMethod, string>

function actOf(ctx: PageContext, viewer: Viewer) {
  return { actor: { kind: 'user' as const, id: viewer.user.id }, address: ctx.state.address }
}
