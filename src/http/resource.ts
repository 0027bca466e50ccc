import { isSlug } from '../domain/organizations.ts'

/** Where the MCP endpoint is; every revision of the protocol shares it. The organization is chosen at sign-in. */
export const mcpPath = '/mcp/v1'

/** A place where MCP is served, and what access tokens for it are issued for. */
export interface McpResource {
  /** The resource indicator (RFC 8707 §2): the URL clients are configured with. */
  identifier: string
  /** The organization the place is pinned to; it need not exist. */
  slug: string | undefined
}

/** Where one organization's MCP endpoint is. */
export function organizationMcpPath(slug: string): string {
  return `/o/${slug}${mcpPath}`
}

/**
 * The resource indicator of an MCP endpoint, and the audience of the access tokens for it. Authorization server and
 * resource server know no more of each other than this string, which they compare byte for byte.
 */
export function resourceIdentifier(publicUrl: string, slug?: string): string {
  return `${publicUrl}${slug === undefined ? mcpPath : organizationMcpPath(slug)}`
}

/**
 * The MCP endpoint at a path. Every well-formed slug has one: an answer that differed for organizations that exist
 * would tell strangers which do.
 */
export function parseMcpPath(publicUrl: string, path: string): McpResource | undefined {
  if (path === mcpPath) return { identifier: resourceIdentifier(publicUrl), slug: undefined }
  const slug = /^\/o\/([^/]+)\/mcp\/v1$/.exec(path)?.[1]
  return slug !== undefined && isSlug(slug)
    ? { identifier: resourceIdentifier(publicUrl, slug), slug }
    : undefined
}

/** The MCP endpoint a resource indicator names, byte for byte. */
export function parseResource(publicUrl: string, identifier: string): McpResource | undefined {
  return identifier.startsWith(publicUrl)
    ? parseMcpPath(publicUrl, identifier.slice(publicUrl.length))
    : undefined
}
