import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { layOut } from '../../src/architecture/diagram/layout.ts'
import { selectForDiagram } from '../../src/architecture/diagram/selection.ts'
import { drawSvg } from '../../src/architecture/diagram/svg.ts'
import { indexGraph } from '../../src/architecture/loading.ts'
import type { Entity, Relation } from '../../src/architecture/model.ts'
import { entity, graph, randomGraph, relation } from '../support/random-graphs.ts'

const everything = { depth: 1, telemetry: false, limit: 200 }

function select(
  entities: Entity[],
  relations: Relation[],
  question: { focus?: string; depth?: number } = {},
) {
  const { index } = indexGraph(graph(entities, relations))
  const focus = question.focus === undefined ? undefined : index.ordinals.get(question.focus)
  return selectForDiagram(index, { ...everything, ...question, focus })
}

const ref = (name: string) => `service:shop/${name}`

describe('A diagram', () => {
  it('shows what runs, and not who owns it or only watches it, unless that is the focus', () => {
    const team = { ...entity('web-team'), kind: 'team' as const, ref: 'team:web' }
    const watcher = { ...entity('watcher'), tags: ['telemetry'] }
    const entities = [entity('web'), watcher, team]
    const relations = [{ ...relation(ref('web'), 'team:web'), type: 'owned_by' as const }]
    const names = (focus?: string) =>
      select(entities, relations, focus === undefined ? {} : { focus }).entities.map(({ name }) => name)
    assert.deepEqual(names(), ['web'])
    assert.deepEqual(names(ref('watcher')), ['watcher'])
  })

  it('reaches as far as asked around its focus, in both directions', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const chain = names.slice(1).map((name, at) => relation(ref(names[at] ?? ''), ref(name)))
    const around = (depth: number) =>
      select(
        names.map((name) => entity(name)),
        chain,
        { focus: ref('c'), depth },
      ).entities.map(({ name }) => name)
    assert.deepEqual(around(1), ['b', 'c', 'd'])
    assert.deepEqual(around(2), names)
  })

  it('says how many found no place, and keeps those most depended on', () => {
    const { index } = indexGraph(randomGraph(1, 300, 900))
    const selection = selectForDiagram(index, { ...everything, limit: 50 })
    assert.equal(selection.entities.length, 50)
    assert.equal(selection.omitted, 250)
    assert.ok(selection.entities.some(({ name }) => name === 'node-00000'))
  })

  it('lays out boxes that do not overlap, dependents on the left, whatever has no relation below', () => {
    const { index } = indexGraph(randomGraph(7, 40, 60))
    const selection = selectForDiagram(index, everything)
    const { nodes, edges, width, height } = layOut(selection)
    assert.equal(nodes.length, selection.entities.length)
    for (const [at, one] of nodes.entries()) {
      assert.ok(one.x - one.width / 2 >= 0 && one.x + one.width / 2 <= width, one.label)
      assert.ok(one.y - one.height / 2 >= 0 && one.y + one.height / 2 <= height, one.label)
      for (const other of nodes.slice(at + 1)) {
        const apart =
          Math.abs(one.x - other.x) >= (one.width + other.width) / 2 ||
          Math.abs(one.y - other.y) >= (one.height + other.height) / 2
        assert.ok(apart, `${one.label} on ${other.label}`)
      }
    }
    const [line] = layOut(select([entity('a'), entity('b')], [relation(ref('b'), ref('a'))])).edges
    assert.ok((line?.points[0]?.x ?? 0) < (line?.points.at(-1)?.x ?? 0))
    assert.equal(edges.flatMap(({ relations }) => relations).length, selection.relations.length)
  })

  it('leaves out of names what nearly all begin with', () => {
    const names = ['cart', 'mail', 'pay', 'ship'].map((name) => entity(`release-${name}`))
    const labels = layOut(select([...names, entity('other')], [])).nodes.map(({ label }) => label)
    assert.deepEqual(labels.toSorted(), ['cart', 'mail', 'other', 'pay', 'ship'])
  })

  it('draws names from files as text, never as markup', () => {
    const name = '</text><script>alert(1)</script>"\u0000&'
    const evil = { ...entity('evil'), name, description: '<img src=x>' }
    const svg = drawSvg(layOut(select([evil], [])), { title: name, hrefOf: () => '/?a="b"&c' })
    assert.doesNotMatch(svg, /<script|<img/)
    assert.ok(!svg.includes('\u0000'))
    assert.match(svg, /&lt;\/text&gt;&lt;script&gt;/)
    assert.match(svg, /href="\/\?a=&quot;b&quot;&amp;c"/)
  })

  it('marks inferred relations, queues and the focus', () => {
    const guess = relation(ref('a'), ref('b'))
    const inferred = {
      ...guess,
      evidence: guess.evidence.map((each) => ({ ...each, basis: 'inferred' as const })),
    }
    const published = { ...relation(ref('a'), ref('c')), type: 'publishes' as const }
    const selection = select([entity('a'), entity('b'), entity('c')], [inferred, published])
    const svg = drawSvg(layOut(selection), { title: 'x', focus: ref('a') })
    assert.match(svg, /class="edge inferred"/)
    assert.match(svg, /class="edge async"/)
    assert.match(svg, /class="node service focus"/)
  })
})
