import type { ClientInstructions } from '../http/connect-view-data.ts'

/** The instructions for an MCP endpoint. The name `opentrace` is what people then see in their client. */
export function presentInstructions(endpoint: string): ClientInstructions {
  const signIn = 'claude mcp login opentrace'
  const add = 'claude mcp add --transport http'
  return {
    claudeCode: {
      local: `${add} opentrace ${endpoint} && ${signIn}`,
      user: `${add} --scope user opentrace ${endpoint} && ${signIn}`,
      remote: `${signIn} --no-browser`,
      signInAgain: `claude mcp logout opentrace && ${signIn}`,
      addAgain: `claude mcp remove --scope local opentrace && ${add} opentrace ${endpoint} && ${signIn}`,
      project: json({ mcpServers: { opentrace: { type: 'http', url: endpoint } } }),
    },
    cursor: json({ mcpServers: { opentrace: { url: endpoint } } }),
    vsCode: json({ servers: { opentrace: { type: 'http', url: endpoint } } }),
    codex: {
      commands: `codex mcp add opentrace --url ${endpoint} && codex mcp login opentrace`,
      file: `[mcp_servers.opentrace]\nurl = "${endpoint}"`,
    },
    curl: `curl -i -X POST ${endpoint} -H 'Content-Type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"ping"}'`,
  }
}

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
}
