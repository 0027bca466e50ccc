import { DomainError } from '../domain/errors.ts'
import { Conflict, type Blobs } from '../storage/contract.ts'
import { findDifference, noDifference, type GraphDifference } from './queries/difference.ts'
import { graphOf } from './joined-graph.ts'
import { keptRevisions, recordRevision, type RevisionRecord } from './history.ts'
import { decodeSnapshot, emptySnapshot, encodeSnapshot, type Snapshot } from './snapshot.ts'

/** The snapshots of every organization: the newest, and those of former revisions. */
export interface GraphStore {
  /** @returns undefined before the first import, `unchanged` where it still is what was read as `unlessWritten`. */
  readonly readNewest: (
    organizationId: string,
    unlessWritten?: number,
  ) => Promise<StoredSnapshot | 'unchanged' | undefined>
  readonly readRevision: (organizationId: string, revision: number) => Promise<Snapshot | undefined>
  /**
   * Changes the newest snapshot by compare-and-set, again for as long as others come in between. Where the graph
   * changes with it, there is a new revision with its record, and the former stays readable.
   * @throws {DomainError} `conflict` when others keep coming in between
   */
  readonly update: (organizationId: string, change: SnapshotChange) => Promise<Update>
  readonly erase: (organizationId: string) => Promise<void>
}

/** A snapshot as it stands in the store. */
export interface StoredSnapshot {
  snapshot: Snapshot
  /** Counts writes, of which some lead to no new revision. */
  written: number
}

/** How to change what is there. Called again for every attempt. */
export interface SnapshotChange {
  cause: RevisionRecord['cause']
  source?: string | undefined
  at: number
  apply: (before: Snapshot) => Pick<Snapshot, 'sections' | 'decisions' | 'failures'>
  /** Only tell the difference. */
  dryRun?: boolean
}

/** What a change did to the graph, or would do. */
export interface Update {
  /** The newest revision after it. */
  revision: number
  difference: GraphDifference
  /** False when the graph stays as it was. */
  changed: boolean
}

const attempts = 20

/** @returns the snapshots kept in `blobs`, the newest under `graph:{organizationId}`. */
export function createGraphStore({ blobs }: { blobs: Blobs }): GraphStore {
  const readNewest: GraphStore['readNewest'] = async (organizationId, unlessWritten) => {
    const blob = await blobs.get(
      newestKey(organizationId),
      unlessWritten === undefined ? {} : { unlessRevision: unlessWritten },
    )
    if (blob === undefined || blob === 'unchanged') return blob
    return { snapshot: await decodeSnapshot(blob.bytes), written: blob.revision }
  }

  const update: GraphStore['update'] = async (organizationId, change) => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const blob = await blobs.get(newestKey(organizationId))
      const stored = blob === 'unchanged' ? undefined : blob
      const before = stored === undefined ? emptySnapshot : await decodeSnapshot(stored.bytes)
      const { after, ...outcome } = applyChange(before, change)
      if (change.dryRun) return outcome
      if (outcome.changed && stored !== undefined) {
        await putUnlessThere(revisionKey(organizationId, before.revision), stored.bytes)
      }
      if (
        !(await putUnlessRaced(newestKey(organizationId), await encodeSnapshot(after), stored?.revision ?? 0))
      )
        continue
      await forget(organizationId, before, after)
      return outcome
    }
    const message = 'Other imports into this organization kept coming in between. Try again.'
    throw new DomainError('conflict', message)
  }

  /** A revision that was once read from under the newest key is final, so whoever archives it writes the same. */
  async function putUnlessThere(key: string, bytes: Uint8Array): Promise<void> {
    await putUnlessRaced(key, bytes, 0)
  }

  async function putUnlessRaced(key: string, bytes: Uint8Array, expected: number): Promise<boolean> {
    try {
      await blobs.put(key, bytes, expected)
      return true
    } catch (error) {
      if (error instanceof Conflict) return false
      throw error
    }
  }

  async function forget(organizationId: string, before: Snapshot, after: Snapshot): Promise<void> {
    const oldest = after.history[0]?.revision ?? 0
    for (const { revision } of before.history)
      if (revision < oldest) await blobs.delete(revisionKey(organizationId, revision))
  }

  return {
    readNewest,
    readRevision: async (organizationId, revision) => {
      const blob = await blobs.get(revisionKey(organizationId, revision))
      return blob === undefined || blob === 'unchanged' ? undefined : decodeSnapshot(blob.bytes)
    },
    update,
    erase: async (organizationId) => {
      const newest = await readNewest(organizationId)
      // The newest last: what was interrupted is found again through it.
      if (newest !== undefined && newest !== 'unchanged')
        for (const { revision } of newest.snapshot.history)
          await blobs.delete(revisionKey(organizationId, revision))
      await blobs.delete(newestKey(organizationId))
    },
  }
}

function applyChange(
  before: Snapshot,
  { cause, source, at, apply }: SnapshotChange,
): Update & { after: Snapshot } {
  const parts = { ...before, ...apply(before) }
  const changed = saysOtherwise(before, parts)
  if (!changed) return { revision: before.revision, changed, difference: noDifference, after: parts }
  const difference = findDifference(graphOf(before), graphOf(parts))
  const revision = before.revision + 1
  const record = recordRevision({ revision, at, cause, source }, difference)
  const history = [...before.history, record].slice(-keptRevisions)
  return { revision, changed, difference, after: { ...parts, revision, history } }
}

/** Also a moved line is a change: answers name it. */
function saysOtherwise(before: Snapshot, after: Snapshot): boolean {
  if (before.decisions !== after.decisions || before.sections.length !== after.sections.length) return true
  return after.sections.some(({ runId, source }, position) => {
    const former = before.sections[position]
    return former?.runId !== runId || former.source.id !== source.id || former.source.scope !== source.scope
  })
}

function newestKey(organizationId: string): string {
  return `graph:${organizationId}`
}

function revisionKey(organizationId: string, revision: number): string {
  return `graph:${organizationId}:${revision}`
}
