import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readDeclared, declaredImporter } from '../../src/architecture/importers/declared/importer.ts'
import { declaredJsonSchema } from '../../src/architecture/importers/declared/schema.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { packageRoot } from '../../src/package.ts'

function read(...contents: string[]) {
  return readDeclared(contents.map((content, at) => ({ path: `${at}.opentrace.yaml`, content })))
}

function edges(...contents: string[]): string[] {
  return read(...contents)
    .claims.relations.map(({ from, type, to }) => `${from} ${type} ${to}`)
    .toSorted()
}

function refusalOf(...contents: string[]): string {
  try {
    read(...contents)
  } catch (error) {
    assert.ok(error instanceof DomainError && error.code === 'import_refused', String(error))
    return error.message
  }
  throw new Error('was not refused')
}

function accepts(path: string, content = ''): boolean {
  return declaredImporter.accepts({ path, content })
}

describe('A declaration', () => {
  it('tells entities and relations by names, verbs, or with more words; what is described elsewhere is only named', () => {
    const content = `opentrace: 1
entities:
  - name: checkout
    description: Takes orders
    owner: crew
    system: shop
    tags: [pci]
    aliases: [checkoutservice]
    language: go
    tier: critical
    replicas: 3
    links: [{ url: 'https://wiki.example.com' }]
    repository: https://github.com/acme/checkout
    depends_on:
      - orders-db
      - payment
      - { to: mail, relation: publishes, description: sends receipts }
    calls: [database:legacy, stock/levels]
  - { name: orders-db, kind: database, technology: postgres }
  - { name: mail, kind: queue }
  - { name: crew, kind: team, part_of: [team:shop-people] }
`
    assert.deepEqual(edges(content), [
      'service:checkout calls database:legacy',
      'service:checkout calls unresolved:stock/levels',
      'service:checkout depends_on unresolved:payment',
      'service:checkout owned_by team:crew',
      'service:checkout part_of system:shop',
      'service:checkout publishes queue:mail',
      'service:checkout reads_writes database:orders-db',
      'service:checkout source_in repository:acme/checkout',
      'team:crew part_of team:shop-people',
    ])
    const { claims } = read(content)
    const checkout = claims.entities.find(({ name }) => name === 'checkout')
    assert.equal(checkout?.attributes.tier, 'critical')
    assert.deepEqual(checkout?.attributes.links, [
      { title: 'https://wiki.example.com', url: 'https://wiki.example.com' },
    ])
    assert.deepEqual(claims.relations.find(({ to }) => to === 'queue:mail')?.evidence, [
      {
        method: 'declaration',
        place: { file: '0.opentrace.yaml', line: 17, field: 'checkout publishes: sends receipts' },
        basis: 'declared',
      },
    ])
  })

  it('is of an environment where it says so, and finds what others declare for none', () => {
    assert.deepEqual(
      edges(
        'opentrace: 1\nenvironment: Production\nentities:\n  - { name: a, owner: crew, calls: [b, c] }\n  - { name: b }',
        'opentrace: 1\nentities: [{ name: b }, { name: c }, { name: crew, kind: team }]',
      ),
      [
        'service:a@production calls service:b@production',
        'service:a@production calls service:c',
        'service:a@production owned_by team:crew',
      ],
    )
  })

  it('has to say which of several it means', () => {
    const two = '{ name: db, kind: database, namespace: a }, { name: db, kind: database, namespace: b }'
    const message = refusalOf(`opentrace: 1\nentities: [${two},\n  { name: x, reads: [db] }]`)
    assert.match(
      message,
      /^0\.opentrace\.yaml:3: db is not clear, name it as database:a\/db or database:b\/db\./,
    )
    assert.deepEqual(edges(`opentrace: 1\nentities: [${two}, { name: x, reads: [b/db] }]`), [
      'service:x reads database:b/db',
    ])
  })

  const wrong: [content: string, why: RegExp][] = [
    ['entities: []', /:1: opentrace must be 1/],
    ['opentrace: 1\nentities:\n  - nam: a', /:3: "nam" is no key here; there are name, kind, namespace/],
    [
      'opentrace: 1\nentities:\n  - name: a\n    kind: databse',
      /:4: kind must be one of service, website, job/,
    ],
    [
      'opentrace: 1\nentities:\n  - name: a\n    calls:\n      - too: b',
      /:5: .*(?:to must be given|"too" is no key here; there are to, relation, description)/,
    ],
    [
      'opentrace: 1\nentities:\n  - name: a\n    calls:\n      - to: b\n        relation: eats',
      /:6: relation must be one of calls, reads/,
    ],
    ['opentrace: 1\nentities:\n  - name: a\n    calls: b', /:4: calls must be a list/],
    [
      'opentrace: 1\nentities:\n  - name: a\n    calls: [databse:b]',
      /:4: an item of calls must be a name, kind:name/,
    ],
    ['opentrace: 1\nentities:\n  - name: 12', /:3: name must be text \(quote it/],
    ['opentrace: 1\nentities:\n  - kind: job', /:3: name must be given, as text/],
    ['opentrace: 1\nentities:\n  - name: <b>', /:3: name must be letters, digits/],
    ['opentrace: 1\nentities:\n  - name: a\n    replicas: many', /:4: replicas must be a number/],
    [
      'opentrace: 1\nentities:\n  - name: a\n    links: [{ url: "javascript:x" }]',
      /:4: url must be an address with http/,
    ],
    ['opentrace: 1\nentities:\n  - name: a\n    repository: nowhere', /:4: repository must be an address/],
    ['- a', /:1: the document must be a map/],
    ['opentrace: 1\nentities: []', /^No entity in 1 declaration/],
  ]
  for (const [content, why] of wrong) {
    it(`is refused with a place and what would be right: ${JSON.stringify(content).slice(0, 90)}`, () => {
      const message = refusalOf(content)
      assert.match(message, why)
      assert.match(message, /Nothing was imported\.$/)
    })
  }

  it('is told everything that is wrong at once, up to ten', () => {
    const bad = Array.from({ length: 30 }, (_, at) => `  - { name: a${at}, kin: x }`).join('\n')
    const message = refusalOf(`opentrace: 1\nentities:\n${bad}`)
    assert.equal(message.match(/is no key here/g)?.length, 10)
    assert.match(message, /and 20 more like these/)
  })

  it('is recognized by its name or its first key', () => {
    assert.ok(accepts('docs/opentrace.yaml') && accepts('shop.opentrace.yml') && accepts('.opentrace.yaml'))
    assert.ok(accepts('any.yaml', '# ours\nopentrace: 1\n'))
    assert.ok(!accepts('any.yaml', 'a: 1\n  opentrace: x\n') && !accepts('myopentrace.txt'))
  })
})

describe('docs/opentrace.schema.json', () => {
  it('is the schema of the code; UPDATE_SCHEMA=1 writes it anew', () => {
    const path = join(packageRoot(), 'docs/opentrace.schema.json')
    if (process.env['UPDATE_SCHEMA'] === '1')
      writeFileSync(path, `${JSON.stringify(declaredJsonSchema(), undefined, 2)}\n`)
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), JSON.parse(JSON.stringify(declaredJsonSchema())))
  })
})
