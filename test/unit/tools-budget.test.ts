import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Architecture } from '../../src/architecture/architecture.ts'
import { indexGraph } from '../../src/architecture/loading.ts'
import type { Graph } from '../../src/architecture/model.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { getDependencies } from '../../src/mcp/tools/get-dependencies.ts'
import { getEntity } from '../../src/mcp/tools/get-entity.ts'
import { searchEntities } from '../../src/mcp/tools/search-entities.ts'
import { entity, graph, randomGraph, relation } from '../support/random-graphs.ts'
import { call } from '../support/tool-calls.ts'

function refuse(): Promise<never> {
  return Promise.reject(new Error('nothing is imported here'))
}

function serving(served: Graph): Architecture {
  const loaded = indexGraph(served)
  return {
    load: () => Promise.resolve(loaded),
    importFiles: refuse,
    importSample: refuse,
    ingest: refuse,
    removeSource: refuse,
    decide: refuse,
    erase: refuse,
  }
}

const large = serving(randomGraph(1, 10_000, 50_000))
const hub = graph(
  [entity('hub'), ...Array.from({ length: 3000 }, (_, at) => entity(`client-${at}`))],
  Array.from({ length: 3000 }, (_, at) => relation(`service:shop/client-${at}`, 'service:shop/hub')),
)

test('answers about 10,000 entities keep to max_tokens, in data and in text, and come as whole JSON', async () => {
  for (const max_tokens of [500, 2000, 8000]) {
    for (const answer of [
      await call(getDependencies, { ref: 'node-00000', direction: 'both', depth: 6, max_tokens }, large),
      await call(getEntity, { ref: 'node-00000', max_tokens }, large),
      await call(getEntity, { ref: 'hub', max_tokens }, serving(hub)),
      await call(searchEntities, { limit: 100, max_tokens }, large),
    ]) {
      const characters = Math.max(JSON.stringify(answer.content).length, answer.text.length)
      assert.ok(characters <= max_tokens * 3.2, `${characters} characters for ${max_tokens} tokens`)
      if (max_tokens === 500) assert.equal(answer.content['truncated'], true)
    }
  }
})

test('a question to 10,000 entities is answered in a moment', async () => {
  await call(getDependencies, { ref: 'node-00000', direction: 'upstream', depth: 6 }, large)
  const started = performance.now()
  await call(getDependencies, { ref: 'node-00001', direction: 'upstream', depth: 6 }, large)
  await call(searchEntities, { query: 'nude-00420' }, large)
  assert.ok(performance.now() - started < 1000)
})

test('pages of one answer together tell everything once', async () => {
  const seen: string[] = []
  let cursor: unknown
  do {
    const { content } = await call(
      getDependencies,
      { ref: 'hub', direction: 'upstream', cursor, max_tokens: 8000 },
      serving(hub),
    )
    const { level_1: level } = content['depended_on_by'] as { level_1: Record<string, unknown> }
    seen.push(...Object.keys(level))
    cursor = content['next_cursor']
  } while (cursor !== undefined)
  assert.equal(seen.length, 3000)
  assert.equal(new Set(seen).size, 3000)
})

test('a cursor that is garbage, of another question or of another revision is refused with what to do', async () => {
  const question = { ref: 'hub', direction: 'upstream' }
  const { content } = await call(getDependencies, question, serving(hub))
  const cursor = content['next_cursor']
  const refused = (input: object, architecture: Architecture, why: RegExp) =>
    assert.rejects(
      call(getDependencies, { ...question, ...input }, architecture),
      (error) =>
        error instanceof DomainError &&
        error.code === 'invalid_input' &&
        error.field === 'cursor' &&
        why.test(error.message),
    )
  await refused({ cursor: 'garbage' }, serving(hub), /^This cursor is not one .* Call again without cursor/)
  await refused({ cursor: Buffer.from('{"offset":-1}').toString('base64url') }, serving(hub), /not one/)
  await refused({ cursor, depth: 2 }, serving(hub), /other arguments/)
  await refused({ cursor }, serving({ ...hub, revision: 2 }), /revision 1, now 2/)
})
