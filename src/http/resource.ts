/** Where the MCP endpoint is; every revision of the protocol shares it. */
export const mcpPath = '/mcp/v1'

/**
 * The resource indicator of the MCP endpoint (RFC 8707 §2), and the audience of every access token. Authorization
 * server and resource server know no more of each other than this string, which they compare byte for byte.
 */
export function resourceIdentifier(publicUrl: string): string {
  return `${publicUrl}${mcpPath}`
}
