import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { packageVersion } from '../src/package.ts'
import { startRedis } from '../test/support/redis.ts'
import { connections } from './load.ts'
import { startServer } from './server-process.ts'
import { measureWorkloads } from './workloads.ts'

/** Figures of one store, by what was measured. */
type Figures = Record<string, string>

const starts = 3
const maxSeconds = 20

const seconds = parseSeconds()
const columns: Record<string, Figures> = { SQLite: await benchSqlite() }
const redis = await benchRedis()
if (redis) columns['Redis, AOF everysec'] = redis
else console.error('NO REDIS: set TEST_REDIS_URL or put redis-server on PATH; measured on SQLite only')
printTable(columns)

function parseSeconds(): number {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } })
  const given = Number(values.seconds)
  // Longer, and a client session would pass its limit of calls in a minute.
  if (!(given > 0 && given <= maxSeconds))
    throw new Error(`--seconds must be more than 0 and at most ${maxSeconds}`)
  return given
}

async function benchSqlite(): Promise<Figures> {
  return bench(undefined)
}

async function benchRedis(): Promise<Figures | undefined> {
  const fixture = await startRedis('--appendonly', 'yes')
  if (!fixture) return undefined
  try {
    return await bench(fixture.url)
  } finally {
    await fixture.stop()
  }
}

async function bench(redisUrl: string | undefined): Promise<Figures> {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentrace-bench-'))
  const startUps: number[] = []
  try {
    for (;;) {
      const server = await startServer({ dataDir, redisUrl })
      try {
        startUps.push(server.startUpMs)
        if (startUps.length < starts) continue
        await sleep(1000)
        const memory = await server.findMemory()
        const workloads = await measureWorkloads(server, seconds)
        return {
          [`start-up, median of ${starts}`]: `${(startUps.toSorted((a, b) => a - b)[1] ?? 0).toFixed(0)} ms`,
          'idle memory': memory === undefined ? 'no /proc' : `${(memory / 1e6).toFixed(0)} MB`,
          ...Object.fromEntries(
            Object.entries(workloads).map(([name, { requestsPerSecond, medianMs, p99Ms }]) => [
              name,
              `${Math.round(requestsPerSecond).toLocaleString('en')}/s, p50 ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
            ]),
          ),
        }
      } finally {
        await server.stop()
      }
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** As Markdown, to be kept in docs/performance.md. */
function printTable(figures: Record<string, Figures>): void {
  const stores = Object.keys(figures)
  const names = Object.keys(Object.values(figures)[0] ?? {})
  console.log(
    `OpenTrace ${packageVersion()}, Node ${process.versions.node}, ${availableParallelism()} cores, ${connections} connections, ${seconds} s each\n`,
  )
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
