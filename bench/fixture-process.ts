import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { packageRoot } from '../src/package.ts'
import { freePort } from '../test/support/server.ts'
import { findCpuMicroseconds } from './process-time.ts'
import { operatedWith } from './server-process.ts'

/** A server that ours is compared with, as a process of its own. */
export interface FixtureProcess {
  origin: string
  port: number
  findCpu: () => Promise<number | undefined>
  stop: () => Promise<void>
}

/** Starts `bench/{name}.ts` with a port and more arguments; it prints a line when it listens. */
export async function startFixture(name: string, ...args: string[]): Promise<FixtureProcess> {
  const port = await freePort()
  const file = join(packageRoot(), '.test-build', 'bench', `${name}.js`)
  const child = spawn(process.execPath, [...operatedWith, file, String(port), ...args], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  const died = once(child, 'exit').then(() => {
    throw new Error(`${name} did not start`)
  })
  died.catch(() => {})
  await Promise.race([once(child.stdout, 'data'), died])
  return {
    origin: `http://localhost:${port}`,
    port,
    findCpu: () => findCpuMicroseconds(child.pid),
    async stop() {
      process.off('exit', killChild)
      const exited = once(child, 'exit')
      killChild()
      await exited
    },
  }
}
