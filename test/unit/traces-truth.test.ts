import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readTraces } from '../../src/architecture/importers/traces/importer.ts'
import { encodeTraces, type OtlpRequest } from '../support/otlp.ts'

/** Real spans of a system with known edges. */
const data = resolve('../shared/data')
const file = resolve(data, 'nezha-traces/online-boutique.otlp.json')
const skip = existsSync(file) ? false : `no file ${file} with real spans to import`

interface Edge {
  source: string
  target: string
  count?: number
}

test('online-boutique: the 13 edges in its 7,069 spans, with their counts, and nothing else', { skip }, (t) => {
  const content = readFileSync(file, 'utf8')
  const started = performance.now()
  const { claims, warnings } = readTraces([{ path: 'spans.json', content }])
  const milliseconds = performance.now() - started
  const found = claims.relations.map(({ from, to, type, evidence }) => ({
    edge: `${from} ${type} ${to}`.replaceAll('service:', ''),
    count: evidence.reduce((sum, { observed }) => sum + (observed?.count ?? 0), 0),
  }))
  const { files } = JSON.parse(readFileSync(resolve(data, 'nezha-traces/edges.json'), 'utf8')) as {
    files: Record<string, { edges: Edge[] }>
  }
  const own = files['online-boutique.otlp.json']?.edges ?? []
  assert.deepEqual(
    found,
    own
      .map(({ source, target, count }) => ({ edge: `${source} calls ${target}`, count }))
      .toSorted((a, b) => (a.edge < b.edge ? -1 : 1)),
  )
  const system = JSON.parse(readFileSync(resolve(data, 'online-boutique/edges.json'), 'utf8')) as {
    edges: Edge[]
  }
  const expected = new Set(system.edges.map(({ source, target }) => `${source} calls ${target}`))
  const right = found.filter(({ edge }) => expected.has(edge)).length
  const precision = right / found.length
  const recall = right / expected.size
  t.diagnostic(
    `own edges ${found.length}/${own.length}; of the whole system precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)} (${right}/${expected.size}); ${Math.round(milliseconds)} ms`,
  )
  assert.equal(precision, 1)
  assert.equal(right, 13)
  assert.deepEqual(warnings, [])
})

test('the same spans as protobuf, compressed, and with its length before it, give the same graph', { skip }, () => {
  const text = readFileSync(file, 'utf8')
  const json = readTraces([{ path: 'spans', content: text }])
  const message = encodeTraces(JSON.parse(text) as OtlpRequest)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(message.length)
  for (const content of [message, gzipSync(message), Buffer.concat([length, message])]) {
    assert.deepEqual(readTraces([{ path: 'spans', content }]).claims, json.claims)
  }
})

test('23,000 spans are a graph in under half a second', { skip }, (t) => {
  const text = readFileSync(file, 'utf8')
  const content = [0, 1, 2, 3]
    .map((copy) => text.trim().replaceAll('"traceId":"0', `"traceId":"${copy}`))
    .join('\n')
  const started = performance.now()
  const { documents } = readTraces([{ path: 'spans.jsonl', content }])
  const milliseconds = performance.now() - started
  t.diagnostic(`${documents * 7069} spans in ${Math.round(milliseconds)} ms`)
  assert.equal(documents, 4)
  assert.ok(milliseconds < 2_000, 'four times as long as on an idle machine is no slow machine')
})
