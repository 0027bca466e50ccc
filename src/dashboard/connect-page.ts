import { isAdmin } from '../domain/members.ts'
import type { ServiceAccount, ServiceAccounts } from '../domain/service-accounts.ts'
import type { TrustPlaces } from '../http/connect-view-data.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { Render } from '../http/views.ts'
import { presentCiJobs, serviceAccountPlaceholder } from './ci-workflows.ts'
import { presentInstructions } from './client-instructions.ts'
import { type ConnectionStateDeps, createConnectionState } from './connection-state.ts'
import { presentOrganizationFrame } from './frame.ts'
import { serviceAccountsPath } from './service-account-pages.ts'
import { presentTokenInstructions } from './token-instructions.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ConnectPageDeps extends ConnectionStateDeps {
  publicUrl: string
  render: Render
  serviceAccounts: ServiceAccounts
}

const mostNamed = 5

/**
 * How clients are connected, and what to look at when they do not work. Everything names the organization's own
 * address: whoever copies it here ends up in the organization they looked at.
 */
export function createConnectPage({ publicUrl, render, serviceAccounts, ...deps }: ConnectPageDeps) {
  const presentConnectionState = createConnectionState(deps)

  return async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { organization, role } = viewer.membership
    const endpoint = resourceIdentifier(publicUrl, organization.slug)
    const administers = isAdmin(role)
    const accounts = administers ? await serviceAccounts.list(organization.id) : []
    const [only] = accounts.length === 1 ? accounts : []
    render(ctx, 'connect', {
      frame: presentOrganizationFrame(ctx, viewer, 'connect'),
      administers,
      endpoint,
      sharedEndpoint: resourceIdentifier(publicUrl),
      instructions: presentInstructions(endpoint),
      tokenInstructions: presentTokenInstructions(endpoint),
      ciJobs: presentCiJobs({
        publicUrl,
        resource: endpoint,
        serviceAccountId: only?.id ?? serviceAccountPlaceholder,
      }),
      trust: presentTrustPlaces(accounts, serviceAccountsPath(viewer)),
      state: await presentConnectionState(viewer),
    })
  }
}

function presentTrustPlaces(accounts: readonly ServiceAccount[], href: string): TrustPlaces {
  const named = accounts.length <= mostNamed ? accounts : []
  return {
    accounts: named.map(({ id, name }) => ({ name, href: `${href}/${id}/trust` })),
    href,
    placeholder: accounts.length === 1 ? undefined : serviceAccountPlaceholder,
  }
}
