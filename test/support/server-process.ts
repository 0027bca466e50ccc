import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './server.ts'

export const mainFile = fileURLToPath(new URL('../../src/main.js', import.meta.url))
export const testSecretKey = 'a-test-key-of-more-than-thirty-two-characters'

/** The server as an operator runs it: a process of its own. */
export interface ServerProcess {
  port: number
  child: ChildProcess
  /** Everything it printed so far. */
  output: () => string
  /** Sends a signal and waits for the end; gives the exit code. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>
}

/** Starts `opentrace serve`, or another program in its place, and waits until it is ready. @throws {Error} with its output when it is not within a minute */
export async function spawnServer(
  environment: Record<string, string>,
  program: readonly string[] = [mainFile, 'serve'],
): Promise<ServerProcess> {
  const port = Number(environment['PORT'] ?? (await freePort()))
  const child = spawn(process.execPath, program, {
    env: { PATH: process.env['PATH'], SECRET_KEY: testSecretKey, PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const until = Date.now() + 60_000
  while (!(await isReady(port))) {
    if (Date.now() > until || child.exitCode !== null) {
      child.kill('SIGKILL')
      throw new Error(`the server did not get ready:\n${output}`)
    }
    await sleep(50)
  }
  return {
    port,
    child,
    output: () => output,
    stop(signal = 'SIGKILL') {
      child.kill(signal)
      return exited
    },
  }
}

/** Starts several at once: all of them, or none is left running. */
export async function spawnServers(
  count: number,
  spawnOne: (index: number) => Promise<ServerProcess>,
): Promise<ServerProcess[]> {
  const started = await Promise.allSettled(Array.from({ length: count }, (_, index) => spawnOne(index)))
  const servers = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const failed = started.find((start) => start.status === 'rejected')
  if (!failed) return servers
  await Promise.all(servers.map((server) => server.stop()))
  throw failed.reason
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    (response) => response.ok,
    () => false,
  )
}

/** Runs a command of `opentrace` to its end. */
export async function runCommand(args: string[], environment: Record<string, string>, input = '') {
  const child = spawn(process.execPath, [mainFile, ...args], {
    env: { PATH: process.env['PATH'], ...environment },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.end(input)
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, stdout, stderr }
}

/** With the port of a process, this header of a request takes it past the balancer's turns. */
export const processHeader = 'x-test-process'

/** A balancer without stickiness: each request goes to the next process; one that refuses the connection is skipped. */
export async function startRoundRobin(port: number, backends: () => readonly number[]) {
  let turn = 0
  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Kept whole, so that it can be sent again after a refused connection.
    const body = Buffer.concat(await incoming.toArray())
    const forward = (attempt: number): void => {
      const named = incoming.headers[processHeader]
      const ports = named === undefined ? backends() : [Number(named)]
      const { url: path, method, headers } = incoming
      const upstream = httpRequest({
        host: '127.0.0.1',
        port: ports[turn++ % ports.length],
        path,
        method,
        headers,
      })
      upstream.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(outgoing)
      })
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED' && attempt < ports.length) forward(attempt + 1)
        else outgoing.destroy()
      })
      outgoing.once('close', () => upstream.destroy())
      upstream.end(body)
    }
    forward(1)
  }
  // As real balancers do: a client's idle connection is not closed just when it is used again.
  const options = { keepAliveTimeout: 65_000 }
  const server = createServer(options, (incoming, outgoing) => void serve(incoming, outgoing))
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
