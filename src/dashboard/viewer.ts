import type { RouterContext } from '@koa/router'
import { type Membership, type Members, noSuchOrganization } from '../domain/members.ts'
import type { User } from '../domain/users.ts'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import type { RequestState } from '../http/request-context.ts'
import type { SignIn, SignIns } from '../http/sign-ins.ts'
import { seeOther } from './redirects.ts'

/** The context of a page, with the parameters of its path. */
export type PageContext = RouterContext<RequestState>

/** Who looks at a page. */
export interface Viewer {
  user: User
  memberships: Membership[]
  /** Names the sign-in of this browser. */
  signInUid: string
  /** When they last proved who they are, in epoch milliseconds. */
  signedInAt: number
  mayCreateOrganizations: boolean
  /** For every form of the page. */
  csrfToken: string
  /** The form that was sent, its token checked; empty for a GET. */
  form: Record<string, string>
}

/** Who looks at a page of an organization, as a member of it. */
export interface OrganizationViewer extends Viewer {
  membership: Membership
}

/** Guards of pages. A page behind one never runs for strangers, and never for a form of another site. */
export function createViewers({
  signIns,
  members,
  csrf,
  organizationCreation,
  showDeleted,
}: {
  signIns: SignIns
  members: Members
  csrf: Csrf
  organizationCreation: 'anyone' | 'operator'
  /** Takes the place of every page of an organization whose deletion is pending. */
  showDeleted: (ctx: PageContext, viewer: OrganizationViewer) => Promise<void>
}) {
  /** Sends whoever is not signed in to do so first. @throws {RequestRefused} 403 for a form without its token */
  function signedIn(page: (ctx: PageContext, viewer: Viewer) => Promise<void>) {
    return async (ctx: PageContext): Promise<void> => {
      const signIn = await signIns.find(ctx)
      if (!signIn) {
        const returnTo =
          ctx.method === 'POST' ? '' : `?${new URLSearchParams({ return_to: ctx.url }).toString()}`
        return seeOther(ctx, `/sign-in${returnTo}`)
      }
      const purpose = `dashboard:${signIn.uid}`
      const form = ctx.method === 'POST' ? await readForm(ctx.req) : {}
      if (ctx.method === 'POST') csrf.check(ctx, purpose, form)
      await page(ctx, {
        user: signIn.user,
        signInUid: signIn.uid,
        signedInAt: provedAt(signIn),
        memberships: await members.listMemberships(signIn.user.id),
        mayCreateOrganizations: organizationCreation === 'anyone',
        csrfToken: csrf.token(ctx, purpose),
        form,
      })
    }
  }

  /** As {@link signedIn}, for members of the organization that `:slug` names. @throws {DomainError} `not_found` for others */
  function inOrganization(page: (ctx: PageContext, viewer: OrganizationViewer) => Promise<void>) {
    return signedIn(async (ctx, viewer) => {
      const slug = ctx.params['slug'] ?? ''
      const membership = await requireAnyMembership(viewer.user, slug)
      const { organization } = membership
      if (organization.deletion) return showDeleted(ctx, { ...viewer, membership })
      if (organization.slug !== slug && ctx.method !== 'POST') {
        // A former slug, in a bookmark or an old mail.
        return seeOther(ctx, ctx.url.replace(`/organizations/${slug}`, `/organizations/${organization.slug}`))
      }
      await page(ctx, { ...viewer, membership })
    })
  }

  /** As {@link inOrganization}, also while the deletion of the organization is pending. */
  function inAnyOrganization(page: (ctx: PageContext, viewer: OrganizationViewer) => Promise<void>) {
    return signedIn(async (ctx, viewer) => {
      const membership = await requireAnyMembership(viewer.user, ctx.params['slug'] ?? '')
      await page(ctx, { ...viewer, membership })
    })
  }

  async function requireAnyMembership(user: User, slug: string): Promise<Membership> {
    const membership = await members.findMembership(user.id, slug)
    if (!membership) throw noSuchOrganization()
    return membership
  }

  return { signedIn, inOrganization, inAnyOrganization }
}

/** A provider vouches for a sign-in that may be weeks old: who comes from it has proved nothing now. */
function provedAt({ amr, startedAt }: SignIn): number {
  return amr.includes('fed') ? 0 : startedAt
}
