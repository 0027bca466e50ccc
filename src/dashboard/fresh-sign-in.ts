import { DomainError } from '../domain/errors.ts'
import type { Passkeys } from '../domain/passkeys.ts'
import type { OrganizationSignIns } from '../domain/organization-sign-in.ts'
import type { SignInProvider } from '../domain/sign-in-provider.ts'
import type { User } from '../domain/users.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { PasskeyCeremonies } from '../http/passkey-ceremonies.ts'
import type { AuthenticationMethod, SignIns } from '../http/sign-ins.ts'
import { presentProvider } from '../http/upstream.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { seeOther } from './redirects.ts'
import { parseReturnPath } from './return-path.ts'
import type { PageContext, Viewer } from './viewer.ts'

export interface FreshSignInDeps {
  render: Render
  signIns: SignIns
  credentials: CredentialCheck
  passkeyCeremonies: PasskeyCeremonies
  passkeys: Passkeys
  /** The operator's. */
  signInProvider: SignInProvider | undefined
  organizationSignIns: OrganizationSignIns
  now: () => number
}

const confirmPath = '/sign-in/confirm'
/** How long a sign-in counts as fresh. */
const freshFor = 15 * 60 * 1000
/** What is not carried along. */
const proofFields = new Set(['csrf', 'confirm_password', 'confirm_credential'])

export type FreshSignIn = ReturnType<typeof createFreshSignIn>

/**
 * For what must not be done by whoever finds a browser open: asks to confirm who one is 15 minutes after the sign-in.
 * A page is asked for at `/sign-in/confirm`, which leads back to it. A form is answered with the same question, whose
 * own form goes where the first one went and carries what was sent: nothing typed is lost.
 */
export function createFreshSignIn(deps: FreshSignInDeps) {
  const {
    render,
    signIns,
    credentials,
    passkeyCeremonies,
    passkeys,
    signInProvider,
    organizationSignIns,
    now,
  } = deps

  function isFresh({ signedInAt }: Viewer): boolean {
    return now() - signedInAt < freshFor
  }

  /** Guards a page or form that runs behind `signedIn` or `inOrganization`. */
  function fresh<Who extends Viewer>(page: (ctx: PageContext, viewer: Who) => Promise<void>) {
    return async (ctx: PageContext, viewer: Who): Promise<void> => {
      if (isFresh(viewer)) return page(ctx, viewer)
      if (ctx.method !== 'POST') {
        return seeOther(ctx, `/sign-in/confirm?${new URLSearchParams({ return_to: ctx.url }).toString()}`)
      }
      const errors = await confirm(ctx, viewer)
      if (!errors) return page(ctx, viewer)
      await renderQuestion(ctx, viewer, { action: ctx.url, form: viewer.form, errors })
    }
  }

  /** Takes the proof in a form: undefined when it is one, else what to say, which is nothing at first. */
  async function confirm(ctx: PageContext, { user, form }: Viewer): Promise<FieldErrors | undefined> {
    const { confirm_password: password, confirm_credential: credential } = form
    try {
      const amr =
        credential !== undefined
          ? await confirmByPasskey(ctx, user, credential)
          : password !== undefined && (await confirmByPassword(ctx, user, password))
      if (amr) await signIns.start(ctx, user, { amr })
      else ctx.status = 403
      return amr ? undefined : {}
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'invalid_credentials')) throw error
      ctx.status = 422
      return credential === undefined
        ? { confirm_password: 'The password is wrong.' }
        : { form: error.message }
    }
  }

  async function confirmByPassword(
    ctx: PageContext,
    { email }: User,
    password: string,
  ): Promise<AuthenticationMethod[]> {
    await credentials(ctx, { email, password })
    return ['pwd']
  }

  async function confirmByPasskey(
    ctx: PageContext,
    { id }: User,
    credential: string,
  ): Promise<AuthenticationMethod[]> {
    const { user, amr } = await passkeyCeremonies.authenticate(ctx, credential)
    if (user.id !== id) throw new DomainError('invalid_credentials', 'This passkey is another account’s.')
    return amr
  }

  async function renderQuestion(
    ctx: PageContext,
    { user, csrfToken, organizationId }: Viewer,
    { action, form, errors }: { action: string; form: Record<string, string>; errors: FieldErrors },
  ): Promise<void> {
    const isFormHeld = action !== confirmPath
    const returnTo = isFormHeld ? confirmPath : (parseReturnPath(form['return_to']) ?? '/')
    const provider =
      organizationId === undefined ? signInProvider : await organizationSignIns.findFor(organizationId)
    render(ctx, 'confirm-sign-in', {
      action,
      user: { name: user.name, email: user.email },
      csrf: csrfToken,
      fields: Object.entries(form).filter(([name]) => !proofFields.has(name)),
      hasPassword: user.passwordHash !== undefined,
      offersPasskeys: (await passkeys.list(user.id)).length > 0,
      provider: provider && presentProvider(provider, returnTo, { isFresh: true }),
      isFormHeld,
      errors,
    })
  }

  /** `GET /sign-in/confirm?return_to=…` */
  async function show(ctx: PageContext, viewer: Viewer): Promise<void> {
    const { return_to: given } = ctx.query
    const returnTo = parseReturnPath(typeof given === 'string' ? given : undefined) ?? '/'
    if (isFresh(viewer)) return seeOther(ctx, returnTo)
    await renderQuestion(ctx, viewer, {
      action: confirmPath,
      form: { return_to: returnTo },
      errors: {},
    })
  }

  /** `POST /sign-in/confirm`: like any guarded form, and all it does is to go on. */
  const submit = fresh(async (ctx, viewer) => seeOther(ctx, parseReturnPath(viewer.form['return_to']) ?? '/'))

  return { fresh, show, submit }
}
