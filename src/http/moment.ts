import type { Moment } from '../http/view-data.ts'

const units: [unit: Intl.RelativeTimeFormatUnit, milliseconds: number][] = [
  ['year', 365 * 24 * 60 * 60_000],
  ['month', 30 * 24 * 60 * 60_000],
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
]

/** A time as pages show it: relative to now, with the exact UTC time at hand. Both are epoch milliseconds. */
export function presentMoment(at: number, now: number): Moment {
  const iso = new Date(at).toISOString()
  return { iso, exact: `${iso.slice(0, 19).replace('T', ' ')} UTC`, relative: relativeTime(at - now) }
}

function relativeTime(difference: number): string {
  const [unit, milliseconds] = units.find(([, size]) => Math.abs(difference) >= size) ?? []
  if (unit === undefined || milliseconds === undefined)
    return difference > 0 ? 'in under a minute' : 'just now'
  return new Intl.RelativeTimeFormat('en').format(Math.trunc(difference / milliseconds), unit)
}
