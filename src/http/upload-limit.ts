import type { Limiter } from '../storage/contract.ts'
import { countAttempt, type RateRule } from './rate-limit.ts'

/** Counts one upload before it is read by an importer. @throws {RequestRefused} 429 after too many */
export type UploadLimit = (userId: string) => Promise<void>

const uploads: RateRule = { name: 'upload', limit: 60, windowSeconds: 10 * 60 }

/** Keeps one person from having the server read files all the time. */
export function createUploadLimit({ limiter }: { limiter: Limiter }): UploadLimit {
  return (userId) => countAttempt(limiter, uploads, userId)
}
