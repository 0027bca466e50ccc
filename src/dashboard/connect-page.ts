import { isAdmin } from '../domain/members.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { Render } from '../http/views.ts'
import { presentInstructions } from './client-instructions.ts'
import { type ConnectionStateDeps, createConnectionState } from './connection-state.ts'
import { presentOrganizationFrame } from './frame.ts'
import { presentTokenInstructions } from './token-instructions.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ConnectPageDeps extends ConnectionStateDeps {
  publicUrl: string
  render: Render
}

/**
 * How clients are connected, and what to look at when they do not work. Everything names the organization's own
 * address: whoever copies it here ends up in the organization they looked at.
 */
export function createConnectPage({ publicUrl, render, ...deps }: ConnectPageDeps) {
  const presentConnectionState = createConnectionState(deps)

  return async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { organization, role } = viewer.membership
    const endpoint = resourceIdentifier(publicUrl, organization.slug)
    render(ctx, 'connect', {
      frame: presentOrganizationFrame(ctx, viewer, 'connect'),
      administers: isAdmin(role),
      endpoint,
      sharedEndpoint: resourceIdentifier(publicUrl),
      instructions: presentInstructions(endpoint),
      tokenInstructions: presentTokenInstructions(endpoint),
      state: await presentConnectionState(viewer),
    })
  }
}
