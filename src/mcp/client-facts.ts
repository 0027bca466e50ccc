import type { SessionUse } from '../domain/session-use.ts'

const longestVersion = 40

/**
 * What a request tells about the program behind a client session. All of it is the client's own claim, kept short and
 * shown to people only; nothing is decided by it.
 * @param message one JSON-RPC message
 * @param tools names of the tools there are: another name is not worth keeping
 */
export function parseClientFacts(
  message: unknown,
  headers: { userAgent: string; protocolVersion: string },
  tools: { has: (name: string) => boolean },
): Pick<SessionUse, 'clientVersion' | 'protocolRevision' | 'lastTool'> {
  // By hand, since every request passes here; whatever has another shape tells nothing.
  const { method, params: said } = objectOf(message)
  const params = objectOf(said)
  const meta = objectOf(params['_meta'])
  // 2026-07-28 says both with every request; the revisions of 2025 in `initialize`, and the revision in a header.
  const [info, revision] =
    method === 'initialize'
      ? [params['clientInfo'], params['protocolVersion']]
      : [
          meta['io.modelcontextprotocol/clientInfo'],
          meta['io.modelcontextprotocol/protocolVersion'] ?? headers.protocolVersion,
        ]
  const { version } = objectOf(info)
  const { name } = params
  return {
    clientVersion: parseVersion(typeof version === 'string' ? version : versionIn(headers.userAgent)),
    protocolRevision:
      typeof revision === 'string' && /^\d{4}-\d\d-\d\d$/.test(revision) ? revision : undefined,
    lastTool: method === 'tools/call' && typeof name === 'string' && tools.has(name) ? name : undefined,
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** Claude Code names itself in its User-Agent; that of other clients is often their HTTP library's. */
function versionIn(userAgent: string): string | undefined {
  return /^claude-code\/(\S+)/.exec(userAgent)?.[1]
}

function parseVersion(version: string | undefined): string | undefined {
  if (version === undefined || version.length > longestVersion) return undefined
  return /^[\w.+-]+$/.test(version) ? version : undefined
}
