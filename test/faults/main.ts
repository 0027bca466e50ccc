/**
 * Runs of the server among faults, which end with 1 when a promise of docs/operations.md was broken:
 *
 *     npm run test:faults -- --minutes 2 [--seed 7] [--clients 20]   trouble every few seconds (storm.ts)
 *     npm run test:faults -- --rounds 200 [--latency 400]            parallel refreshes, a slow store (race.ts)
 *     npm run test:faults -- --kills                                 kill -9 at every call to the store (kills.ts)
 *
 * A run that cannot fail proves nothing. With a safeguard taken out of the build it must end with 1:
 *
 *     npm run test:faults -- --minutes 1 --mutation consume      a code is won twice
 *     npm run test:faults -- --minutes 1 --mutation grace        a client with two processes is refused
 *     npm run test:faults -- --minutes 1 --mutation membership   who left the organization is still served
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { redisServerSkipReason } from '../support/redis.ts'
import { type Build, parseMutation, prepareBuild } from './build.ts'
import { killAtEachCall } from './kills.ts'
import { runRace } from './race.ts'
import { runStorm } from './storm.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    clients: { type: 'string', default: '20' },
    rounds: { type: 'string' },
    latency: { type: 'string', default: '400' },
    kills: { type: 'boolean', default: false },
    mutation: { type: 'string' },
  },
})
if (redisServerSkipReason() === false) process.exitCode = await main()

async function main(): Promise<number> {
  const mutation = values.mutation === undefined ? undefined : parseMutation(values.mutation)
  const build = await prepareBuild(mutation)
  try {
    if (mutation !== undefined) console.log(`without ${mutation}:`)
    const violations = await run(build)
    for (const violation of violations) console.error(`VIOLATION ${violation}`)
    console.log(violations.length === 0 ? 'no promise broken' : `${violations.length} promises broken`)
    return violations.length === 0 ? 0 : 1
  } finally {
    await build.remove()
  }
}

async function run(build: Build): Promise<string[]> {
  const { minutes, seed, clients, rounds, latency, kills } = values
  if (kills) return [...(await killAtEachCall(build, 'SQLite')), ...(await killAtEachCall(build, 'Redis'))]
  if (rounds !== undefined) return runRace({ build, rounds: Number(rounds), latency: Number(latency) })
  return runStorm({ build, minutes: Number(minutes), seed: Number(seed), clients: Number(clients) })
}
