import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pino } from 'pino'
import { createAuditOutlet } from '../../src/cli/audit-outlet.ts'
import { parseConfig } from '../../src/config.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'

it('AUDIT_STREAM=stdout sends each audit event as one line of JSON, whatever the store says to it', async () => {
  const store = await createSqliteStore({ file: ':memory:' })
  const lines: string[] = []
  const auditOutlet = { stream: (line: string) => void lines.push(line) }
  const { auditLog } = createDomain({ store, now: () => 0, auditOutlet })
  const actor = { kind: 'user', id: 'ada' } as const
  await auditLog.append('acme', { type: 'sign_ins.ended', actor, address: '192.0.2.1' })
  await store.close()
  auditLog.note('acme', { type: 'sign_ins.ended', actor })
  const [first, second, ...more] = lines
  assert.deepEqual(JSON.parse(first ?? ''), {
    audit: '1970-01-01T00:00:00.000Z',
    organizationId: 'acme',
    type: 'sign_ins.ended',
    actor,
    address: '192.0.2.1',
  })
  assert.ok(first?.endsWith('}\n') && second?.startsWith('{"audit":'))
  assert.deepEqual(more, [])
})

it('AUDIT_STREAM is off unless it is asked for', () => {
  const logger = pino({ level: 'silent' })
  const outletOf = (environment: Record<string, string>) =>
    createAuditOutlet(
      parseConfig({ SECRET_KEY: 'a-test-key-of-more-than-thirty-two-characters', ...environment }),
      logger,
    )
  assert.equal(outletOf({}).stream, undefined)
  assert.equal(typeof outletOf({ AUDIT_STREAM: 'stdout' }).stream, 'function')
})
