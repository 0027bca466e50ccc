import { performance } from 'node:perf_hooks'
import { newApiToken, withChecksum } from '../src/domain/api-token-format.ts'
import { administrationOf, createAccount, issueToken } from '../test/support/api-tokens.ts'
import { populate, startServer } from '../test/support/server.ts'

const rounds = 400
const checksumLength = 6

/** Median milliseconds of a refusal, by what was presented. */
export type RefusalTimes = Record<'unknown' | 'near a live token' | 'revoked' | 'wrong checksum', number>

/**
 * How long refusals of API tokens take. Whoever guesses must not learn from it how close a guess was: a token that
 * shares all but its last random digits with a live one takes as long as one that shares none.
 * @throws {Error} when one of the two is the slower one more often than chance explains
 */
export async function measureRefusals(redisUrl?: string): Promise<RefusalTimes> {
  const server = await startServer({ redisUrl })
  try {
    const people = await populate(server)
    const account = await createAccount(server, people)
    const live = await issueToken(server, people, account)
    const ended = await issueToken(server, people, account)
    await server.domain.apiTokenIssue.revoke(administrationOf(people), ended.token.id)
    const presented: Record<keyof RefusalTimes, string> = {
      unknown: newApiToken(),
      'near a live token': nearTo(live.secret),
      revoked: ended.secret,
      'wrong checksum': `${live.secret.slice(0, -1)}${live.secret.endsWith('0') ? '1' : '0'}`,
    }
    const samples = await timeInTurns(server.mcpUrl, presented)
    requireAlike(samples.get('unknown') ?? [], samples.get('near a live token') ?? [])
    return Object.fromEntries(Array.from(samples, ([kind, times]) => [kind, medianOf(times)])) as RefusalTimes
  } finally {
    await server.stop()
  }
}

/** In turns of random order, so that whatever else the machine does, and what came just before, hits all alike. */
async function timeInTurns(
  url: string,
  presented: Record<keyof RefusalTimes, string>,
): Promise<Map<keyof RefusalTimes, number[]>> {
  const kinds = Object.keys(presented) as (keyof RefusalTimes)[]
  const samples = new Map(kinds.map((kind) => [kind, [] as number[]]))
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of shuffled(kinds)) {
      const started = performance.now()
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${presented[kind]}` },
      })
      await response.arrayBuffer()
      if (response.status !== 401) throw new Error(`${kind}: ${response.status}`)
      // The first rounds are spent on compiling.
      if (round > rounds / 10) samples.get(kind)?.push(performance.now() - started)
    }
  }
  return samples
}

/** Sign test: of rounds that differ by chance alone, one set in ten thousand is this far from half. */
function requireAlike(first: readonly number[], second: readonly number[]): void {
  const slower = second.filter((time, round) => time > (first[round] ?? 0)).length
  if (Math.abs(slower - second.length / 2) > 2 * Math.sqrt(second.length)) {
    throw new Error(`a guess near a live token took longer in ${slower} of ${second.length} rounds`)
  }
}

function medianOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** A token with a right checksum that differs from another in the last digit before it. */
function nearTo(secret: string): string {
  const random = secret.slice(0, -checksumLength)
  return withChecksum(random.slice(0, -1) + (random.endsWith('0') ? '1' : '0'))
}
