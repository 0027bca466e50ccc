import { hash, randomBytes } from 'node:crypto'

/** A unique identifier that sorts by time of creation: 48 bits of milliseconds, 80 random bits, in hex. */
export function newId(now: number): string {
  return now.toString(16).padStart(12, '0') + randomBytes(10).toString('hex')
}

/** A bearer secret of 256 bits. Only its hash is ever stored. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** SHA-256 in base64url: the only form in which the store sees a token, code or secret. */
export function sha256(value: string): string {
  return hash('sha256', value, 'base64url')
}
