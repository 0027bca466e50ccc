import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderMermaid } from '../../src/architecture/mermaid.ts'
import { entity, relation } from '../support/random-graphs.ts'

test('a diagram has a box for each namespace, one arrow for each pair, and drums for stores', () => {
  const entities = [
    entity('cart'),
    entity('cart-db', { kind: 'database' }),
    entity('pay', { namespace: 'bank' }),
    entity('lost', { kind: 'unresolved' }),
  ]
  const { text, omitted } = renderMermaid(entities, [
    relation('service:shop/cart', 'database:shop/cart-db', 'reads'),
    relation('service:shop/cart', 'database:shop/cart-db', 'writes'),
    relation('service:shop/cart', 'service:bank/pay'),
    relation('service:shop/cart', 'service:shop/not-drawn'),
  ])
  assert.equal(omitted, 0)
  assert.equal(
    text,
    `flowchart LR
  subgraph g0["shop"]
    n0["cart"]
    n1[("cart-db")]
    n3{{"lost"}}
  end
  subgraph g1["bank"]
    n2["pay"]
  end
  n0 -->|reads, writes| n1
  n0 -->|calls| n2
  classDef database stroke:#2563eb
  class n1 database
  classDef unresolved stroke:#dc2626,stroke-dasharray:4 3
  class n3 unresolved`,
  )
})

test('names from imported files cannot leave their label', () => {
  const { text } = renderMermaid(
    [entity('a"]\n click n0 call evil()\u2028<b>#`|x', { namespace: 'x"]' })],
    [],
  )
  assert.deepEqual(text.split('\n').slice(1), [
    '  subgraph g0["x#34;#93;"]',
    '    n0["a#34;#93;  click n0 call evil() #60;b#62;#35;#96;#124;x"]',
    '  end',
  ])
})

test('sixty entities are drawn at most, and the rest is counted', () => {
  const entities = Array.from({ length: 100 }, (_, at) => entity(`node-${at}`))
  const { text, drawn, omitted } = renderMermaid(entities, [
    relation('service:shop/node-0', 'service:shop/node-59'),
    relation('service:shop/node-0', 'service:shop/node-60'),
  ])
  assert.deepEqual([drawn, omitted], [60, 40])
  assert.match(text, /n0 -->\|calls\| n59\n?/)
  assert.doesNotMatch(text, /n60/)
})
