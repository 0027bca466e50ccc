import type { RouterContext } from '@koa/router'
import { DomainError } from '../domain/errors.ts'
import { type Membership, type Members, noSuchOrganization } from '../domain/members.ts'
import type { OrganizationSignIns } from '../domain/organization-sign-in.ts'
import type { SignInProvider } from '../domain/sign-in-provider.ts'
import type { User } from '../domain/users.ts'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import { RequestRefused } from '../http/errors.ts'
import type { UploadedFile } from '../http/multipart.ts'
import type { RequestState } from '../http/request-context.ts'
import { reaches, type SignIn, type SignIns } from '../http/sign-ins.ts'
import { presentProvider } from '../http/upstream.ts'
import type { Render } from '../http/views.ts'
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
  /** The only organization this sign-in reaches; absent for one that reaches all of the user's. */
  organizationId: string | undefined
  mayCreateOrganizations: boolean
  /** For every form of the page. */
  csrfToken: string
  /** The form that was sent, its token checked; empty for a GET. */
  form: Record<string, string>
  /** What was sent with it; empty for a form that takes no files. */
  files: readonly UploadedFile[]
}

/**
 * Reads a form that was sent. `check` throws unless our page made it for this browser: called by whoever has to read the
 * form bit by bit, and in any case afterwards.
 */
export type ReceiveForm = (
  ctx: PageContext,
  memberships: readonly Membership[],
  check: (form: Record<string, string>) => void,
) => Promise<Pick<Viewer, 'form' | 'files'>>

/** Who looks at a page of an organization, as a member of it. */
export interface OrganizationViewer extends Viewer {
  membership: Membership
}

export type Viewers = ReturnType<typeof createViewers>

/** Guards of pages. A page behind one never runs for strangers, and never for a form of another site. */
export function createViewers({
  signIns,
  members,
  organizationSignIns,
  csrf,
  render,
  organizationCreation,
  showDeleted,
}: {
  signIns: SignIns
  members: Members
  organizationSignIns: OrganizationSignIns
  csrf: Csrf
  render: Render
  organizationCreation: 'anyone' | 'operator'
  /** Takes the place of every page of an organization whose deletion is pending. */
  showDeleted: (ctx: PageContext, viewer: OrganizationViewer) => Promise<void>
}) {
  /**
   * Sends whoever is not signed in to do so first. For what is the user's own: a sign-in that reaches one organization is
   * refused, as that organization's provider decided who it is.
   * @throws {RequestRefused} 403 for a form without its token, 401 for a program
   */
  function signedIn(page: (ctx: PageContext, viewer: Viewer) => Promise<void>) {
    return signedInAnyhow(async (ctx, viewer) => {
      if (viewer.organizationId !== undefined) throw reachesOnly(viewer)
      await page(ctx, viewer)
    })
  }

  /** As {@link signedIn}, whatever the sign-in reaches. */
  function signedInAnyhow(
    page: (ctx: PageContext, viewer: Viewer) => Promise<void>,
    receive: ReceiveForm = receiveFields,
  ) {
    return async (ctx: PageContext): Promise<void> => {
      const signIn = await signIns.find(ctx)
      if (!signIn) {
        if (ctx.get('Authorization') !== '') throw takesNoTokens()
        const returnTo =
          ctx.method === 'POST' ? '' : `?${new URLSearchParams({ return_to: ctx.url }).toString()}`
        return seeOther(ctx, `/sign-in${returnTo}`)
      }
      const purpose = `dashboard:${signIn.uid}`
      const all = await members.listMemberships(signIn.user.id)
      const memberships = all.filter(({ organization }) => reaches(signIn, organization.id))
      const check = (form: Record<string, string>) => csrf.check(ctx, purpose, form)
      const sent = ctx.method === 'POST' ? await receive(ctx, memberships, check) : { form: {}, files: [] }
      if (ctx.method === 'POST') check(sent.form)
      await page(ctx, {
        user: signIn.user,
        signInUid: signIn.uid,
        signedInAt: provedAt(signIn),
        organizationId: signIn.organizationId,
        memberships,
        mayCreateOrganizations: organizationCreation === 'anyone' && signIn.organizationId === undefined,
        csrfToken: csrf.token(ctx, purpose),
        ...sent,
      })
    }
  }

  /** As {@link signedIn}, for members of the organization that `:slug` names. @throws {DomainError} `not_found` for others */
  function inOrganization(
    page: (ctx: PageContext, viewer: OrganizationViewer) => Promise<void>,
    receive?: ReceiveForm,
  ) {
    return signedInAnyhow(async (ctx, viewer) => {
      const slug = ctx.params['slug'] ?? ''
      const membership = await requireAnyMembership(viewer, slug)
      const { organization } = membership
      if (organization.deletion) return showDeleted(ctx, { ...viewer, membership })
      if (organization.slug !== slug && ctx.method !== 'POST') {
        // A former slug, in a bookmark or an old mail.
        return seeOther(ctx, ctx.url.replace(`/organizations/${slug}`, `/organizations/${organization.slug}`))
      }
      const required = await organizationSignIns.findRequired(membership)
      if (required && viewer.organizationId !== organization.id) return showRequired(ctx, viewer, required)
      await page(ctx, { ...viewer, membership })
    }, receive)
  }

  /** A link, since Chromium would hold a form's redirect to the provider against the page's Content-Security-Policy. */
  function showRequired(ctx: PageContext, { user }: Viewer, required: SignInProvider): void {
    const provider = presentProvider(required, ctx.method === 'POST' ? '/' : ctx.url)
    ctx.status = 403
    render(ctx, 'provider-required', {
      organizationName: required.organization?.name ?? '',
      provider,
      email: user.email,
    })
  }

  /** As {@link inOrganization}, also while the deletion of the organization is pending. */
  function inAnyOrganization(page: (ctx: PageContext, viewer: OrganizationViewer) => Promise<void>) {
    return signedInAnyhow(async (ctx, viewer) => {
      const membership = await requireAnyMembership(viewer, ctx.params['slug'] ?? '')
      await page(ctx, { ...viewer, membership })
    })
  }

  async function requireAnyMembership(viewer: Viewer, slug: string): Promise<Membership> {
    const membership = await members.findMembership(viewer.user.id, slug)
    if (!membership || !reaches(viewer, membership.organization.id)) throw noSuchOrganization()
    return membership
  }

  return { signedIn, signedInAnyhow, inOrganization, inAnyOrganization }
}

const receiveFields: ReceiveForm = async (ctx) => ({ form: await readForm(ctx.req), files: [] })

/** A program gets no page to sign in on. */
function takesNoTokens(): RequestRefused {
  return new RequestRefused(
    401,
    'invalid_request',
    'The dashboard takes no tokens: people sign in to it in a browser.',
  )
}

/** A provider vouches for a sign-in that may be weeks old: who comes from it has proved nothing now. */
function provedAt({ amr, startedAt }: SignIn): number {
  return amr.includes('fed') ? 0 : startedAt
}

function reachesOnly({ memberships }: Viewer): DomainError {
  const name = memberships[0]?.organization.name ?? 'one organization'
  return new DomainError(
    'forbidden',
    `You are signed in through the provider of ${name}, and that reaches ${name} alone. For your account and your other organizations sign out, and sign in with your password or a passkey.`,
  )
}
