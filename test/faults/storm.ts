import { setTimeout as sleep } from 'node:timers/promises'
import { randomNumbers } from '../support/random-graphs.ts'
import type { Build } from './build.ts'
import { findViolations, outlastsPromise } from './checker.ts'
import { runClient } from './clients.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { createHistory, type History } from './history.ts'
import { type Fault, faults } from './nemesis.ts'
import type { Random } from './random.ts'

const calmMs = 3000
const greenPatienceMs = 30_000

/**
 * Clients use two processes on one Redis, with trouble every few seconds. Everything they see is recorded, and the record
 * is checked against what docs/operations.md promises.
 * @returns the broken promises, one sentence each
 */
export async function runStorm(options: {
  build: Build
  minutes: number
  clients: number
  seed: number
}): Promise<string[]> {
  const { build, minutes, clients, seed } = options
  const emails = Array.from({ length: clients }, (_, i) => `user${i}@example.com`)
  console.log(`seed ${seed}, ${minutes} min, ${clients} clients`)
  const until = performance.now() + minutes * 60_000
  const cluster = await startCluster({ mainFile: build.mainFile, emails })
  const history = createHistory()
  try {
    await run({ cluster, history, emails, seed, until })
  } finally {
    await cluster.stop()
  }
  const count = (action: string) =>
    history.attempts.filter((attempt) => attempt.action === action && attempt.status === 200).length
  console.log(
    `${count('sign-in')} sign-ins, ${count('refresh')} refreshes, ${count('call')} calls, ${count('revoke')} revocations, ${count('leave')} members gone, ${history.faults.length} faults`,
  )
  return findViolations(history)
}

async function run(deps: {
  cluster: Cluster
  history: History
  emails: string[]
  seed: number
  until: number
}): Promise<void> {
  const { cluster, history, emails, seed, until } = deps
  let stopped = false
  const clients = emails.map((email, i) =>
    runClient({
      origin: cluster.origin,
      clientId: cluster.clientId,
      email,
      history,
      random: randomNumbers(seed + i + 1),
      isStopped: () => stopped,
      membership: cluster.membershipOf(email),
    }),
  )
  const random = randomNumbers(seed)
  let order: Fault[] = []
  await sleep(calmMs)
  // Each kind comes once before any comes again.
  while (performance.now() < until) {
    if (order.length === 0) order = shuffle(faults, random)
    const fault = order.pop()
    if (fault) await suffer(cluster, history, fault, random)
  }
  stopped = true
  await Promise.all(clients)
}

async function suffer(cluster: Cluster, history: History, fault: Fault, random: Random): Promise<void> {
  const beganAt = performance.now()
  await fault.strike(cluster, random)
  const healedAt = performance.now()
  while (!(await isGreen(cluster)) && performance.now() < healedAt + greenPatienceMs) await sleep(100)
  const greenAt = performance.now()
  await sleep(calmMs)
  const { name, invisibleTo, promisedFor } = fault
  const period = { name, invisibleTo, promisedFor, beganAt, healedAt, greenAt, calmUntil: performance.now() }
  history.addFault(period)
  const lasted = ((healedAt - beganAt) / 1000).toFixed(1)
  const during = history.attempts.filter(({ startedAt }) => startedAt >= beganAt && startedAt < greenAt)
  const served = during.filter(({ status }) => status === 200).length
  const unavailable = during.filter(({ status }) => status === 503).length
  const lost = during.filter(({ status }) => status === 0).length
  console.log(
    `${name}, ${lasted} s: ${served} served, ${unavailable} told to wait, ${lost} without an answer or a code; all green ${Math.round(greenAt - healedAt)} ms after${outlastsPromise(period) ? '; longer than the promise is for' : ''}`,
  )
}

async function isGreen({ processes }: Cluster): Promise<boolean> {
  const answers = await Promise.all(
    processes.map(({ port }) =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    ),
  )
  return answers.every(Boolean)
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
