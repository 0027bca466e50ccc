/** A revision of MCP, as its clients speak it. */
export type Wire = '2025-11-25' | '2026-07-28'

/** What a tool is called with. */
export interface Call {
  name: string
  arguments: Record<string, unknown>
}

const clientInfo = { name: 'claude-code', version: '2.1.330' }
const capabilities = { roots: {}, elicitation: { form: {} } }

/** The first message of a client of 2025-11-25. */
export const introduction = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities, clientInfo },
}

/** The headers of a request, without its token. @param call absent: a request that calls no tool */
export function wireHeaders(wire: Wire, call?: Call): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'user-agent': 'claude-code/2.1.330 (cli)',
    'mcp-protocol-version': wire,
    ...(wire === '2026-07-28' && call ? { 'mcp-method': 'tools/call', 'mcp-name': call.name } : {}),
  }
}

export function callMessage(wire: Wire, call: Call): object {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': wire,
    'io.modelcontextprotocol/clientInfo': clientInfo,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  }
  const params = { ...call, _meta: { ...(wire === '2026-07-28' ? meta : {}), progressToken: 1 } }
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
}
