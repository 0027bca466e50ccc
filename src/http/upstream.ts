import type { ProvidedPerson, SignInProvider } from '../domain/sign-in-provider.ts'
import type { ProviderView } from './provider-view-data.ts'
import type { Context } from './request-context.ts'

/** A sign-in that goes through a provider, as it was begun. */
export interface UpstreamIntent {
  /** Where to continue: a path of ours, checked. */
  returnTo: string
  /** The provider must ask for the credentials anew, however recent its own sign-in is. */
  isFresh: boolean
}

/** Signing in through an OpenID Connect provider, as the pages see it. */
export interface Upstream {
  /**
   * Binds a new attempt to this browser and gives the provider's address to go to.
   * @throws {UpstreamUnavailable}
   * @throws {RequestRefused} 429 after too many attempts from one network address
   */
  begin: (ctx: Context, provider: SignInProvider, intent: UpstreamIntent) => Promise<URL>
  /**
   * Takes the provider's answer at its redirect path, once.
   * @throws {DomainError} `forbidden` for an answer that is not to an attempt of this browser
   */
  receive: (ctx: Context, provider: SignInProvider) => Promise<UpstreamAnswer>
}

/** An answer to an attempt of this browser, not believed yet. */
export interface UpstreamAnswer {
  intent: UpstreamIntent
  /** @throws {DomainError} `forbidden` for an answer that cannot be believed @throws {UpstreamUnavailable} */
  identify: () => Promise<ProvidedPerson>
}

/** The provider cannot be asked now. The message is a sentence for people. */
export class UpstreamUnavailable extends Error {
  override readonly name = 'UpstreamUnavailable'
}

/** Where a provider sends its answer: a path for each, so that one cannot answer for another (RFC 9700 §4.4.2.2). */
export function redirectPath(provider: { organization: { id: string } | undefined }): string {
  return `${beginPath(provider)}/callback`
}

/** Where a sign-in through a provider begins. */
export function beginPath({ organization }: { organization: { id: string } | undefined }): string {
  return organization ? `/sign-in/oidc/${organization.id}` : '/sign-in/oidc'
}

/** The link to a provider. @param returnTo where to continue, a path of ours */
export function presentProvider(
  provider: Pick<SignInProvider, 'name' | 'organization'>,
  returnTo: string,
  { isFresh }: { isFresh: boolean } = { isFresh: false },
): ProviderView {
  const query = new URLSearchParams({ return_to: returnTo, ...(isFresh ? { fresh: '1' } : {}) })
  return { name: provider.name, href: `${beginPath(provider)}?${query.toString()}` }
}
