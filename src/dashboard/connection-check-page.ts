import type { BlockList } from 'node:net'
import { diagnose } from '../diagnosis/diagnosis.ts'
import { checks, type Finding, judgeStore } from '../diagnosis/finding.ts'
import { createProbe } from '../diagnosis/probe.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import { describeConnection } from '../http/connection.ts'
import { peerAddress } from '../http/request-context.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame } from './frame.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ConnectionCheckDeps {
  publicUrl: string
  trustedProxies: BlockList
  /** What the store says is wrong with its settings. */
  storeWarnings: () => Promise<string[]>
  render: Render
  now: () => number
}

/**
 * `/organizations/{slug}/connect/check`: the same examination as `opentrace doctor`, made by the server of its own
 * address, and how this browser's request arrived. The address is PUBLIC_URL's, so nobody can point it elsewhere.
 */
export function createConnectionCheckPage(deps: ConnectionCheckDeps) {
  const { publicUrl, trustedProxies, storeWarnings, render, now } = deps
  const probe = createProbe()

  /** @throws {DomainError} `forbidden` for members without an administering role */
  function show(ctx: PageContext, viewer: OrganizationViewer, findings?: readonly Finding[]): Promise<void> {
    requireAdministrator(viewer)
    render(ctx, 'connection-check', {
      frame: presentOrganizationFrame(ctx, viewer, 'connect'),
      endpoint: resourceIdentifier(publicUrl, viewer.membership.organization.slug),
      publicUrl,
      request: presentRequest(ctx, trustedProxies),
      findings: findings?.map((finding) => ({ ...finding, title: checks[finding.check] })),
    })
    return Promise.resolve()
  }

  async function run(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    requireAdministrator(viewer)
    const endpoint = resourceIdentifier(publicUrl, viewer.membership.organization.slug)
    const [{ findings }, warnings] = await Promise.all([diagnose(endpoint, { probe, now }), storeWarnings()])
    await show(ctx, viewer, [...findings, ...judgeStore(warnings)])
  }

  return { show: (ctx: PageContext, viewer: OrganizationViewer) => show(ctx, viewer), run }
}

function requireAdministrator({ membership }: OrganizationViewer): void {
  if (isAdmin(membership.role)) return
  throw new DomainError('forbidden', 'Only administrators examine the server. Ask one of yours.')
}

function presentRequest(
  ctx: PageContext,
  trustedProxies: BlockList,
): ViewData['connection-check']['request'] {
  const header = (name: string) => ctx.get(name) || undefined
  return {
    ...describeConnection(ctx.req, trustedProxies),
    peer: peerAddress(ctx.req),
    forwardedBy: header('X-Forwarded-For'),
    scheme: header('X-Forwarded-Proto'),
    httpVersion: ctx.req.httpVersion,
  }
}
