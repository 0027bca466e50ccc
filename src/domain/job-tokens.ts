import { z } from 'zod'
import type { Artifacts } from '../storage/contract.ts'
import { newId, newSecret } from './identifiers.ts'
import { serviceAccountScopes } from './principal.ts'

const label = 'ot_job_'

/** For how many seconds a CI job may act after it has shown who it is. */
export const jobTokenSeconds = 15 * 60

const JobToken = z.object({
  id: z.string(),
  organizationId: z.string(),
  serviceAccountId: z.string(),
  /** The rule that trusted the job; without it, the token is nothing. */
  trustRuleId: z.string(),
  /** The job, in words. */
  name: z.string(),
  scopes: z.array(z.enum(serviceAccountScopes)),
  /** The one resource it is for (RFC 8707). */
  resource: z.string(),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
})

/** The access token of one CI job, as a service account. */
export type JobToken = z.infer<typeof JobToken>

export type JobTokens = ReturnType<typeof createJobTokens>

/** Access tokens of CI jobs as they are kept. Each use reads the account and the rule too, so they end with either. */
export function createJobTokens({ artifacts, now }: { artifacts: Artifacts; now: () => number }) {
  /** @returns the token's record with the token, which is known only now */
  async function issue(
    facts: Omit<JobToken, 'id' | 'expiresAt'>,
  ): Promise<{ token: JobToken; secret: string }> {
    const secret = label + newSecret()
    const token: JobToken = { ...facts, id: newId(now()), expiresAt: now() + jobTokenSeconds * 1000 }
    const { organizationId, expiresAt } = token
    await artifacts.put({ model: 'JobToken', id: secret, payload: { ...token }, organizationId, expiresAt })
    return { token, secret }
  }

  /** One that has not expired. */
  async function find(secret: string): Promise<JobToken | undefined> {
    const artifact = await artifacts.get('JobToken', secret)
    const token = artifact && JobToken.parse(artifact.payload)
    return token && token.expiresAt > now() ? token : undefined
  }

  return { issue, find }
}

/** Whether a text is meant to be the token of a CI job, whole or not. */
export function resemblesJobToken(text: string): boolean {
  return text.includes(label)
}
