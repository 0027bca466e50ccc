import type { Entity, EntityKind, RelationType } from './model.ts'

const stores: ReadonlySet<EntityKind> = new Set(['database', 'cache', 'storage'])
const queues: ReadonlySet<EntityKind> = new Set(['queue'])
const userFacing: ReadonlySet<EntityKind> = new Set(['website', 'gateway'])
const running: ReadonlySet<EntityKind> = new Set(['service', 'website', 'gateway', 'job'])
const groups: ReadonlySet<EntityKind> = new Set(['system', 'domain', 'team', 'user', 'repository'])
const asynchronous: ReadonlySet<RelationType> = new Set(['publishes', 'consumes', 'uses_queue'])

/** Whether entities of a kind keep data. */
export function isStore(kind: EntityKind): boolean {
  return stores.has(kind)
}

/** Whether entities of a kind keep messages until somebody takes them. */
export function isQueue(kind: EntityKind): boolean {
  return queues.has(kind)
}

/** Whether entities of a kind are made to be reached from outside. */
export function isUserFacing(kind: EntityKind): boolean {
  return userFacing.has(kind)
}

/** Whether entities of a kind are somebody's own running code, which should have an owner. */
export function isRunning(kind: EntityKind): boolean {
  return running.has(kind)
}

/** Whether entities of a kind are somewhere: running, stored or reached. People, plans and code are not. */
export function isPlaced(kind: EntityKind): boolean {
  return isRunning(kind) || isStore(kind) || isQueue(kind) || kind === 'external' || kind === 'unresolved'
}

/** Whether entities of a kind only say where others belong. */
export function isGroup(kind: EntityKind): boolean {
  return groups.has(kind)
}

/** Whether a relation leads through a queue, so that neither end waits for the other. */
export function isAsynchronous(type: RelationType): boolean {
  return asynchronous.has(type)
}

/**
 * The tag of what only watches other things: collectors, stores and views of traces, metrics and logs. Almost everything
 * talks to them, and nothing fails when they do, so questions about dependencies leave them out by default.
 */
export const telemetryTag = 'telemetry'

/** Whether an entity only watches others. */
export function belongsToTelemetry({ tags }: Pick<Entity, 'tags'>): boolean {
  return tags?.includes(telemetryTag) ?? false
}
