import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** Keys for separate purposes, derived from SECRET_KEY. */
export type Secrets = ReturnType<typeof createSecrets>

/**
 * Derives one key per purpose by HKDF-SHA-256 (RFC 5869), so that no two uses share a key. The newest secret signs
 * and encrypts; older ones still verify and decrypt, which is how SECRET_KEY is rotated.
 * @param secretKeys newest first, at least one
 */
export function createSecrets(secretKeys: readonly [string, ...string[]]) {
  /** Every generation of a purpose's key as base64url, newest first. */
  function keysFor(purpose: string): string[] {
    return secretKeys.map((secretKey) => derive(secretKey, purpose).toString('base64url'))
  }

  /** HMAC-SHA-256 of a value under the newest key of a purpose, in base64url. */
  function sign(purpose: string, value: string): string {
    return createHmac('sha256', derive(secretKeys[0], purpose)).update(value).digest('base64url')
  }

  /** Whether any generation of the key made this signature, compared in constant time. */
  function verify(purpose: string, value: string, signature: string): boolean {
    const given = Buffer.from(signature)
    return secretKeys.some((secretKey) => {
      const expected = Buffer.from(
        createHmac('sha256', derive(secretKey, purpose)).update(value).digest('base64url'),
      )
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
  }

  /** AES-256-GCM under the newest key of a purpose: nonce, tag and ciphertext in base64url. */
  function encrypt(purpose: string, plaintext: string): string {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', derive(secretKeys[0], purpose), nonce)
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
  }

  /** The plaintext and whether an older key sealed it; undefined when no generation of the key opens it. */
  function decrypt(purpose: string, sealed: string): { plaintext: string; stale: boolean } | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    for (const [generation, secretKey] of secretKeys.entries()) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', derive(secretKey, purpose), bytes.subarray(0, 12), {
          authTagLength: 16,
        })
        decipher.setAuthTag(bytes.subarray(12, 28))
        const opened = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
        return { plaintext: opened.toString('utf8'), stale: generation > 0 }
      } catch {
        // GCM tells a wrong key only by its tag: try the next generation.
      }
    }
    return undefined
  }

  return { keysFor, sign, verify, encrypt, decrypt }
}

function derive(secretKey: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secretKey, 'opentrace', purpose, 32))
}
