import type { Render } from '../http/views.ts'
import { presentOrganizationFrame } from './frame.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

/** How clients are connected: the commands, with this server's address filled in. */
export function createConnectPage({ publicUrl, render }: { publicUrl: string; render: Render }) {
  const endpoint = `${publicUrl}/mcp/v1`
  const signIn = 'claude mcp login opentrace'
  const page = {
    endpoint,
    commands: {
      local: `claude mcp add --transport http opentrace ${endpoint} && ${signIn}`,
      user: `claude mcp add --transport http --scope user opentrace ${endpoint} && ${signIn}`,
      remote: `${signIn} --no-browser`,
      again: `claude mcp logout opentrace && ${signIn}`,
    },
    projectFile: JSON.stringify({ mcpServers: { opentrace: { type: 'http', url: endpoint } } }, undefined, 2),
  }

  return async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    render(ctx, 'connect', { frame: presentOrganizationFrame(ctx, viewer, 'connect'), ...page })
  }
}
