import { Conflict, type Documents } from '../storage/contract.ts'

/** For how many days an organization may keep its audit log; longer than 400 for those whose law asks for years. */
export const retentionChoices = [30, 90, 180, 400, 730, 1825] as const
export type RetentionDays = (typeof retentionChoices)[number]

const defaultDays: RetentionDays = 400
/** Asked for with every entry, so remembered for a moment; another process follows after it. */
const rememberedFor = 30_000

/** How long each organization keeps its audit log. */
export function createAuditRetention({ documents, now }: { documents: Documents; now: () => number }) {
  const remembered = new Map<string, { days: RetentionDays; at: number }>()

  async function read(organizationId: string) {
    const document = await documents.get('audit-retention', organizationId)
    const { days } = (document?.data ?? { days: defaultDays }) as { days: RetentionDays }
    return { days, version: document?.version ?? 0 }
  }

  async function find(organizationId: string): Promise<RetentionDays> {
    const known = remembered.get(organizationId)
    if (known && now() - known.at < rememberedFor) return known.days
    const { days } = await read(organizationId)
    if (remembered.size > 10_000) remembered.clear()
    remembered.set(organizationId, { days, at: now() })
    return days
  }

  /** @returns what it was before */
  async function change(organizationId: string, days: RetentionDays): Promise<RetentionDays> {
    for (;;) {
      const before = await read(organizationId)
      const { version } = before
      try {
        await documents.commit([
          { op: 'put', kind: 'audit-retention', id: organizationId, version, data: { days } },
        ])
        remembered.delete(organizationId)
        return before.days
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  return { find, change }
}
