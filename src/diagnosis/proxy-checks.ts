import { z } from 'zod'
import { connectionPath, streamPause } from '../http/connection.ts'
import { broken, doubtful, type Finding, holds } from './finding.ts'
import { type Answer, describeAnswer, parseDocument, type Probe } from './probe.ts'
import { describeStranger } from './reach-checks.ts'
import type { Target } from './target.ts'

/** What the server says about a request of ours. */
const Report = z.object({
  public_url: z.string(),
  host: z.string(),
  address: z.string(),
  forwarded_for: z.enum(['absent', 'believed', 'ignored']),
  time: z.number(),
})
type Report = z.infer<typeof Report>

/** How far clocks may be apart before anything is felt, in milliseconds. */
const skew = { noticed: 30_000, broken: 5 * 60_000 }
/** Written into X-Forwarded-For to see whether it is believed; belongs to nobody (RFC 5737). */
const invented = '192.0.2.123'
/** Events between which there was a longer pause did not arrive together. */
const togetherWithin = streamPause / 4
/** Larger than any message of a client, smaller than what proxies refuse by default. */
const messageSize = 256 * 1024

/** The server's own report of how the first request arrived; without one, another server answered. */
export function parseReport(answer: Answer): Report | undefined {
  return answer.status === 200 ? Report.safeParse(parseDocument(answer)).data : undefined
}

/** Whether this server answers, and by which names it knows itself. */
export function judgeServer({ origin }: Target, answer: Answer): Finding {
  const report = parseReport(answer)
  if (!report) {
    const isGateway = answer.status >= 502 && answer.status <= 504
    return broken(
      'server',
      isGateway
        ? `The proxy at ${origin} gets no answer from the server (${answer.status}).`
        : describeStranger(answer),
      isGateway
        ? 'Start the server, and see that the proxy passes requests to its HOST and PORT.'
        : `Have the proxy pass every path of ${origin} on, as it came: nothing added, nothing stripped.`,
    )
  }
  if (report.public_url !== origin) {
    return broken(
      'server',
      `The server takes itself for ${report.public_url}, but is reached at ${origin}. It refuses requests for any other name (421), and clients refuse its metadata.`,
      `Set PUBLIC_URL=${origin} and restart it, or connect clients to ${report.public_url}.`,
    )
  }
  const { host } = new URL(origin)
  if (report.host.toLowerCase() !== host) {
    return broken(
      'server',
      `A proxy rewrites the Host header: the server gets ${report.host} where clients sent ${host}, and refuses that (421).`,
      'Have the proxy pass Host on unchanged; in nginx: proxy_set_header Host $http_host;',
    )
  }
  return holds('server', `It is set up as ${report.public_url}, and Host arrives unchanged.`)
}

/** Compares the server's clock with ours, and with that of whoever wrote the Date header. */
export function judgeClocks(answer: Answer, now: number): Finding[] {
  const report = parseReport(answer)
  if (!report) return []
  const proxy = Date.parse(answer.headers.date ?? '')
  const [name, apart] =
    Math.abs(report.time - now) > skew.noticed || Number.isNaN(proxy)
      ? (['this machine', report.time - now] as const)
      : (['the proxy', report.time - proxy] as const)
  const seconds = Math.round(Math.abs(apart) / 1000)
  if (seconds * 1000 <= skew.noticed)
    return [holds('clock', 'The server agrees with this machine and with the Date header.')]
  const judge = seconds * 1000 > skew.broken ? broken : doubtful
  return [
    judge(
      'clock',
      `The server's clock is ${seconds} s ${apart > 0 ? 'ahead of' : 'behind'} that of ${name}. Expiry of tokens, codes and certificates is judged by it.`,
      'Let both take the time from NTP (timedatectl set-ntp true), and see which one is wrong.',
    ),
  ]
}

/** Whom the server takes for the client. */
export async function checkClientAddress(
  { origin }: Target,
  first: Answer,
  probe: Probe,
): Promise<Finding[]> {
  const report = parseReport(first)
  if (!report) return []
  const headers = { accept: 'application/json', 'x-forwarded-for': invented }
  const spoofed = parseReport(await probe(`${origin}${connectionPath}`, { headers }))
  if (spoofed?.address === invented) {
    return [
      doubtful(
        'client_address',
        `The server believes an X-Forwarded-For that was written here: whoever reaches it this way can claim any address.`,
        'Keep only your proxies in TRUSTED_PROXIES, and have them append to X-Forwarded-For; in nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
      ),
    ]
  }
  if (report.forwarded_for === 'ignored') {
    return [
      doubtful(
        'client_address',
        `A proxy says who the client is, but the server does not trust it: everybody counts as ${report.address}, in rate limits, sessions and the audit log.`,
        `Set TRUSTED_PROXIES=${report.address} and restart the server.`,
      ),
    ]
  }
  return [holds('client_address', `The server sees you come from ${report.address}.`)]
}

/** Whether events arrive when they are sent. */
export async function checkStreaming({ origin }: Target, probe: Probe): Promise<Finding[]> {
  const url = `${origin}${connectionPath}`
  let answer = await probe(url, { headers: { accept: 'text/event-stream' } })
  // A machine that is busy may read late what came in time: a second look tells that from a proxy that holds back.
  if (answer.bodyTook < togetherWithin) {
    answer = await probe(url, { headers: { accept: 'text/event-stream' } })
  }
  const isStream = answer.headers['content-type']?.startsWith('text/event-stream') ?? false
  if (answer.status !== 200 || !isStream || !answer.text.includes('data: second')) {
    return [
      broken(
        'streaming',
        `A stream of events does not come through: ${describeAnswer(answer)}.`,
        'Have the proxy pass Accept and Content-Type on, and wait at least a minute for the next byte.',
      ),
    ]
  }
  if (answer.bodyTook < togetherWithin) {
    return [
      broken(
        'streaming',
        'A proxy holds streams back until they end: what the server sends during a tool call arrives too late or never.',
        'Turn buffering off; in nginx: proxy_buffering off; proxy_http_version 1.1; and no gzip for text/event-stream.',
      ),
    ]
  }
  return [holds('streaming', 'Events arrive when they are sent.')]
}

/** Whether a message of a size that occurs comes through. */
export async function checkBodySize({ url }: Target, probe: Probe): Promise<Finding[]> {
  const answer = await probe(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'ping',
      params: { padding: 'x'.repeat(messageSize) },
    }),
  })
  // Anything else is no answer of the endpoint, which the first contact finds too.
  if (answer.status !== 413 && answer.status !== 401) return []
  if (answer.status === 401) {
    return [holds('body_size', `A message of ${messageSize / 1024} KiB reaches the server.`)]
  }
  return [
    broken(
      'body_size',
      `A message of ${messageSize / 1024} KiB is refused on the way (413). The server takes 4 MiB.`,
      'Raise the limit of the proxy; in nginx: client_max_body_size 4m;',
    ),
  ]
}
