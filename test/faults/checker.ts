import type { Attempt, FaultPeriod, History } from './history.ts'

/** How long a revocation may take to be felt everywhere. */
const revocationMs = 1000
const greenWithinMs = 10_000

/** What in a history breaks a promise, one sentence each; none is as it should be. */
export function findViolations({ attempts, faults }: Pick<History, 'attempts' | 'faults'>): string[] {
  const families = groupBy(attempts, ({ family }) => family)
  return [
    ...codes(attempts),
    ...[...families.values()].flatMap(livesOf),
    ...attempts
      .filter(({ stranger }) => stranger)
      .map((attempt) => told('was answered about another user', attempt)),
    ...faults.flatMap((fault) => [...recoveryOf(fault, attempts), ...failuresDuring(fault, attempts)]),
  ]
}

/** A code wins once (RFC 6749 §4.1.2), and is refused only when somebody had it. */
function codes(attempts: readonly Attempt[]): string[] {
  const exchanges = attempts.filter(({ action }) => action === 'exchange')
  return [...groupBy(exchanges, ({ credential }) => credential)].flatMap(([code, uses]) => {
    const winners = uses.filter(({ status }) => status === 200)
    if (winners.length > 1) return [`code ${code} was won ${winners.length} times`]
    return uses.every(({ status }) => status === 400) ? [`code ${code} was refused to everybody`] : []
  })
}

/** What one client session went through: never refused before its end, never accepted after it. */
function livesOf(attempts: readonly Attempt[]): string[] {
  const ends = attempts.filter(({ action }) => action === 'revoke' || action === 'leave')
  const endBegan = Math.min(...ends.map(({ startedAt }) => startedAt))
  const endAcknowledged = Math.min(
    ...ends.filter(({ status }) => status === 200).map(({ answeredAt }) => answeredAt),
  )
  return attempts.flatMap((attempt) => {
    const { action, status, startedAt, answeredAt } = attempt
    if (action !== 'call' && action !== 'refresh') return []
    const refused = status >= 400 && status < 500
    if (refused && answeredAt < endBegan) return [told('was refused without having done wrong', attempt)]
    const late = startedAt > endAcknowledged + revocationMs
    return late && status === 200 ? [told('was accepted after its session had ended', attempt)] : []
  })
}

/** Everything works within ten seconds after a fault, and then without exception. */
function recoveryOf(fault: FaultPeriod, attempts: readonly Attempt[]): string[] {
  const { name, healedAt, greenAt, calmUntil } = fault
  const took = greenAt - healedAt
  const slow =
    took > greenWithinMs ? [`after ${name} it took ${(took / 1000).toFixed(1)} s until all worked`] : []
  const failed = attempts.filter(
    ({ startedAt, answeredAt, status }) =>
      startedAt > greenAt && answeredAt < calmUntil && (status === 0 || status >= 500),
  )
  return [...slow, ...failed.map((attempt) => told(`failed in the calm after ${name}`, attempt))]
}

/**
 * An outage of the store under eight seconds is not seen by a refresh, and a full store not by those who read. One that
 * lasted longer than it was meant to, as on a busy machine, proves nothing about shorter ones.
 */
function failuresDuring(fault: FaultPeriod, attempts: readonly Attempt[]): string[] {
  if (outlastsPromise(fault)) return []
  return attempts
    .filter(({ action, startedAt, status }) => {
      const spared = fault.invisibleTo.some((served) => served === action)
      const during = startedAt >= fault.beganAt && startedAt < fault.greenAt
      return spared && during && (status === 0 || status >= 500)
    })
    .map((attempt) => told(`failed because of ${fault.name}`, attempt))
}

/** Whether it took longer than what it should not be seen by was promised for. */
export function outlastsPromise({ promisedFor, beganAt, healedAt }: FaultPeriod): boolean {
  return promisedFor !== undefined && healedAt - beganAt > promisedFor
}

function told(what: string, attempt: Attempt): string {
  const { action, family, startedAt, answeredAt, status, refusal } = attempt
  return `${action} of ${family} at ${Math.round(startedAt)}..${Math.round(answeredAt)} ms ${what}: ${status} ${refusal ?? ''}`
}

/** `Map.groupBy` of later Node. */
function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
