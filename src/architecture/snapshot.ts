import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { JoinDecision } from './joining.ts'
import type { RevisionRecord } from './history.ts'
import type { Section, SectionKey } from './sections.ts'

/** What is stored of an organization: what each source says apart, so that one can be replaced without the others. */
export interface Snapshot {
  format: 2
  /** Counts changes of the graph. Written anew without a new revision when a source only says the same again. */
  revision: number
  sections: Section[]
  decisions: JoinDecision[]
  /** The newest changes, newest last. */
  history: RevisionRecord[]
  /** The newest attempt to import a section, where it failed. */
  failures: (SectionKey & { at: number; message: string })[]
}

/** Before the first import. */
export const emptySnapshot: Snapshot = {
  format: 2,
  revision: 0,
  sections: [],
  decisions: [],
  history: [],
  failures: [],
}

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** @returns gzip of JSON. */
export async function encodeSnapshot(snapshot: Snapshot): Promise<Uint8Array> {
  return compress(JSON.stringify(snapshot))
}

/** The inverse of {@link encodeSnapshot}. */
export async function decodeSnapshot(bytes: Uint8Array): Promise<Snapshot> {
  const snapshot = JSON.parse((await decompress(bytes)).toString('utf8')) as Snapshot
  if (snapshot.format !== 2)
    throw new Error(
      `a graph of format ${String(snapshot.format)} was written by another version; import its sources anew`,
    )
  return snapshot
}
