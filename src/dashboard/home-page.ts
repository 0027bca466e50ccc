import type { Members } from '../domain/members.ts'
import { presentMoment } from '../http/moment.ts'
import { reaches } from '../http/sign-ins.ts'
import type { Render } from '../http/views.ts'
import { presentFrame } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { PageContext, Viewer } from './viewer.ts'

/** `/`: straight into the only organization, a choice of several, or what to do without any. */
export function createHomePage({
  render,
  members,
  now,
}: {
  render: Render
  members: Members
  now: () => number
}) {
  return async function show(ctx: PageContext, viewer: Viewer): Promise<void> {
    const [first, ...others] = viewer.memberships
    const deleted = await members.listRestorable(viewer.user.id)
    const restorable = deleted.filter(({ organization }) => reaches(viewer, organization.id))
    if (first && others.length === 0 && restorable.length === 0)
      return seeOther(ctx, `/organizations/${first.organization.slug}`)
    render(ctx, 'organizations', {
      frame: presentFrame(viewer),
      organizations: viewer.memberships.map(({ organization: { slug, name }, role }) => ({
        slug,
        name,
        role,
      })),
      restorable: restorable.map(({ organization: { slug, name, deletion } }) => ({
        slug,
        name,
        dueAt: presentMoment(deletion?.dueAt ?? now(), now()),
      })),
    })
  }
}
