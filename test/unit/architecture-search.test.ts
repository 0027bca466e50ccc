import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGraphIndex, entityAt } from '../../src/architecture/graph-index.ts'
import { resolveEntity } from '../../src/architecture/queries/entity-resolution.ts'
import { searchEntities } from '../../src/architecture/queries/entity-search.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { indexOf } from '../support/described-graphs.ts'
import { entity, graph, relation } from '../support/random-graphs.ts'

const index = createGraphIndex(
  graph(
    [
      entity('cart', { description: 'Keeps what people want to buy' }),
      entity('cart-worker'),
      entity('shopping-cart-api', { aliases: ['basket'] }),
      entity('checkout'),
      entity('redis', { kind: 'cache', attributes: { technology: 'redis', images: ['redis:7-alpine'] } }),
      entity('redis', { kind: 'cache', namespace: 'other' }),
      entity('orders-db', {
        kind: 'database',
        attributes: { technology: 'postgres', images: ['postgres:17'] },
      }),
      entity('payments', { kind: 'unresolved', namespace: 'other' }),
      entity('payments'),
    ],
    [
      relation('service:shop/checkout', 'service:shop/cart-worker'),
      relation('service:shop/checkout', 'service:shop/cart'),
      relation('service:shop/cart', 'service:shop/cart-worker'),
    ],
  ),
)

function found(query: string | undefined, more: object = {}): string[] {
  return searchEntities(index, { query, limit: 20, ...more }).hits.map(({ entity: { ref } }) => ref)
}

test('names come before parts of names, and these before everything else', () => {
  assert.deepEqual(found('cart'), [
    'service:shop/cart',
    'service:shop/cart-worker',
    'service:shop/shopping-cart-api',
  ])
  assert.deepEqual(found('CART-W'), ['service:shop/cart-worker'])
})

test('aliases, descriptions, images, technologies, kinds in plural and namespaces are searched', () => {
  assert.deepEqual(found('basket'), ['service:shop/shopping-cart-api'])
  assert.deepEqual(found('want to buy'), ['service:shop/cart'])
  assert.deepEqual(found('alpine'), ['cache:shop/redis'])
  assert.deepEqual(found('postgres'), ['database:shop/orders-db'])
  assert.deepEqual(found('databases'), ['database:shop/orders-db'])
  assert.deepEqual(found('redis other'), ['cache:other/redis'])
})

test('typing errors are forgiven where nothing matches', () => {
  const { hits } = searchEntities(index, { query: 'chekcout', limit: 5 })
  assert.equal(hits[0]?.entity.name, 'checkout')
  assert.equal(hits[0]?.matched, 'similar name')
  assert.deepEqual(found('zzzzzz'), [])
})

test('without words everything is listed, most depended on first, in pages that do not overlap', () => {
  const all = found(undefined)
  assert.equal(all.length, 9)
  assert.equal(all[0], 'service:shop/cart-worker')
  assert.deepEqual([...found(' ', { limit: 4 }), ...found('', { limit: 5, offset: 4 })], all)
  const { total, totalByKind } = searchEntities(index, { kinds: ['cache', 'database'], limit: 1 })
  assert.deepEqual([total, totalByKind], [3, { cache: 2, database: 1 }])
})

test('an entity is found by reference, namespace and name, name, alias, in any case, with the marks of answers', () => {
  const refOf = (text: string) => entityAt(index, resolveEntity(index, text, 'ref')).ref
  for (const text of ['service:shop/cart', 'SHOP/cart', 'Cart', ' cart ', '~cart', 'cart?']) {
    assert.equal(refOf(text), 'service:shop/cart')
  }
  assert.equal(refOf('basket'), 'service:shop/shopping-cart-api')
  assert.equal(refOf('payments'), 'service:shop/payments')
  assert.equal(refOf('unresolved:other/payments?'), 'unresolved:other/payments')
})

function refusalOf(text: string): string {
  try {
    resolveEntity(index, text, 'ref')
  } catch (error) {
    assert.ok(error instanceof DomainError && error.code === 'not_found' && error.field === 'ref')
    return error.message
  }
  throw new Error('was found')
}

test('an ambiguous name is refused with the references it may mean', () => {
  assert.equal(
    refusalOf('redis'),
    '"redis" is ambiguous. Use one of these references: cache:other/redis, cache:shop/redis.',
  )
})

test('an unknown name is refused with the nearest ones, at most five', () => {
  assert.match(
    refusalOf('cartt'),
    /^No entity is called "cartt"\. Did you mean one of these: service:shop\/cart, /,
  )
  assert.match(refusalOf('service:wrong/checkout'), /these: service:shop\/checkout\?/)
  assert.ok((refusalOf('a').match(/:shop\//g) ?? []).length <= 5)
  assert.match(refusalOf('zzzzzz'), /Nothing has a similar name/)
})

const owned = indexOf(
  {
    identity: { description: 'Handles authentication of customers', tags: ['Critical', 'pci'] },
    ledger: { description: 'Books payments', tags: ['pci'], attributes: { language: 'kotlin' } },
    platform: { kind: 'team' },
  },
  ['identity owned_by platform', 'ledger calls identity'],
)

function foundIn(search: object): string[] {
  return searchEntities(owned, { limit: 10, ...search }).hits.map(({ entity: { name } }) => name)
}

test('tags and languages are searched, and typing errors in words of descriptions and tags are forgiven', () => {
  assert.deepEqual(foundIn({ query: 'pci' }), ['identity', 'ledger'])
  assert.deepEqual(foundIn({ query: 'kotlin' }), ['ledger'])
  const [hit] = searchEntities(owned, { query: 'authentcation', limit: 1 }).hits
  assert.deepEqual([hit?.entity.name, hit?.matched], ['identity', 'similar word'])
  assert.deepEqual(foundIn({ query: 'criticla' }), ['identity'])
  assert.deepEqual(foundIn({ query: 'ledgre paymnets' }), ['ledger'])
  assert.deepEqual(foundIn({ query: 'books authentcation' }), [])
})

test('a search is limited by owner and by tag, in any case', () => {
  for (const owner of ['platform', 'Platform', 'team:shop/platform'])
    assert.deepEqual(foundIn({ owner }), ['identity'])
  assert.deepEqual(foundIn({ owner: 'nobody' }), [])
  assert.deepEqual(foundIn({ tag: 'PCI' }), ['identity', 'ledger'])
  assert.deepEqual(foundIn({ tag: 'pci', query: 'books' }), ['ledger'])
  assert.equal(searchEntities(owned, { tag: 'pci', limit: 1 }).total, 2)
})
