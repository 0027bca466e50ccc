import type { JoinDecision } from '../architecture/joining.ts'
import type { Entity, JoinedEntity } from '../architecture/model.ts'
import type { Mark } from '../http/architecture-view-data.ts'
import { presentMoment } from '../http/moment.ts'
import type { ViewData } from '../http/view-data.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { kindLabels, presentLink } from './architecture-views.ts'

type EntityView = ViewData['entity']

/** What is known about an entity itself; facts that no source stated are left out. */
export function presentEntity(entity: Entity, links: ArchitectureLinks): EntityView['entity'] {
  const { technology, workloads, images, replicas, ports, labels, language, lifecycle, tier, form } =
    entity.attributes
  const facts: [label: string, values: readonly (string | number | undefined)[] | undefined][] = [
    ['Environment', [entity.environment]],
    ['Namespace', [entity.namespace]],
    ['Technology', [technology]],
    ['Language', [language]],
    ['Form', [form]],
    ['Lifecycle', [lifecycle]],
    ['Tier', [tier]],
    ['Runs as', workloads],
    ['Images', images],
    ['Replicas', [replicas]],
    ['Ports', ports],
    ['Also known as', entity.aliases],
    ['Tags', entity.tags],
    ['Labels', Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`)],
  ]
  return {
    ...presentLink(entity, links),
    kindLabel: kindLabels[entity.kind],
    kindHref: links.to('entities', { kind: entity.kind }),
    description: entity.description,
    marks: marksOf(entity),
    facts: facts
      .map(([label, values]) => ({
        label,
        value: (values ?? []).filter((value) => value !== undefined).join(', '),
      }))
      .filter(({ value }) => value !== ''),
    links: (entity.attributes.links ?? []).filter(({ url }) => /^https?:\/\//i.test(url)),
  }
}

function marksOf({ attributes: { lifecycle, tier } }: Entity): Mark[] {
  return [
    ...(lifecycle === 'deprecated'
      ? [
          {
            label: 'deprecated',
            tone: 'warning',
            title: 'Its owners want nobody to use it any more.',
          } as const,
        ]
      : []),
    ...(tier === 'critical'
      ? [{ label: 'critical', tone: 'error', title: 'Its owners say that much hangs on it.' } as const]
      : []),
  ]
}

const reasons = {
  name: 'same name',
  alias: 'one name is an alias of the other',
  plural: 'one name is the plural of the other',
  decision: 'somebody here decided so',
} as const satisfies Record<JoinedEntity['because'], string>

/** What other sources call it, and why they are taken for the same. */
export function presentJoined({ joined = [] }: Entity): EntityView['joined'] {
  return joined.map(({ ref, sources, because }) => ({
    ref,
    sources: sources.join(', '),
    because: reasons[because],
    isDecided: because === 'decision',
  }))
}

/** Decisions that concern an entity under any of its names. */
export function presentDecisions(
  entity: Entity,
  decisions: readonly JoinDecision[],
  now: number,
): EntityView['decisions'] {
  const own = new Set([entity.ref, ...(entity.joined ?? []).map(({ ref }) => ref)])
  return decisions
    .filter(({ refs }) => refs.some((ref) => own.has(ref)))
    .map(({ refs: [a, b], verdict, at }) => {
      const [ref, other] = own.has(a) ? [a, b] : [b, a]
      return {
        ref,
        other,
        verdict: verdict === 'same' ? 'is the same as' : 'is kept apart from',
        at: presentMoment(at, now),
      }
    })
}
