import type { ParsedUrlQuery } from 'node:querystring'
import type { Architecture } from '../architecture/architecture.ts'
import { type EntityKind, entityKinds } from '../architecture/model.ts'
import { describeEntity } from '../architecture/queries/entity-description.ts'
import { searchEntities } from '../architecture/queries/entity-search.ts'
import { DomainError } from '../domain/errors.ts'
import type { Render } from '../http/views.ts'
import { presentEntity, presentHit, presentKinds, presentRelation } from './architecture-views.ts'
import { presentOrganizationFrame } from './frame.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ArchitecturePagesDeps {
  render: Render
  architecture: Architecture
  now: () => number
}

interface ListQuery {
  words: string
  kind: EntityKind | undefined
  page: number
}

const pageSize = 50

/** `/organizations/{slug}/architecture`: the entities, and one entity with its relations and why we believe them. */
export function createArchitecturePages({ render, architecture, now }: ArchitecturePagesDeps) {
  async function list(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { graph, index } = await architecture.load(viewer.membership.organization.id)
    const query = parseListQuery(ctx.query)
    const { total, hits } = searchEntities(index, {
      query: query.words,
      kinds: query.kind && [query.kind],
      limit: graph.entities.length,
    })
    const pages = Math.max(Math.ceil(total / pageSize), 1)
    const page = Math.min(query.page, pages)
    const start = (page - 1) * pageSize
    const shown = hits.slice(start, start + pageSize)
    const base = basePath(viewer)
    const hrefOf = (number: number) => `${base}?${formatListQuery({ ...query, page: number })}`
    render(ctx, 'architecture', {
      frame: presentOrganizationFrame(ctx, viewer, 'architecture'),
      query: query.words,
      kind: query.kind,
      kinds: presentKinds(graph.entities),
      onlySimilar: shown[0]?.matched === 'similar name',
      entities: shown.map((hit) => presentHit(hit, base)),
      total,
      range: { from: start + 1, to: start + shown.length },
      previousHref: page > 1 ? hrefOf(page - 1) : undefined,
      nextHref: page < pages ? hrefOf(page + 1) : undefined,
    })
  }

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { index } = await architecture.load(viewer.membership.organization.id)
    const ordinal = index.ordinals.get(ctx.params['ref'] ?? '')
    if (ordinal === undefined) {
      throw new DomainError('not_found', 'There is no such entity in this architecture, or not any more.')
    }
    const { entity, outgoing, incoming } = describeEntity(index, ordinal)
    const base = basePath(viewer)
    render(ctx, 'entity', {
      frame: presentOrganizationFrame(ctx, viewer, 'architecture'),
      entity: presentEntity(entity),
      dependsOn: outgoing.map((relation) => presentRelation(relation, base, now())),
      dependedOnBy: incoming.map((relation) => presentRelation(relation, base, now())),
    })
  }

  return { list, show }
}

function basePath(viewer: OrganizationViewer): string {
  return `/organizations/${viewer.membership.organization.slug}/architecture`
}

/** Links get old and are typed by hand, so what makes no sense counts as absent. */
function parseListQuery({ q, kind, page }: ParsedUrlQuery): ListQuery {
  return {
    words: typeof q === 'string' ? q.trim().slice(0, 100) : '',
    kind: entityKinds.find((known) => known === kind),
    page: Math.max(Math.trunc(Number(page)) || 1, 1),
  }
}

function formatListQuery({ words, kind, page }: ListQuery): string {
  return new URLSearchParams({
    ...(words !== '' && { q: words }),
    ...(kind !== undefined && { kind }),
    page: String(page),
  }).toString()
}
