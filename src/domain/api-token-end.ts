import type { Actor } from './audit-log.ts'

/** When and why an API token ends. Whoever presents it afterwards is told, so it is kept in the words of that time. */
export interface ApiTokenEnd {
  /** In the future while a token that was rotated lives on beside its successor. */
  at: number
  reason:
    | 'revoked'
    | 'rotated'
    /** Somebody presented it where leaked tokens are reported. */
    | 'leaked'
    | 'account_deleted'
    /** Whoever made it was removed from the organization or left. */
    | 'maker_left'
  actor: Actor
  /** Of the actor, as others are told; absent for a stranger. */
  name?: string | undefined
}

/** What a client is told whose token has ended: when, by whom, and what to do. */
export function describeTokenEnd({ at, reason, name }: ApiTokenEnd, organizationName: string): string {
  const when = minuteOf(at)
  const by = name === undefined ? '' : ` by ${name}`
  const another = `Ask an administrator of ${organizationName} for another one.`
  switch (reason) {
    case 'revoked':
      return `This API token was revoked${by} on ${when}. ${another}`
    case 'rotated':
      return `This API token was replaced${by} with a new one and ended on ${when}. Use the new one.`
    case 'leaked':
      return `This API token was revoked on ${when}, because somebody reported that it had leaked. ${another}`
    case 'account_deleted':
      return `This API token was revoked on ${when}, when its service account was deleted${by}. ${another}`
    case 'maker_left':
      return `This API token was revoked on ${when}, when whoever had made it left ${organizationName}. ${another}`
  }
}

/** What a client is told whose token has expired. */
export function describeExpiry(expiresAt: number, organizationName: string): string {
  return `This API token expired on ${minuteOf(expiresAt)}. Ask an administrator of ${organizationName} for a new one.`
}

/** A time in words that need no time zone. @param at epoch milliseconds */
export function minuteOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
