import type { Architecture } from '../architecture/architecture.ts'
import { entityAt } from '../architecture/graph-index.ts'
import { type Entity, isDependency, type RelationType } from '../architecture/model.ts'
import { type DescribedRelation, describeEntity } from '../architecture/queries/entity-description.ts'
import { findSimilar } from '../architecture/queries/similar.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage, presentScope } from './architecture-frame.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { presentLink } from './architecture-views.ts'
import { suggestEntities } from './entity-choice.ts'
import { presentEntityHistory } from './entity-history.ts'
import { presentDecisions, presentEntity, presentJoined } from './entity-views.ts'
import { chooseGraph } from './graph-choice.ts'
import { presentRelation } from './relation-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface EntityPageDeps {
  render: Render
  architecture: Architecture
  now: () => number
}

const shownSimilar = 5

/** `/organizations/{slug}/architecture/{ref}`: one entity, what it touches, and why all of that is believed. */
export function createEntityPage({ render, architecture, now }: EntityPageDeps) {
  return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
    const chosen = await chooseGraph(architecture, ctx, viewer)
    const { loaded, newest, links } = chosen
    const { index, decisions } = loaded
    const ref = ctx.params['ref'] ?? ''
    const ordinal = index.ordinals.get(ref)
    if (ordinal === undefined) {
      throw new DomainError('not_found', 'There is no such entity in this architecture, or not any more.')
    }
    const { entity, outgoing, incoming } = describeEntity(index, ordinal)
    const at = now()
    const present = (relations: DescribedRelation[], isWanted: (type: RelationType) => boolean) =>
      relations
        .filter(({ relation }) => isWanted(relation.type))
        .map((each) => presentRelation(each, links, at))
    // Only what is true now can be decided on.
    const mayDecide = isAdmin(viewer.membership.role) && loaded.graph.revision === newest.graph.revision
    render(ctx, 'entity', {
      ...presentArchitecturePage(
        ctx,
        viewer,
        undefined,
        presentScope(chosen, links, { page: encodeURIComponent(ref), keeps: {}, now: at }),
        links,
      ),
      entity: presentEntity(entity, links),
      actions: actionsFor(entity, links),
      belongs: presentGroups(outgoing, links),
      members: present(incoming, (type) => !isDependency(type) && type !== 'starts_after'),
      dependsOn: present(outgoing, isDependency),
      dependedOnBy: present(incoming, isDependency),
      startsAfter: present(outgoing, (type) => type === 'starts_after'),
      similar: findSimilar(index, ordinal, shownSimilar).map((similar) => ({
        ...presentLink(entityAt(index, similar.ordinal), links),
        reasons: similar.reasons.join(', '),
        isLikelyDuplicate: similar.isLikelyDuplicate,
      })),
      joined: presentJoined(entity),
      decisions: presentDecisions(entity, decisions, at),
      decide: mayDecide
        ? { action: `${links.base}/decisions`, suggestions: suggestEntities(newest.index) }
        : undefined,
      history: presentEntityHistory(newest.history, entity, links, at),
    })
  }
}

const groupLabels = [
  ['owned_by', 'Owned by'],
  ['part_of', 'Part of'],
  ['source_in', 'Source in'],
] as const satisfies [RelationType, string][]

function presentGroups(
  outgoing: readonly DescribedRelation[],
  links: ArchitectureLinks,
): ViewData['entity']['belongs'] {
  return groupLabels
    .map(([wanted, label]) => ({
      label,
      entities: outgoing
        .filter(({ relation }) => relation.type === wanted)
        .map(({ other }) => presentLink(other, links)),
    }))
    .filter(({ entities }) => entities.length > 0)
}

function actionsFor({ ref }: Entity, links: ArchitectureLinks): ViewData['entity']['actions'] {
  return [
    { label: 'Impact of a failure', href: links.to('impact', { ref }) },
    { label: 'Paths from here', href: links.to('paths', { from: ref }) },
    { label: 'Paths to here', href: links.to('paths', { to: ref }) },
    { label: 'Diagram', href: links.to('diagram', { focus: ref, depth: 2 }) },
  ]
}
