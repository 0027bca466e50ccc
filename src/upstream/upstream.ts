import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
} from 'openid-client'
import { addressGroup } from '../domain/address-network.ts'
import { DomainError } from '../domain/errors.ts'
import type { Secrets } from '../domain/secrets.ts'
import { type ProvidedPerson, providerKey, type SignInProvider } from '../domain/sign-in-provider.ts'
import { countAttempt, type RateRule } from '../http/rate-limit.ts'
import type { Context } from '../http/request-context.ts'
import { redirectPath, type Upstream, UpstreamUnavailable } from '../http/upstream.ts'
import type { Artifacts, Limiter } from '../storage/contract.ts'
import { type Attempt, createAttempts } from './attempts.ts'
import { createProviderClients } from './provider-clients.ts'
import type { ProviderFetch } from './public-fetch.ts'

export interface UpstreamDeps {
  publicUrl: string
  artifacts: Artifacts
  secrets: Secrets
  limiter: Limiter
  fetch: ProviderFetch
  publicFetch: ProviderFetch
  now: () => number
}

/** Each leaves a record, and may make us ask a provider that does not answer. */
const attemptsOfAddress: RateRule = { name: 'sign-in-provider', limit: 60, windowSeconds: 60 }

/** The code flow as a client of somebody's OpenID Connect provider: PKCE with S256, state, nonce, signed ID token. */
export function createUpstream(deps: UpstreamDeps): Upstream {
  const { publicUrl, limiter } = deps
  const clientOf = createProviderClients(deps)
  const attempts = createAttempts({ ...deps, secure: publicUrl.startsWith('https:') })

  return {
    async begin(ctx, provider, intent) {
      await countAttempt(limiter, attemptsOfAddress, addressGroup(ctx.state.address))
      const client = await believing(ctx, provider, () => clientOf(provider))
      const nonce = randomNonce()
      const verifier = randomPKCECodeVerifier()
      const state = await attempts.begin(ctx, {
        ...intent,
        provider: providerKey(provider),
        nonce,
        verifier,
      })
      return buildAuthorizationUrl(client, {
        redirect_uri: publicUrl + redirectPath(provider),
        scope: 'openid email profile',
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        // Both, since some providers heed only one; `max_age` also makes them tell when they asked.
        ...(intent.isFresh ? { prompt: 'login', max_age: '0' } : {}),
      })
    },

    async receive(ctx, provider) {
      const { state, attempt } = await attempts.finish(ctx, providerKey(provider))
      const answer = new URL(publicUrl + redirectPath(provider) + ctx.search)
      return {
        intent: attempt,
        identify: () =>
          believing(ctx, provider, async () =>
            requestPerson(await clientOf(provider), answer, state, attempt),
          ),
      }
    },
  }
}

async function requestPerson(
  client: Configuration,
  answer: URL,
  state: string,
  { nonce, verifier, isFresh }: Attempt,
): Promise<ProvidedPerson> {
  const tokens = await authorizationCodeGrant(client, answer, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
    ...(isFresh ? { maxAge: 60 } : {}),
  })
  const claims = tokens.claims()
  if (!claims) throw new Error('openid-client gave no ID token although one was expected')
  // OpenID Connect Core §5.4: with a code, a provider may tell the address at the userinfo endpoint only.
  const asked = claims['email'] === undefined && client.serverMetadata().userinfo_endpoint !== undefined
  const told = asked ? await fetchUserInfo(client, tokens.access_token, claims.sub) : claims
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: textOf(told['email']),
    // Some providers write booleans as text.
    isEmailVerified: told['email_verified'] === true || told['email_verified'] === 'true',
    name: textOf(told['name']),
  }
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined
}

/** Turns whatever a provider makes the library throw into the two refusals that a page can tell. */
async function believing<T>(ctx: Context, provider: SignInProvider, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    // Not the error itself: the library attaches whole answers to it.
    ctx.state.log.warn({ issuer: provider.issuer, reasons: reasonsOf(error) }, 'sign-in provider')
    throw refusalOf(provider, error)
  }
}

function reasonsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return [`${error.name}: ${error.message}${code}`, ...reasonsOf(error.cause)]
}

function refusalOf(provider: SignInProvider, error: unknown): Error {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof UpstreamUnavailable) return cause
  }
  if (error instanceof AuthorizationResponseError) {
    const reason = error.error === 'access_denied' ? 'you or it said no' : 'it could not'
    return new DomainError('forbidden', `${provider.name} did not sign you in: ${reason}. Try again.`, {
      cause: error,
    })
  }
  return new DomainError(
    'forbidden',
    `${provider.name} gave an answer that cannot be believed. Try again, or tell whoever runs this server.`,
    { cause: error },
  )
}
