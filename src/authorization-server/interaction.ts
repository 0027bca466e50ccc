import { type Client, errors, type Provider } from 'oidc-provider'
import type { Context } from '../http/request-context.ts'

/** oidc-provider's record of an authorization that waits for a person. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** One of the pages of an authorization. */
export interface InteractionStep {
  show: (ctx: Context, interaction: Interaction, refusal?: string) => Promise<void>
  submit: (ctx: Context, interaction: Interaction, form: Record<string, string>) => Promise<void>
}

/** A CSRF token of one interaction is worth nothing in another. */
export function purposeOf(interaction: Interaction): string {
  return `interaction:${interaction.uid}`
}

/** Where the answer of this authorization goes; validated by oidc-provider before the interaction began. */
export function redirectUriOf(interaction: Interaction): string {
  return String(interaction.params['redirect_uri'])
}

/** What the client asks for; canonical since `authorization-request.ts`, and validated by oidc-provider. */
export function resourceOf(interaction: Interaction): string {
  return String(interaction.params['resource'])
}

/** The client that asks. @throws {errors.InvalidClient} when its registration is gone meanwhile */
export async function requireClient(provider: Provider, interaction: Interaction): Promise<Client> {
  const client = await provider.Client.find(String(interaction.params['client_id']))
  if (!client) throw new errors.InvalidClient('the client is gone')
  return client
}

/** How a client calls itself. */
export function nameOf(client: Client): string {
  return client.clientName ?? 'Unnamed client'
}

/** Back to the authorization endpoint, which reads the result; 303, so that no credentials are posted on (RFC 9700 §4.12). */
export function leave(ctx: Context, location: string): void {
  ctx.status = 303
  ctx.set('Location', location)
}
