import { createLocalJWKSet } from 'jose'
import { z } from 'zod'
import { UpstreamUnavailable } from '../http/upstream.ts'
import type { ProviderFetch } from './public-fetch.ts'

export type IssuerKeys = ReturnType<typeof createLocalJWKSet>

interface Cached {
  keys: Promise<IssuerKeys>
  /** After that they are asked for again. */
  until: number
  /** Not before that they are asked for because a key was not among them. */
  renewableAt: number
}

const Metadata = z.object({ issuer: z.string(), jwks_uri: z.string() })
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

const lifetime = 15 * 60 * 1000
const renewalInterval = 30 * 1000
const failureMemory = 5 * 1000
const timeout = 5 * 1000

/**
 * The public keys of issuers, found as OpenID Connect Discovery 1.0 §4 says and remembered for a while, failures too:
 * however many tokens with keys of their own invention are presented, an issuer is asked twice a minute.
 */
export function createIssuerKeys({ publicFetch, now }: { publicFetch: ProviderFetch; now: () => number }) {
  const cache = new Map<string, Cached>()

  /**
   * @param renewed asks again, unless that was a moment ago
   * @throws {UpstreamUnavailable}
   */
  return async function keysOf(issuer: string, renewed: boolean): Promise<IssuerKeys> {
    const known = cache.get(issuer)
    if (known && now() < (renewed ? known.renewableAt : known.until)) return known.keys
    for (const [other, { until }] of cache) if (until <= now()) cache.delete(other)
    const keys = fetchKeys(issuer)
    const asked = { keys, until: now() + lifetime, renewableAt: now() + renewalInterval }
    cache.set(issuer, asked)
    try {
      return await keys
    } catch (error) {
      // Keys that were good a moment ago stay so when only their renewal failed.
      if (known && known.until > now()) cache.set(issuer, { ...asked, keys: known.keys, until: known.until })
      else asked.until = asked.renewableAt = now() + failureMemory
      throw error
    }
  }

  async function fetchKeys(issuer: string): Promise<IssuerKeys> {
    const metadata = Metadata.safeParse(
      await fetchJson(issuer, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
    ).data
    if (metadata?.issuer !== issuer) {
      throw new UpstreamUnavailable(`${issuer} does not describe itself under this name.`)
    }
    const keySet = KeySet.safeParse(await fetchJson(issuer, metadata.jwks_uri)).data
    if (!keySet) throw new UpstreamUnavailable(`${issuer} gave no key set.`)
    return createLocalJWKSet(keySet)
  }

  async function fetchJson(issuer: string, url: string): Promise<unknown> {
    try {
      const headers = { accept: 'application/json' }
      const signal = AbortSignal.timeout(timeout)
      const response = await publicFetch(url, {
        method: 'GET',
        headers,
        body: null,
        redirect: 'manual',
        signal,
      })
      if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
      return await response.json()
    } catch (cause) {
      throw new UpstreamUnavailable(`The keys of ${issuer} cannot be fetched right now.`, { cause })
    }
  }
}
