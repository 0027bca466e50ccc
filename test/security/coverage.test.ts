import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../../src/package.ts'
import { notApplicable } from './not-applicable.ts'

const folder = join(packageRoot(), 'test', 'security')
const groups = new Set([
  'DASH',
  'RATE',
  'META',
  'REG',
  'CIMD',
  'AUTHZ',
  'UI',
  'TOK',
  'RT',
  'RS',
  'REV',
  'MCP',
  'HTTP',
  'API',
])

function idsOfCases(): string[] {
  const { cases } = JSON.parse(readFileSync(join(folder, 'security-cases.json'), 'utf8')) as {
    cases: { id: string; group: string }[]
  }
  return cases.filter(({ group }) => groups.has(group)).map(({ id }) => id)
}

/** Test titles and the rows of tables that become titles begin with an id. */
function idsOfTests(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .flatMap((source) => [...source.matchAll(/['`]([A-Z]+-\d+)(?= )/g)].map(([, id = '']) => id))
    .filter((id) => groups.has(id.split('-')[0] ?? ''))
}

test('every case is either tested, once, or listed with the reason why it does not apply', () => {
  const covered = [...idsOfTests(), ...Object.keys(notApplicable)]
  assert.deepEqual(covered.toSorted(), idsOfCases().toSorted())
})
