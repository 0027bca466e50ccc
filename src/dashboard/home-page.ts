import type { Render } from '../http/views.ts'
import { presentFrame } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { PageContext, Viewer } from './viewer.ts'

/** `/`: straight into the only organization, or a choice of several. */
export function createHomePage({ render }: { render: Render }) {
  return async function show(ctx: PageContext, viewer: Viewer): Promise<void> {
    const [first, ...others] = viewer.memberships
    if (first && others.length === 0) return seeOther(ctx, `/organizations/${first.organization.slug}`)
    render(ctx, 'organizations', {
      frame: presentFrame(viewer),
      organizations: viewer.memberships.map(({ organization: { slug, name }, role }) => ({
        slug,
        name,
        role,
      })),
    })
  }
}
