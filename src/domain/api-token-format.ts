import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const label = 'ot_sat_'
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secretLength = 40
const checksumLength = 6

/** Finds API tokens in any text; published for secret scanners. `_` makes a double click select a whole token. */
export const apiTokenPattern = `${label}[0-9A-Za-z]{${secretLength + checksumLength}}`

const wholeToken = new RegExp(`^${apiTokenPattern}$`)

/** A new token: a prefix that says what it is, 238 random bits, and a checksum of both (GitHub's format of 2021). */
export function newApiToken(): string {
  let token = label
  while (token.length < label.length + secretLength) {
    // 248 is the largest multiple of 62 in a byte: beyond it, the first digits would come more often.
    for (const byte of randomBytes(secretLength)) if (byte < 248) token += digits[byte % 62]
  }
  token = token.slice(0, label.length + secretLength)
  return withChecksum(token)
}

/** What precedes the checksum, with it. */
export function withChecksum(text: string): string {
  return text + checksumOf(text)
}

/** Whether somebody meant this to be an API token, whole or not. */
export function resemblesApiToken(text: string): boolean {
  return text.includes(label)
}

/** Whether the form and the checksum are right: what was mistyped, cut or made up need not be looked up. */
export function isApiToken(text: string): boolean {
  return wholeToken.test(text) && checksumOf(text.slice(0, -checksumLength)) === text.slice(-checksumLength)
}

/** CRC-32 of what precedes, as base62 digits. No secret: it only tells accidents from tokens. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  let checksum = ''
  while (checksum.length < checksumLength) {
    checksum = (digits[rest % 62] ?? '') + checksum
    rest = Math.floor(rest / 62)
  }
  return checksum
}
