import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { DomainError } from '../domain/errors.ts'
import type { VerifyIdentityToken } from '../domain/identity-exchange.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import type { ProviderFetch } from './public-fetch.ts'

/** Asymmetric ones only (RFC 8725 §3.1): with a secret one, the public key would do as the secret. */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']
const toleranceSeconds = 60
/** GitLab makes identity tokens when a job begins, and some jobs are long. */
const longestAgeSeconds = 60 * 60
const longestToken = 16 * 1024

/** Verifies identity tokens of CI systems with the keys their issuers publish. */
export function createVerifyIdentityToken({
  publicFetch,
  now,
}: {
  publicFetch: ProviderFetch
  now: () => number
}): VerifyIdentityToken {
  const keysOf = createIssuerKeys({ publicFetch, now })

  async function verify(token: string, issuer: string, renewed: boolean): Promise<JWTPayload> {
    try {
      // Asked for keys only once form and algorithm are right.
      const keys = async (...wanted: Parameters<Awaited<ReturnType<typeof keysOf>>>) =>
        (await keysOf(issuer, renewed))(...wanted)
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        algorithms,
        requiredClaims: ['aud', 'exp', 'iat'],
        maxTokenAge: longestAgeSeconds,
        clockTolerance: toleranceSeconds,
        currentDate: new Date(now()),
      })
      return payload
    } catch (error) {
      // An issuer may have begun to sign with a new key.
      if (error instanceof errors.JWKSNoMatchingKey && !renewed) return verify(token, issuer, true)
      throw error
    }
  }

  return async (token, trusted) => {
    const issuer = parseIssuer(token)
    if (!trusted.has(issuer)) {
      throw new DomainError(
        'forbidden',
        `No rule of this service account trusts the issuer ${printable(issuer)}.`,
      )
    }
    try {
      const { aud = [], exp = 0, iat = 0, jti, ...claims } = await verify(token, issuer, false)
      return {
        issuer,
        audiences: [aud].flat(),
        claims,
        // What is signed stays the same, while some algorithms know more than one signature for it.
        uniqueId: jti ?? token.slice(0, token.lastIndexOf('.')),
        expiresAt: (Math.min(exp, iat + longestAgeSeconds) + toleranceSeconds) * 1000,
      }
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
      throw new DomainError('invalid_credentials', describeFault(error), { cause: error })
    }
  }
}

/** Of a token nobody has verified yet: enough to know whether to go on. @throws {DomainError} `invalid_credentials` */
function parseIssuer(token: string): string {
  try {
    if (token.length > longestToken) throw new Error('too long')
    const { iss } = decodeJwt(token)
    if (typeof iss === 'string') return iss
  } catch (cause) {
    throw noIdentityToken(cause)
  }
  throw noIdentityToken(undefined)
}

function noIdentityToken(cause: unknown): DomainError {
  const message =
    'This is no identity token: send the JSON Web Token of the job, whole, as subject_token. Is its variable set?'
  return new DomainError('invalid_credentials', message, { cause })
}

function describeFault(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) {
    return error.claim === 'exp'
      ? 'This identity token has expired. Request another one.'
      : 'This identity token is older than an hour. Exchange it earlier in the job.'
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `This identity token cannot be accepted: its claim ${error.claim} is missing, wrong, or lies in the future.`
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return `This identity token must be signed with one of ${algorithms.join(', ')}.`
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return 'This identity token is signed with a key that its issuer does not publish.'
  }
  return 'The signature of this identity token is wrong, or its form is.'
}

function printable(text: string): string {
  return text.slice(0, 120).replaceAll(/[^\u0020-\u0021\u0023-\u005b\u005d-\u007e]/g, '?')
}
