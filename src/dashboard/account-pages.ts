import type { AuditLog } from '../domain/audit-log.ts'
import type { Users } from '../domain/users.ts'
import type { SignIns } from '../http/sign-ins.ts'
import { presentMoment } from '../http/moment.ts'
import type { Render } from '../http/views.ts'
import { withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { SessionScopes } from './session-scopes.ts'
import { presentSession } from './session-views.ts'
import type { PageContext, Viewer } from './viewer.ts'

export interface AccountPagesDeps {
  render: Render
  users: Users
  signIns: SignIns
  sessionScopes: SessionScopes
  auditLog: AuditLog
  now: () => number
}

/** `/account/sessions`: what acts in one's name, in every organization, and where one is signed in. */
export function createAccountPages({
  render,
  users,
  signIns,
  sessionScopes,
  auditLog,
  now,
}: AccountPagesDeps) {
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
      signIns: browsers.map(({ uid, startedAt, expiresAt }) => ({
        here: uid === viewer.signInUid,
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
    await Promise.all(
      viewer.memberships.map(({ organization }) =>
        auditLog.append(organization.id, {
          type: 'sign_ins.ended',
          actor: { kind: 'user', id: viewer.user.id },
          address: ctx.state.address,
        }),
      ),
    )
    if (!all) return seeOther(ctx, withNotice('/account/sessions', 'signed-out-elsewhere'))
    await signIns.end(ctx)
    seeOther(ctx, '/sign-in')
  }

  return { show, signOutEverywhere }
}
