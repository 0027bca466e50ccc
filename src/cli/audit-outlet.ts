import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { AuditOutlet } from '../domain/audit-log.ts'

/** Where a server says what it wrote to audit logs, and what it could not. */
export function createAuditOutlet({ auditStream }: Config, logger: Logger): AuditOutlet {
  return {
    stream: auditStream === 'stdout' ? (line) => void process.stdout.write(line) : undefined,
    trouble: {
      waiting: (count) => logger.warn({ count }, 'audit entries wait for the store'),
      lost: (count, reason) => logger.error({ count, err: reason }, 'audit entries are lost'),
    },
  }
}
