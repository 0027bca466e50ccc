import type { Store } from '../contract.ts'
import { createArtifacts } from './artifacts.ts'
import { createBlobs } from './blobs.ts'
import { createBus } from './bus.ts'
import { openDatabase } from './database.ts'
import { createDocuments } from './documents.ts'
import { createLimiter } from './limiter.ts'
import { createLogs } from './logs.ts'
import { startReaper } from './reaper.ts'

/**
 * The embedded engine: one file on a local disk, shared by the server and its command line. Every acknowledged write
 * is on the disk, except `touch`, `hit`, `publish` and `appendAll`, which only survive the process.
 *
 * @param options.file a path whose directory exists, or `:memory:`
 */
export async function createSqliteStore(options: { file: string; now?: () => number }): Promise<Store> {
  const now = options.now ?? Date.now
  const database = await openDatabase(options.file)
  const bus = createBus({ database, now })
  const stopReaper = startReaper({ database, now })
  return {
    artifacts: createArtifacts({ database, now }),
    documents: createDocuments({ database }),
    logs: createLogs({ database, now }),
    limiter: createLimiter({ database, now }),
    bus,
    blobs: createBlobs({ database }),
    // The file does not go away, and a lock is waited for by every call.
    patiently: (work) => work(),
    async ping() {
      database.get('select 1')
    },
    warnings: async () => [],
    async close() {
      stopReaper()
      bus.close()
      database.close()
    },
  }
}
