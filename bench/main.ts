import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { packageVersion } from '../src/package.ts'
import { startRedis } from '../test/support/redis.ts'
import { openStore } from '../src/storage/open.ts'
import { measureBaseline } from './baseline.ts'
import { compare } from './comparison.ts'
import { type Costs, measureCosts } from './costs.ts'
import { connections, type Throughput } from './load.ts'
import { measurePropagation } from './propagation.ts'
import { printQueries } from './queries.ts'
import { startServer } from './server-process.ts'
import { measureRefusals } from './token-timing.ts'
import { printTools } from './tools.ts'
import { measureWorkloads } from './workloads.ts'

/** Figures of one store, by what was measured. */
type Figures = Record<string, string>

interface Results {
  figures: Figures
  costs: Costs
}

const starts = 3
const maxSeconds = 20

const { seconds, isStrict, isBrief } = parseOptions()
if (!isBrief) await printCosts()
await printPropagation()
await printRefusals('SQLite')
await printRefusals('Redis')

/** What nothing but a quiet machine can tell. */
async function printCosts(): Promise<void> {
  // First, since the first load of a process is what a cold load is.
  await printTools()
  await printQueries()
  console.log('')
  const baseline = await measureBaseline(seconds)
  const results: Record<string, Results> = { SQLite: await bench() }
  const redis = await benchRedis()
  if (redis) results['Redis, AOF everysec'] = redis
  else console.error('NO REDIS: set TEST_REDIS_URL or put redis-server on PATH; measured on SQLite only')
  printTables(results, baseline)
  printPromises(results)
}

function parseOptions(): { seconds: number; isStrict: boolean; isBrief: boolean } {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '5' },
      strict: { type: 'boolean', default: false },
      /** Only what ends with an error when it is not as promised, on any machine. */
      brief: { type: 'boolean', default: false },
    },
  })
  const given = Number(values.seconds)
  // Longer, and a client session would pass its limit of calls in a minute.
  if (!(given > 0 && given <= maxSeconds))
    throw new Error(`--seconds must be more than 0 and at most ${maxSeconds}`)
  return { seconds: given, isStrict: values.strict, isBrief: values.brief }
}

async function benchRedis(): Promise<Results | undefined> {
  const fixture = await startRedis('--appendonly', 'yes')
  if (!fixture) return undefined
  try {
    return await bench(fixture.url)
  } finally {
    await fixture.stop()
  }
}

async function bench(redisUrl?: string): Promise<Results> {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentrace-bench-'))
  const startUps: number[] = []
  const start = async () => {
    const server = await startServer({ dataDir, redisUrl })
    startUps.push(server.startUpMs)
    return server
  }
  try {
    while (startUps.length < starts - 1) await (await start()).stop()
    const server = await start()
    try {
      await sleep(1000)
      const memory = await server.findMemory()
      const figures = present(startUps, memory, await measureWorkloads(server, seconds))
      const store = { redisUrl, openStore: () => openStore({ redisUrl, dataDir }) }
      return { figures, costs: await measureCosts(server, { ...store, seconds }) }
    } finally {
      await server.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

function present(
  startUps: number[],
  memory: number | undefined,
  workloads: Record<string, Throughput>,
): Figures {
  const median = startUps.toSorted((a, b) => a - b)[Math.floor(starts / 2)] ?? Number.NaN
  const figures: Figures = {
    [`start-up, median of ${starts}`]: `${median.toFixed(0)} ms`,
    'idle memory': memory === undefined ? 'no /proc' : `${(memory / 1e6).toFixed(0)} MB`,
  }
  for (const [name, throughput] of Object.entries(workloads)) figures[name] = presentThroughput(throughput)
  return figures
}

function presentThroughput({ requestsPerSecond, medianMs, p99Ms }: Throughput): string {
  return `${perSecond(requestsPerSecond)}, p50 ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
}

function presentCosts(costs: Costs): Figures {
  const presented = Object.entries(costs).map(([name, cost]) => [
    name,
    `${cost.cpuMicroseconds.toFixed(0)} us, ${presentThroughput(cost)}`,
  ])
  return Object.fromEntries(presented) as Figures
}

/** Every ratio for every store, and whether it is what is promised; with `--strict` an error at the end when one is not. */
function printPromises(all: Record<string, Results>): void {
  console.log('')
  const comparisons = Object.entries(all).flatMap(([store, { costs }]) =>
    compare(costs).map((comparison) => ({ store, ...comparison })),
  )
  for (const { store, sentence, isKept } of comparisons)
    console.log(`${isKept ? 'met' : 'NOT MET'} | ${store}: ${sentence}`)
  const broken = comparisons.filter(({ isKept }) => !isKept)
  console.log(`${comparisons.length - broken.length} of ${comparisons.length} ratios are what is promised.`)
  // A busy machine or a slow disk is no defect of what is measured, so only who asks for it is stopped by it.
  if (isStrict && broken.length > 0) throw new Error(`${broken.length} ratios are not what is promised`)
}

async function printPropagation(): Promise<void> {
  const fixture = await startRedis('--appendonly', 'yes')
  if (!fixture) return
  const dataDir = await mkdtemp(join(tmpdir(), 'opentrace-bench-'))
  try {
    const { medianMs, p99Ms } = await measurePropagation({ dataDir, redisUrl: fixture.url })
    console.log(
      `\nA revocation is felt by the other of two processes ${medianMs.toFixed(1)} ms after it was acknowledged (median), ${p99Ms.toFixed(1)} ms (p99).`,
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
    await fixture.stop()
  }
}

async function printRefusals(store: 'SQLite' | 'Redis'): Promise<void> {
  const fixture = store === 'Redis' ? await startRedis() : undefined
  if (store === 'Redis' && !fixture) return
  try {
    const times = Object.entries(await measureRefusals(fixture?.url))
    const list = times.map(([kind, ms]) => `${kind} ${ms.toFixed(2)} ms`).join(', ')
    console.log(`\nRefusals of API tokens on ${store}, median, one after the other: ${list}.`)
  } finally {
    await fixture?.stop()
  }
}

/** As Markdown, to be kept in docs/performance.md. */
function printTables(all: Record<string, Results>, baseline: number): void {
  const stores = Object.entries(all)
  console.log(`OpenTrace ${packageVersion()}, Node ${process.versions.node}, ${availableParallelism()} cores shared with the client,
${connections} connections, ${seconds} s each. A bare node:http server here: ${perSecond(baseline)}.
`)
  printTable(Object.fromEntries(stores.map(([store, { figures }]) => [store, figures])))
  console.log(
    '\nCPU time of the server for a request, requests answered in a second, and how long they took:\n',
  )
  printTable(Object.fromEntries(stores.map(([store, { costs }]) => [store, presentCosts(costs)])))
}

function printTable(figures: Record<string, Figures>): void {
  const stores = Object.keys(figures)
  const names = [...new Set(Object.values(figures).flatMap((each) => Object.keys(each)))]
  const rows = [
    ['', ...stores],
    ['---', ...stores.map(() => '---')],
    ...names.map((name) => [name, ...stores.map((store) => figures[store]?.[name] ?? '')]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0, cell === '---' ? '-' : ' '))
    console.log(`| ${cells.join(' | ')} |`)
  }
}

function perSecond(count: number): string {
  return `${Math.round(count).toLocaleString('en')}/s`
}
