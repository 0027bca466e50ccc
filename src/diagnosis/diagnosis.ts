import { checkAuthorization, checkRegistration, checkTokenEndpoint } from './authorization-checks.ts'
import { checkCors } from './cors-checks.ts'
import { broken, type CheckName, checks, type Finding } from './finding.ts'
import { checkChallenge, checkResourceMetadata, checkServerMetadata } from './metadata-checks.ts'
import { type Probe, Unreachable } from './probe.ts'
import {
  checkBodySize,
  checkClientAddress,
  checkStreaming,
  judgeClocks,
  judgeServer,
} from './proxy-checks.ts'
import { checkReach } from './reach-checks.ts'
import { parseTarget, type Target } from './target.ts'
import { checkToken } from './token-check.ts'

export interface DiagnosisDeps {
  probe: Probe
  now: () => number
  /** A bearer token to call a tool with; absent: no tool is called. */
  token?: string | undefined
}

/** What an examination of a running server found. */
export interface Diagnosis {
  /** The MCP endpoint that was examined. */
  endpoint: string
  /** In the order of {@link checks}. */
  findings: Finding[]
}

/**
 * Replays what Claude Code does with a server, up to the sign-in page, and judges each step. Leaves nothing behind but
 * one interaction that nobody goes on with.
 * @param address of an MCP endpoint, or the origin alone
 * @throws {DomainError} `invalid_input` for what is no http address
 */
export async function diagnose(address: string, deps: DiagnosisDeps): Promise<Diagnosis> {
  const { target, findings } = parseTarget(address)
  const found = [...findings, ...(await examine(target, deps))]
  const order = Object.keys(checks)
  return {
    endpoint: target.url,
    findings: found.toSorted((a, b) => order.indexOf(a.check) - order.indexOf(b.check)),
  }
}

async function examine(target: Target, deps: DiagnosisDeps): Promise<Finding[]> {
  const { probe, now, token } = deps
  const { findings, answer } = await checkReach(target, deps)
  if (!answer) return [...findings, ...uncheckedAfter(findings, token)]
  const time = now()
  const server = judgeServer(target, answer)
  const begun = [...findings, server, ...judgeClocks(answer, time)]
  // Whoever answers, every further answer would only be that fault again, under another name.
  if (server.outcome === 'broken') return [...begun, ...uncheckedAfter(begun, token)]
  // Side by side, so that the whole takes no longer than its slowest request; a page waits for it.
  const others = await Promise.all([
    attempt('client_address', () => checkClientAddress(target, answer, probe)),
    attempt('streaming', () => checkStreaming(target, probe)),
    attempt('body_size', () => checkBodySize(target, probe)),
    attempt('challenge', () => checkChallenge(target, probe)),
    attempt('resource_metadata', () => examineAuthorization(target, probe)),
    token === undefined ? [] : attempt('whoami', () => checkToken(target, token, probe)),
  ])
  const all = [...begun, ...others.flat()]
  return [...all, ...uncheckedAfter(all, token)]
}

async function examineAuthorization(target: Target, probe: Probe): Promise<Finding[]> {
  const [resource, server] = await Promise.all([
    checkResourceMetadata(target, probe),
    checkServerMetadata(target, probe),
  ])
  const findings = [...resource.findings, ...server.findings]
  // Foreign endpoints are named above; whose they are is unknown, so nothing is sent there.
  if (!resource.metadata || !server.metadata || findings.some(({ outcome }) => outcome === 'broken'))
    return findings
  const deps = { probe, resource: resource.metadata, server: server.metadata }
  const { metadata } = server
  const cors = attempt('cors', () => checkCors(target, metadata, probe))
  const registration = await checkRegistration(deps)
  const { clientId } = registration
  const rest = await Promise.all([
    attempt('authorization', () => checkAuthorization(target, clientId, deps)),
    attempt('token', () => checkTokenEndpoint(target, clientId, deps)),
    cors,
  ])
  return [...findings, ...registration.findings, ...rest.flat()]
}

/** A connection that breaks off in the middle of a check is what that check found. */
async function attempt(check: CheckName, run: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return [
      broken(
        check,
        `The connection broke off: ${error.message} (${error.code}).`,
        'Look at the log of the proxy at this time: its limits of time, size and connections.',
      ),
    ]
  }
}

/** Names what could not be looked at, so that nobody takes silence for health. */
function uncheckedAfter(found: readonly Finding[], token: string | undefined): Finding[] {
  const done = new Set<CheckName>([
    ...found.map(({ check }) => check),
    // Only the server's own face can look into its store, and only a token can be tried.
    'store',
    ...(token === undefined ? (['whoami'] as const) : []),
  ])
  return (Object.keys(checks) as CheckName[])
    .filter((check) => !done.has(check) && check !== 'address')
    .map((check) => ({
      check,
      outcome: 'unchecked',
      says: 'Not looked at: what is broken before it comes first.',
    }))
}
