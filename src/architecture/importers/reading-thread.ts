/** The thread in which `read-apart.ts` has files read. */
import { parentPort, workerData } from 'node:worker_threads'
import { DomainError } from '../../domain/errors.ts'
import { readFiles } from './importers.ts'
import type { ReadingOutcome, ReadingTask } from './read-apart.ts'

function read({ files, type }: ReadingTask): ReadingOutcome {
  try {
    return { read: readFiles(files, type) }
  } catch (error) {
    // Errors lose what they are on the way between threads.
    if (!(error instanceof DomainError)) throw error
    return { refused: { code: error.code, message: error.message } }
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
parentPort?.postMessage(read(workerData as ReadingTask))
