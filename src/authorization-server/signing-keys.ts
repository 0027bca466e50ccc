import { generateKeyPair, type JsonWebKey, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { DomainError } from '../domain/errors.ts'
import type { Secrets } from '../domain/secrets.ts'
import { Conflict, type Documents } from '../storage/contract.ts'

/** JWKS (RFC 7517 §5) with private keys. */
export interface SigningKeys {
  keys: JsonWebKey[]
}

/**
 * The signing key that all processes of a store share, made at the first start and stored encrypted. Tokens here are
 * opaque; oidc-provider still requires a key, and would otherwise publish its well-known development key.
 * @throws {DomainError} when SECRET_KEY cannot decrypt it: a start with the wrong key must not make a second one
 */
export async function loadSigningKeys({
  documents,
  secrets,
}: {
  documents: Documents
  secrets: Secrets
}): Promise<SigningKeys> {
  for (;;) {
    const stored = await documents.get('signing-keys', 'current')
    const opened = stored && secrets.decrypt('signing-keys', (stored.data as { sealed: string }).sealed)
    if (stored && !opened) {
      throw new DomainError(
        'invalid_input',
        'SECRET_KEY does not open the signing key of this store. Start with the key it was made with, or append that key after a comma.',
      )
    }
    if (opened && !opened.stale) return JSON.parse(opened.plaintext) as SigningKeys
    // Made at the first start; sealed anew at the first start with a new SECRET_KEY, so that the old one can go.
    const plaintext = opened?.plaintext ?? JSON.stringify(await generate())
    const data = { sealed: secrets.encrypt('signing-keys', plaintext) }
    const version = stored?.version ?? 0
    try {
      await documents.commit([{ op: 'put', kind: 'signing-keys', id: 'current', version, data }])
    } catch (error) {
      // Another process was first; its key is read in the next round.
      if (!(error instanceof Conflict)) throw error
    }
  }
}

async function generate(): Promise<SigningKeys> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'ES256' }] }
}
