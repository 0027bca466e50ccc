import type { ParsedUrlQuery } from 'node:querystring'
import type { Architecture } from '../architecture/architecture.ts'
import { entityAt, type GraphIndex } from '../architecture/graph-index.ts'
import { type EntityKind, entityKinds } from '../architecture/model.ts'
import { searchEntities } from '../architecture/queries/entity-search.ts'
import { groupByOwner, ownersOf } from '../architecture/queries/ownership.ts'
import type { SelectOption, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage, presentScope } from './architecture-frame.ts'
import { parameterOf } from './architecture-links.ts'
import { countKinds, kindLabels, presentLink, presentRef } from './architecture-views.ts'
import { chooseGraph, type ChosenGraph } from './graph-choice.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface EntityListPageDeps {
  render: Render
  architecture: Architecture
  now: () => number
}

interface ListQuery {
  words: string | undefined
  kind: EntityKind | undefined
  owner: string | undefined
  tag: string | undefined
  page: number
}

type Row = ViewData['architecture-entities']['entities'][number]

const pageSize = 50

/** `/organizations/{slug}/architecture/entities`: everything that is there, found by words, kind, owner and tag. */
export function createEntityListPage({ render, architecture, now }: EntityListPageDeps) {
  return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
    const chosen = await chooseGraph(architecture, ctx, viewer)
    const { links, loaded } = chosen
    const { graph, index } = loaded
    const query = parseListQuery(ctx.query)
    const { words, kind, owner, tag } = query
    const search = { query: words, kinds: kind && [kind], owner, tag }
    const { total } = searchEntities(index, { ...search, limit: 0 })
    const pages = Math.max(Math.ceil(total / pageSize), 1)
    const page = Math.min(query.page, pages)
    const start = (page - 1) * pageSize
    const { hits } = searchEntities(index, { ...search, limit: pageSize, offset: start })
    const filters = { q: words, kind, owner, tag }
    const hrefOf = (number: number) => links.to('entities', { ...filters, page: number })
    render(ctx, 'architecture-entities', {
      ...presentArchitecturePage(
        ctx,
        viewer,
        'entities',
        presentScope(chosen, links, { page: 'entities', keeps: filters, now: now() }),
        links,
      ),
      action: `${links.base}/entities`,
      query: words ?? '',
      kinds: [
        { value: '', label: 'All kinds', selected: kind === undefined },
        ...countKinds(graph.entities).map(({ kind: value, label, count }) => ({
          value,
          label: `${label} (${count})`,
          selected: value === kind,
        })),
      ],
      owners: ownerOptions(index, owner),
      tags: tagOptions(index, tag),
      isFiltered: Object.values(filters).some((value) => value !== undefined),
      clearHref: links.to('entities'),
      onlySimilar: hits[0]?.matched?.startsWith('similar') ?? false,
      entities: hits.map((hit) => ({
        ...presentRow(chosen, hit.ordinal),
        dependencies: hit.dependencies,
        dependents: hit.dependents,
      })),
      total,
      range: { from: start + 1, to: start + hits.length },
      previousHref: page > 1 ? hrefOf(page - 1) : undefined,
      nextHref: page < pages ? hrefOf(page + 1) : undefined,
    })
  }
}

function presentRow(
  { loaded: { index }, links }: ChosenGraph,
  ordinal: number,
): Omit<Row, 'dependencies' | 'dependents'> {
  const entity = entityAt(index, ordinal)
  const owners = ownersOf(index, ordinal).map((ref) => presentRef(ref, links).name)
  return {
    ...presentLink(entity, links),
    kindLabel: kindLabels[entity.kind],
    technology: entity.attributes.technology,
    description: entity.description,
    owners: owners.length === 0 ? undefined : owners.join(', '),
  }
}

function ownerOptions(index: GraphIndex, chosen: string | undefined): SelectOption[] {
  const owners = groupByOwner(index, index.entities.keys())
  return optionsOf(
    'All owners',
    owners.map(({ owner, owned }) => ({ value: owner, label: `${nameIn(owner)} (${owned.length})` })),
    chosen,
  )
}

function tagOptions(index: GraphIndex, chosen: string | undefined): SelectOption[] {
  const counts = new Map<string, number>()
  for (const { tags } of index.entities)
    for (const tag of tags ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  const tags = [...counts].toSorted(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
  return optionsOf(
    'All tags',
    tags.slice(0, 200).map(([value, count]) => ({ value, label: `${value} (${count})` })),
    chosen,
  )
}

/** Empty where there is nothing to choose, unless something was. */
function optionsOf(
  all: string,
  options: { value: string; label: string }[],
  chosen: string | undefined,
): SelectOption[] {
  if (options.length === 0 && chosen === undefined) return []
  const isKnown = chosen === undefined || options.some(({ value }) => value === chosen)
  return [
    { value: '', label: all, selected: chosen === undefined },
    ...(isKnown ? options : [{ value: chosen, label: chosen }, ...options]).map((option) => ({
      ...option,
      selected: option.value === chosen,
    })),
  ]
}

function nameIn(ref: string): string {
  return ref.replace(/^.*[:/]/, '')
}

/** Links get old and are typed by hand, so what makes no sense counts as absent. */
function parseListQuery({ q, kind, owner, tag, page }: ParsedUrlQuery): ListQuery {
  return {
    words: parameterOf(q, 100),
    kind: entityKinds.find((known) => known === kind),
    owner: parameterOf(owner, 300),
    tag: parameterOf(tag, 100),
    page: Math.max(Math.trunc(Number(page)) || 1, 1),
  }
}
