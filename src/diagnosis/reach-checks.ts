import { connectionPath } from '../http/connection.ts'
import { broken, doubtful, type Finding, holds } from './finding.ts'
import { type Answer, describeAnswer, type Probe, Unreachable } from './probe.ts'
import type { Target } from './target.ts'

const day = 24 * 60 * 60 * 1000
/** Renewal is due a month before the end where certificates renew themselves; two weeks before, something is stuck. */
const soon = 14 * day

/** Opens the way to the server. Without an answer there is nothing else to look at. */
export async function checkReach(
  { origin }: Target,
  { probe, now }: { probe: Probe; now: () => number },
): Promise<{ findings: Finding[]; answer: Answer | undefined }> {
  const url = `${origin}${connectionPath}`
  try {
    const answer = await probe(url, { headers: { accept: 'application/json' } })
    const way = judgeRedirect(answer, origin) ?? holds('reach', `${origin} answers.`)
    return {
      findings: [way, judgeCertificate(answer.certificateEndsAt, now())],
      answer: way.outcome === 'broken' ? undefined : answer,
    }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return { findings: judgeSilence(error, new URL(origin)), answer: undefined }
  }
}

function judgeRedirect({ status, headers }: Answer, origin: string): Finding | undefined {
  if (status < 300 || status >= 400) return undefined
  return broken(
    'reach',
    `${origin} sends everybody on to ${headers.location ?? 'another address'} (${status}). Clients post, and do not follow that.`,
    'Connect clients to the address it ends at, and make that PUBLIC_URL; or take the redirect out of the proxy.',
  )
}

function judgeCertificate(endsAt: number | undefined, now: number): Finding {
  if (endsAt === undefined) return holds('tls', 'None is needed: plain http, on this machine only.')
  const days = Math.floor((endsAt - now) / day)
  const until = new Date(endsAt).toISOString().slice(0, 10)
  return endsAt - now < soon
    ? doubtful(
        'tls',
        `It is valid, but ends on ${until}, in ${days} days.`,
        'Renew it now, and look why that did not happen by itself.',
      )
    : holds('tls', `It is valid for this name, its chain is whole, and it ends on ${until}, in ${days} days.`)
}

/** What OpenSSL and Node say about certificates they refuse. */
const certificateFaults: Record<string, [says: string, mend: string]> = {
  CERT_HAS_EXPIRED: [
    'The certificate has expired.',
    'Renew it, and have the proxy read the new one. Clients refuse it until then.',
  ],
  CERT_NOT_YET_VALID: [
    'The certificate is not valid yet.',
    'Set the clock of this machine, or of the one that issued the certificate.',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'The certificate is for another name than this host.',
    'Have one issued that names this host, or connect to the name it has.',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'The chain of the certificate is not whole, or its authority is not known here.',
    'Have the proxy send the intermediate certificates too (the full chain). For an authority of your own, set NODE_EXTRA_CA_CERTS to its file, here and for Claude Code.',
  ],
}
const ownAuthority: [says: string, mend: string] = [
  'The certificate is signed by an authority that is not known here.',
  'Set NODE_EXTRA_CA_CERTS to the file of that authority, here and for Claude Code; or use a certificate of a public one.',
]
const ownAuthorityCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

function judgeSilence({ code, message }: Unreachable, { host, hostname, protocol }: URL): Finding[] {
  const fault = certificateFaults[code] ?? (ownAuthorityCodes.has(code) ? ownAuthority : undefined)
  if (fault) return [holds('reach', `${host} answers.`), broken('tls', ...fault)]
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [
        broken(
          'reach',
          `The name ${hostname} is not known (${code}).`,
          'Correct the address, or add the name to DNS.',
        ),
      ]
    case 'ECONNREFUSED':
      return [
        broken(
          'reach',
          `Nothing listens at ${host}.`,
          'Start the server or the proxy in front of it, and look at HOST and PORT: by default only this machine is listened to.',
        ),
      ]
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return [
        broken(
          'reach',
          `${host} does not answer (${code}).`,
          'Look at firewalls and routes between here and there.',
        ),
      ]
    default:
      return [
        broken(
          'reach',
          `The connection to ${host} broke off: ${message} (${code}).`,
          protocol === 'https:'
            ? 'Perhaps plain http is served there: see that TLS ends at this port.'
            : 'Perhaps TLS is served there: try https.',
        ),
      ]
  }
}

/** Why an answer is not one of this server, in words. */
export function describeStranger(answer: Answer): string {
  return `${answer.url} answers ${describeAnswer(answer)}, as this product never does.`
}
