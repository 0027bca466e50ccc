import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cl100k from 'gpt-tokenizer/encoding/cl100k_base'
import * as o200k from 'gpt-tokenizer/encoding/o200k_base'
import type { Architecture } from '../../src/architecture/architecture.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { presentTools } from '../../src/mcp/tool-list.ts'
import { getDependencies } from '../../src/mcp/tools/get-dependencies.ts'
import { getEntity } from '../../src/mcp/tools/get-entity.ts'
import { tools } from '../../src/mcp/tools/tools.ts'
import { processorMilliseconds } from '../support/processor-time.ts'
import { entity, graph, randomGraph, randomNumbers, relation } from '../support/random-graphs.ts'
import { call, serving } from '../support/tool-calls.ts'
import { questionsAbout } from '../support/tool-questions.ts'

/** As many tokens as the less favourable of two tokenizers counts. */
function countTokens(text: string): number {
  return Math.max(o200k.encode(text).length, cl100k.encode(text).length)
}

const large = serving(randomGraph(1, 10_000, 50_000))
const nodeAt = (rank: number) => `node-${String(rank).padStart(5, '0')}`
const questions = questionsAbout(nodeAt)
const hub = graph(
  [entity('hub'), ...Array.from({ length: 3000 }, (_, at) => entity(`client-${at}`))],
  Array.from({ length: 3000 }, (_, at) => relation(`service:shop/client-${at}`, 'service:shop/hub')),
)
const askable = tools.filter(({ name }) => name !== 'whoami')

test('every tool that reads the graph is asked here', () => {
  assert.deepEqual(Object.keys(questions).toSorted(), askable.map(({ name }) => name).toSorted())
})

/** Of a large graph every answer is cut, so that one question to a tool shows as much as all of them. */
for (const { size, edges, most, budgets } of [
  { size: 15, edges: 40, most: Infinity, budgets: [500, 2000, 8000] },
  { size: 150, edges: 600, most: Infinity, budgets: [500, 2000, 8000] },
  { size: 10_000, edges: 50_000, most: 1, budgets: [500, 4000] },
]) {
  test(`of ${size} entities every tool tells at most a tenth more than max_tokens, in data and in text`, async (t) => {
    const architecture = size === 10_000 ? large : serving(randomGraph(1, size, edges))
    let fullest = 0
    for (const tool of askable) {
      for (const question of questions[tool.name]?.slice(0, most) ?? []) {
        for (const max_tokens of budgets) {
          const { content, text } = await call(tool, { ...question, max_tokens }, architecture)
          const tokens = Math.max(countTokens(JSON.stringify(content)), countTokens(text))
          fullest = Math.max(fullest, tokens / max_tokens)
          const asked = `${tool.name} ${JSON.stringify(question)}`
          assert.ok(tokens <= max_tokens * 1.1, `${asked}: ${tokens} tokens for ${max_tokens}`)
          assert.equal(typeof content['summary'], 'string', asked)
          assert.equal(content['revision'], 1, asked)
        }
      }
    }
    t.diagnostic(`the fullest answer took ${fullest.toFixed(2)} of its budget`)
  })
}

/** A text of so many characters, of these. */
function drawn(characters: string, length: number, random: () => number): string {
  return Array.from({ length }, () => characters[Math.floor(random() * characters.length)]).join('')
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz'
const namings: Record<string, (at: number, random: () => number) => string> = {
  words: (at) =>
    `${['order', 'payment', 'cart'][at % 3]}-${['worker', 'gateway', 'cache'][(at >> 1) % 3]}-${at}`,
  'another alphabet': (at) => `注文サービス${at}`,
  'letters with marks': (at) => `größe-überweisung-${at}.svc.cluster.local`,
  'random letters': (_, random) => drawn(alphabet, 10, random),
  'random capitals': (_, random) => drawn(alphabet.toUpperCase(), 8, random),
  'random letters of both cases and digits': (_, random) =>
    drawn(`${alphabet}${alphabet.toUpperCase()}0123456789`, 20, random),
  syllables: (_, random) =>
    Array.from({ length: 4 }, () => drawn('bdfgklmnprstvz', 1, random) + drawn('aeiou', 1, random)).join(''),
  'hexadecimal digits': (_, random) => drawn('0123456789abcdef', 32, random),
}

for (const [what, nameOf] of Object.entries(namings)) {
  test(`names of ${what} keep to the budget and fill it`, async () => {
    const random = randomNumbers(7)
    const names = Array.from({ length: 1200 }, (_, at) => nameOf(at, random))
    const [first = ''] = names
    const odd = graph(
      names.map((name) => entity(name)),
      names.slice(1).map((name) => relation(`service:shop/${name}`, `service:shop/${first}`)),
    )
    for (const max_tokens of [500, 2000, 8000]) {
      const question = { ref: first, direction: 'upstream', max_tokens }
      const { content, text } = await call(getDependencies, question, serving(odd))
      const tokens = Math.max(countTokens(JSON.stringify(content)), countTokens(text))
      assert.ok(tokens <= max_tokens * 1.1, `${tokens} tokens for ${max_tokens}`)
      assert.ok(content['truncated'] === false || tokens >= max_tokens * 0.55, `${tokens} of ${max_tokens}`)
    }
  })
}

test('the list of tools takes less than 5,000 tokens', (t) => {
  const tokens = countTokens(JSON.stringify(presentTools(tools)))
  t.diagnostic(`${tokens} tokens`)
  assert.ok(tokens < 5000)
})

test('no question about 10,000 entities and 50,000 relations grows out of hand', async (t) => {
  // Scores are computed once for a revision, in slices beside other requests; they are not part of any one question.
  await (await large.load('org')).criticality.scores()
  for (const tool of askable) {
    const medians: number[] = []
    for (const question of questions[tool.name] ?? []) {
      for (let round = 0; round < 2; round += 1) await call(tool, question, large)
      const times: number[] = []
      for (let round = 0; round < 3; round += 1) {
        const before = process.cpuUsage()
        await call(tool, question, large)
        times.push(processorMilliseconds(before))
      }
      medians.push(times.toSorted((a, b) => a - b)[1] ?? Infinity)
    }
    const slowest = Math.max(...medians)
    t.diagnostic(`${tool.name}: ${slowest.toFixed(1)} ms of CPU for its costliest question`)
    // Meant to take 20 ms, which `npm run bench` measures. A slow machine with others at work takes four times as long; what
    // is computed for each question though it should be kept takes longer still.
    assert.ok(slowest < 200, `${tool.name}: ${slowest} ms`)
  }
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

test('what does not fit is said to be cut, with where to go on', async () => {
  const { content } = await call(getEntity, { ref: 'hub', max_tokens: 500 }, serving(hub))
  assert.equal(content['truncated'], true)
  assert.equal(content['total'], 3000)
  assert.match(String(content['hint']), /get_dependencies/)
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
