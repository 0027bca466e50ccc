import { DomainError } from '../domain/errors.ts'
import { PasskeyName, type Passkeys } from '../domain/passkeys.ts'
import type { PasskeyCeremonies } from '../http/passkey-ceremonies.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentAccountFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import { describeUserAgent } from './user-agent.ts'
import type { PageContext, Viewer } from './viewer.ts'

export interface PasskeyPagesDeps {
  render: Render
  passkeys: Passkeys
  passkeyCeremonies: PasskeyCeremonies
}

/** `/account/passkeys…`: adding one, naming it, removing it. The list is on `/account`. */
export function createPasskeyPages({ render, passkeys, passkeyCeremonies }: PasskeyPagesDeps) {
  async function offer(ctx: PageContext, viewer: Viewer): Promise<void> {
    renderForm(ctx, viewer, describeUserAgent(ctx.get('User-Agent')), {})
    return Promise.resolve()
  }

  function renderForm(ctx: PageContext, viewer: Viewer, name: string, errors: FieldErrors): void {
    render(ctx, 'new-passkey', { frame: presentAccountFrame(ctx, viewer, 'account'), name, errors })
  }

  /** What our script gives to the browser, as JSON. */
  async function options(ctx: PageContext, viewer: Viewer): Promise<void> {
    ctx.body = await passkeyCeremonies.registrationOptions(ctx, viewer.user)
  }

  /** Fields `name` and `credential`: what the browser made. */
  async function add(ctx: PageContext, viewer: Viewer): Promise<void> {
    const { name = '', credential = '' } = viewer.form
    const parsed = PasskeyName.safeParse(name)
    if (!parsed.success) {
      ctx.status = 422
      return renderForm(ctx, viewer, name, { name: parsed.error.issues[0]?.message ?? '' })
    }
    if (credential === '') {
      ctx.status = 422
      return renderForm(ctx, viewer, name, {
        form: 'Your browser has to make the passkey first: use the button.',
      })
    }
    try {
      await passkeyCeremonies.register(ctx, viewer.user, { name: parsed.data, credential })
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      ctx.status = 422
      return renderForm(ctx, viewer, name, { form: error.message })
    }
    seeOther(ctx, withNotice('/account', 'passkey-added'))
  }

  /** Field `name`. */
  async function rename(ctx: PageContext, viewer: Viewer): Promise<void> {
    const parsed = PasskeyName.safeParse(viewer.form['name'] ?? '')
    if (!parsed.success) throw new DomainError('invalid_input', parsed.error.issues[0]?.message ?? '')
    await passkeys.rename(viewer.user, ctx.params['id'] ?? '', parsed.data)
    seeOther(ctx, withNotice('/account', 'passkey-renamed'))
  }

  async function remove(ctx: PageContext, viewer: Viewer): Promise<void> {
    await passkeys.remove(viewer.user, ctx.params['id'] ?? '', ctx.state.address)
    seeOther(ctx, withNotice('/account', 'passkey-removed'))
  }

  return { offer, options, add, rename, remove }
}
