import type { Architecture } from '../architecture/architecture.ts'
import { entityAt, type GraphIndex } from '../architecture/graph-index.ts'
import type { LoadedGraph } from '../architecture/loading.ts'
import { resolveEntity } from '../architecture/queries/entity-resolution.ts'
import type { AuditLog } from '../domain/audit-log.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import { createLinks, wholeGraph } from './architecture-links.ts'
import { withNotice } from './frame.ts'
import { mayNotChange } from './import-upload.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface JoinDecisionFormDeps {
  architecture: Architecture
  auditLog: AuditLog
}

const verdicts = ['same', 'different', 'taken_back'] as const

/**
 * Takes a person's word on two names: that they are one thing, that they are not, or that names shall decide again. The
 * page of the entity has a form for each.
 */
export function createJoinDecisionForm({ architecture, auditLog }: JoinDecisionFormDeps) {
  return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
    if (!isAdmin(viewer.membership.role)) throw mayNotChange()
    const { id } = viewer.membership.organization
    const { ref = '', other = '', entity = ref } = viewer.form
    const verdict = verdicts.find((each) => each === viewer.form['verdict'])
    if (verdict === undefined)
      throw new DomainError('invalid_input', 'Say whether the two are the same.', { field: 'verdict' })
    const loaded = await architecture.load(id)
    const refs = [ref, verdict === 'same' ? refOf(loaded.index, other) : other] as const
    requireSense(loaded, refs, verdict)
    await architecture.decide(id, refs, verdict === 'taken_back' ? undefined : verdict, viewer.user.id)
    await auditLog.append(id, {
      type: 'architecture.join_decided',
      ref: refs[0],
      otherRef: refs[1],
      verdict,
      actor: { kind: 'user', id: viewer.user.id },
      address: ctx.state.address,
    })
    const { index } = await architecture.load(id)
    seeOther(ctx, withNotice(pageOf(index, [entity, ...refs], viewer), 'join-decided'))
  }
}

function refOf(index: GraphIndex, text: string): string {
  return entityAt(index, resolveEntity(index, text, 'other')).ref
}

/** Only what stands on the page of an entity can be decided. */
function requireSense(
  { index, decisions }: LoadedGraph,
  [ref, other]: readonly [string, string],
  verdict: (typeof verdicts)[number],
): void {
  const ordinal = index.ordinals.get(ref)
  const isDecided = decisions.some(({ refs }) => refs.includes(ref) && refs.includes(other))
  const isJoined =
    ordinal !== undefined && entityAt(index, ordinal).joined?.some((each) => each.ref === other) === true
  const makesSense =
    verdict === 'taken_back' ? isDecided : verdict === 'same' ? ordinal !== undefined : isJoined
  if (!makesSense)
    throw new DomainError(
      'conflict',
      'The architecture was changed meanwhile, and these two names are no longer what they were.',
    )
}

/** Where the entity is now: joined to another, it has another name. */
function pageOf(index: GraphIndex, refs: readonly string[], viewer: OrganizationViewer): string {
  const { base, entity } = createLinks(viewer, wholeGraph)
  const known = refs.find((ref) => index.ordinals.has(ref))
  return known === undefined ? base : entity(known)
}
