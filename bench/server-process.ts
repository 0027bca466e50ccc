import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { packageRoot } from '../src/package.ts'
import { freePort } from '../test/support/server.ts'
import { findCpuMicroseconds } from './process-time.ts'

/** As `npm start` does; what it is compared with gets the same. */
export const operatedWith = ['--enable-source-maps', '--max-semi-space-size=32']
const builtMain = join(packageRoot(), 'dist', 'main.js')
const readyWithinMs = 20_000

/** The built server as an operator runs it, on a store of its own. */
export interface BenchedServer {
  origin: string
  port: number
  /** From spawning the process to the first 200 of `/readyz`. */
  startUpMs: number
  /** Resident memory in bytes; undefined where there is no `/proc`. */
  findMemory: () => Promise<number | undefined>
  /** See `process-time.ts`. */
  findCpu: () => Promise<number | undefined>
  /** Runs a command of `opentrace` beside it. */
  run: (args: readonly string[], input: string) => Promise<void>
  stop: () => Promise<void>
}

/** Starts `dist/main.js serve`. @throws {Error} with what it printed, when it is not ready within 20 s */
export async function startServer(store: {
  dataDir: string
  redisUrl?: string | undefined
  /** Of the server that this one is to be another process of. */
  origin?: string
}): Promise<BenchedServer> {
  const port = await freePort()
  const origin = store.origin ?? `http://localhost:${port}`
  const environment = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    PUBLIC_URL: origin,
    PORT: String(port),
    DATA_DIR: store.dataDir,
    SECRET_KEY: 'a-bench-key-of-more-than-thirty-two-characters',
    LOG_LEVEL: 'warn',
    ...(store.redisUrl === undefined ? {} : { REDIS_URL: store.redisUrl }),
  }
  const started = performance.now()
  const child = spawn(process.execPath, [...operatedWith, builtMain, 'serve'], { env: environment })
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - started > readyWithinMs) {
      killChild()
      throw new Error(`the server did not get ready:\n${output}`)
    }
    await sleep(5)
  }
  return {
    origin,
    port,
    startUpMs: performance.now() - started,
    findMemory: () => findMemory(child.pid),
    findCpu: () => findCpuMicroseconds(child.pid),
    run: (args, input) => runCommand(args, environment, input),
    async stop() {
      process.off('exit', killChild)
      if (child.exitCode !== null) return
      // Unlike SIGTERM this does not wait for a balancer to notice.
      child.kill('SIGINT')
      await once(child, 'exit')
    },
  }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    }).on('error', () => resolve(false))
  })
}

async function findMemory(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv, input: string): Promise<void> {
  const child = spawn(process.execPath, [builtMain, ...args], { env, stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(input)
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`opentrace ${args.join(' ')} ended with ${code}`)
}
