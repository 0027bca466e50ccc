import { Worker } from 'node:worker_threads'
import { DomainError, type DomainErrorCode } from '../../domain/errors.ts'
import type { ImporterType } from '../model.ts'
import type { ImportFile } from './import-file.ts'
import { readFiles } from './importers.ts'

/** Reads files for an import; see {@link readFiles}. */
export type ReadFiles = (files: readonly ImportFile[], type?: ImporterType) => FilesRead | Promise<FilesRead>

export type FilesRead = ReturnType<typeof readFiles>

/** What a reading thread is given. */
export interface ReadingTask {
  files: readonly ImportFile[]
  type: ImporterType | undefined
}

/** What it says before it ends. */
export type ReadingOutcome = { read: FilesRead } | { refused: { code: DomainErrorCode; message: string } }

/** What takes some 100 ms at most is read at once: a thread takes as long to begin. */
const smallBytes = 16 * 1024

/**
 * Reads files beside what else the process does: YAML takes seconds for a megabyte, in which nobody else would be
 * served. What takes too long or too much memory is refused, and ends with its thread. One import after the other, since
 * each may take that much.
 */
export function createReadApart({ mostMegabytes = 512, mostSeconds = 60 } = {}): ReadFiles {
  let last: Promise<unknown> = Promise.resolve()

  function readInThread(task: ReadingTask): Promise<FilesRead> {
    return new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./reading-thread.js', import.meta.url), {
        workerData: task,
        resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
      })
      const end = setTimeout(() => {
        reject(tooMuch(`more than ${mostSeconds} seconds`))
        void thread.terminate()
      }, mostSeconds * 1000)
      thread.once('message', (outcome: ReadingOutcome) => {
        if ('read' in outcome) resolve(outcome.read)
        else reject(new DomainError(outcome.refused.code, outcome.refused.message))
      })
      thread.once('error', (error: Error & { code?: unknown }) => {
        const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        reject(isMemory ? tooMuch(`more than ${mostMegabytes} MB of memory`) : error)
      })
      thread.once('exit', () => {
        clearTimeout(end)
        reject(new Error('the thread that reads files ended without a word'))
      })
    })
  }

  return (files, type) => {
    if (sizeOf(files) <= smallBytes) return readFiles(files, type)
    const reading = last.then(() => readInThread({ files, type }))
    last = reading.catch(() => {})
    return reading
  }
}

function sizeOf(files: readonly ImportFile[]): number {
  return files.reduce((sum, { content }) => sum + content.length, 0)
}

function tooMuch(what: string): DomainError {
  const advice = 'Import fewer files at once, or use opentrace import on the server.'
  return new DomainError(
    'import_refused',
    `Reading these files takes ${what}. Nothing was imported. ${advice}`,
  )
}
