import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'

/** How many requests are in flight at any time, each on a connection of its own. */
export const connections = 32

/** What a server kept up with. */
export interface Throughput {
  requestsPerSecond: number
  medianMs: number
  p99Ms: number
}

export interface BenchRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: string
}

export type Send = (request: BenchRequest) => Promise<string>

/** A client on connections that stay open. Its answers must be 200: anything else would be quick and prove nothing. */
export function createSender({ port }: { port: number }): { send: Send; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const send: Send = ({ method, path, headers = {}, body = '' }) =>
    new Promise((resolve, reject) => {
      const options = {
        agent,
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { ...headers, host: `localhost:${port}`, 'content-length': Buffer.byteLength(body) },
      }
      request(options, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => (text += chunk))
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(text)
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`))
        })
      })
        .on('error', reject)
        .end(body)
    })
  return { send, close: () => agent.destroy() }
}

/** Time before the measured time, in which code gets compiled and caches fill. */
export function warmUpSeconds(seconds: number): number {
  return Math.min(1, seconds / 2)
}

/**
 * Repeats `step` on all connections and measures.
 * @param step one request of the connection with this number
 */
export async function measure(
  seconds: number,
  step: (connection: number) => Promise<void>,
): Promise<Throughput> {
  const durations: number[] = []
  const begin = performance.now() + warmUpSeconds(seconds) * 1000
  const end = begin + seconds * 1000
  const repeat = async (connection: number) => {
    for (let started = performance.now(); started < end; started = performance.now()) {
      await step(connection)
      const answered = performance.now()
      if (started >= begin && answered <= end) durations.push(answered - started)
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, connection) => repeat(connection)))
  return summarize(durations, seconds)
}

/** @param durations of all requests, in milliseconds */
export function summarize(durations: readonly number[], seconds: number): Throughput {
  const sorted = durations.toSorted((a, b) => a - b)
  const quantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { requestsPerSecond: durations.length / seconds, medianMs: quantile(0.5), p99Ms: quantile(0.99) }
}
