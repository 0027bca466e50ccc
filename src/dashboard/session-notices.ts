import type { RevocationOutcome } from '../domain/session-revocation.ts'
import type { Frame } from '../http/view-data.ts'
import { countSessions } from './session-views.ts'
import type { PageContext } from './viewer.ts'

/** The address of the list, telling how a revocation went. Only numbers travel in it: nobody can write the words. */
export function withOutcome(path: string, { ended, failed }: RevocationOutcome): string {
  return `${path}?${new URLSearchParams({ ended: String(ended), failed: String(failed) }).toString()}`
}

/** What {@link withOutcome} tells. */
export function presentRevocationNotice(ctx: PageContext): Partial<Pick<Frame, 'notice' | 'problem'>> {
  const [ended, failed] = [numberOf(ctx.query['ended']), numberOf(ctx.query['failed'])]
  if (ended === undefined || failed === undefined) return {}
  const done =
    ended === 0
      ? 'Nothing was left to revoke: it had ended already.'
      : `${countSessions(ended)} revoked. ${ended === 1 ? 'Its client is' : 'Their clients are'} refused from now on.`
  if (failed === 0) return { notice: done }
  return {
    problem: `${countSessions(ended)} revoked, but ${countSessions(failed)} could not be: the store did not answer. Revoke what is still listed again.`,
  }
}

function numberOf(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : undefined
}
