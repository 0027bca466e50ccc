import { z } from 'zod'
import type { SessionUse } from '../domain/session-use.ts'

/** What a message may tell about its client; whatever has another shape tells nothing. */
const Implementation = z.object({ version: z.string() })
const Message = z.object({
  method: z.string(),
  params: z
    .object({
      name: z.unknown(),
      clientInfo: z.unknown(),
      protocolVersion: z.unknown(),
      _meta: z.record(z.string(), z.unknown()).catch({}),
    })
    .partial()
    .catch({}),
})

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
  const { method, params = {} } = Message.safeParse(message).data ?? {}
  const meta = params['_meta'] ?? {}
  // 2026-07-28 says both with every request; the revisions of 2025 in `initialize`, and the revision in a header.
  const [info, revision] =
    method === 'initialize'
      ? [params.clientInfo, params.protocolVersion]
      : [
          meta['io.modelcontextprotocol/clientInfo'],
          meta['io.modelcontextprotocol/protocolVersion'] ?? headers.protocolVersion,
        ]
  const { name } = params
  return {
    clientVersion: parseVersion(Implementation.safeParse(info).data?.version ?? versionIn(headers.userAgent)),
    protocolRevision:
      typeof revision === 'string' && /^\d{4}-\d\d-\d\d$/.test(revision) ? revision : undefined,
    lastTool: method === 'tools/call' && typeof name === 'string' && tools.has(name) ? name : undefined,
  }
}

/** Claude Code names itself in its User-Agent; that of other clients is often their HTTP library's. */
function versionIn(userAgent: string): string | undefined {
  return /^claude-code\/(\S+)/.exec(userAgent)?.[1]
}

function parseVersion(version: string | undefined): string | undefined {
  if (version === undefined || version.length > longestVersion) return undefined
  return /^[\w.+-]+$/.test(version) ? version : undefined
}
