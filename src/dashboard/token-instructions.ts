import type { TokenInstructions } from '../http/connect-view-data.ts'
import { tokenVariable as variable } from './ci-workflows.ts'

/** What people copy to connect machines, which present an API token and sign in to nothing. The token is never in a file. */
export function presentTokenInstructions(endpoint: string): TokenInstructions {
  const server = (headers: Record<string, string>) => ({ type: 'http', url: endpoint, headers })
  return {
    variable,
    command: `claude mcp add --transport http opentrace ${endpoint} --header "Authorization: Bearer $${variable}"`,
    project: json({ mcpServers: { opentrace: server({ Authorization: `Bearer \${${variable}}` }) } }),
    cursor: json({
      mcpServers: { opentrace: { url: endpoint, headers: { Authorization: `Bearer \${env:${variable}}` } } },
    }),
    vsCode: json({
      inputs: [
        { type: 'promptString', id: 'opentrace-token', description: 'OpenTrace API token', password: true },
      ],
      servers: { opentrace: server({ Authorization: 'Bearer ${input:opentrace-token}' }) },
    }),
    codex: `[mcp_servers.opentrace]\nurl = "${endpoint}"\nbearer_token_env_var = "${variable}"`,
    curl: `curl -sS ${endpoint} -H "Authorization: Bearer $${variable}" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}'`,
  }
}

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
}
