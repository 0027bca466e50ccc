import { Conflict, type Blobs } from '../../src/storage/contract.ts'

/** The blobs part of the store contract in memory, with what a test may want to see. */
export function createMemoryBlobs(): Blobs & {
  readonly stored: Map<string, { revision: number; bytes: Uint8Array }>
} {
  const stored = new Map<string, { revision: number; bytes: Uint8Array }>()
  return {
    stored,
    get: async (key, options) => {
      const blob = stored.get(key)
      return blob !== undefined && blob.revision === options?.unlessRevision ? 'unchanged' : blob
    },
    put: async (key, bytes, expectedRevision) => {
      const revision = stored.get(key)?.revision ?? 0
      if (revision !== expectedRevision) throw new Conflict('version')
      stored.set(key, { revision: revision + 1, bytes })
      return revision + 1
    },
    delete: async (key) => {
      stored.delete(key)
    },
  }
}
