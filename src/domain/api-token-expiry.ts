import { DomainError } from './errors.ts'

/** How long a new token may be made to live, in days. */
export const lifetimeChoices = [30, 90, 365] as const

const day = 24 * 60 * 60 * 1000

/** How long before its end a token counts as expiring soon. */
export const expiresSoonWithin = 7 * day
/** After how long without use a token counts as unused. */
export const unusedAfter = 90 * day
/** A day more than a year, as the last choice of days may be counted in another time zone. */
const longestLifetime = 366 * day

/**
 * Reads when a new token shall expire.
 * @param choice one of {@link lifetimeChoices}, `date` or `never`
 * @param date `2027-01-31`, with the choice `date`; the token lives until the end of that day in UTC
 * @param allowsUnlimited whether the organization wants tokens that live for more than a year
 * @returns epoch milliseconds; undefined when it shall not expire
 * @throws {DomainError} `invalid_input` about `expiry` or `date`
 */
export function parseExpiry(
  { choice, date }: { choice: string; date: string },
  { now, allowsUnlimited }: { now: number; allowsUnlimited: boolean },
): number | undefined {
  const days = lifetimeChoices.find((known) => String(known) === choice)
  if (days !== undefined) return now + days * day
  if (choice === 'never') {
    if (allowsUnlimited) return undefined
    throw refusal('expiry', 'This organization wants every token to expire. Its owners can allow others.')
  }
  if (choice !== 'date') throw refusal('expiry', 'Choose when the token expires.')
  const end = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T23:59:59.999Z`) : Number.NaN
  if (Number.isNaN(end)) throw refusal('date', 'Enter a date such as 2027-01-31.')
  if (end <= now) throw refusal('date', 'This date has passed.')
  if (end > now + longestLifetime && !allowsUnlimited) {
    throw refusal('date', 'This organization wants every token to expire within a year.')
  }
  return end
}

function refusal(field: string, message: string): DomainError {
  return new DomainError('invalid_input', message, { field })
}
