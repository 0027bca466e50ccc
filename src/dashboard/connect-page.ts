import { resourceIdentifier } from '../http/resource.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame } from './frame.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

/** How clients are connected: the commands, with this server's address filled in. */
export function createConnectPage({ publicUrl, render }: { publicUrl: string; render: Render }) {
  const endpoint = resourceIdentifier(publicUrl)
  const signIn = 'claude mcp login opentrace'
  const page = {
    endpoint,
    commands: {
      local: `claude mcp add --transport http opentrace ${endpoint} && ${signIn}`,
      user: `claude mcp add --transport http --scope user opentrace ${endpoint} && ${signIn}`,
      remote: `${signIn} --no-browser`,
      again: `claude mcp logout opentrace && ${signIn}`,
    },
  }

  return async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const organizationEndpoint = resourceIdentifier(publicUrl, viewer.membership.organization.slug)
    const server = { type: 'http', url: organizationEndpoint }
    render(ctx, 'connect', {
      frame: presentOrganizationFrame(ctx, viewer, 'connect'),
      ...page,
      organizationEndpoint,
      projectFile: JSON.stringify({ mcpServers: { opentrace: server } }, undefined, 2),
    })
  }
}
