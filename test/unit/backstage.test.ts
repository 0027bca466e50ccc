import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { backstageImporter, readBackstage } from '../../src/architecture/importers/backstage/importer.ts'
import { readFiles } from '../../src/architecture/importers/importers.ts'
import type { Claims } from '../../src/architecture/model.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { filesOf, skipWithoutTrueEdges as skip } from '../support/true-edges.ts'

function read(...documents: string[]) {
  const content = documents.map((each) => `apiVersion: backstage.io/v1alpha1\n${each}`).join('\n---\n')
  return readBackstage([{ path: 'catalog-info.yaml', content }])
}

/** Relations as `service:a calls service:b`, in alphabetical order. */
function edges({ relations }: Claims): string[] {
  return relations.map(({ from, type, to }) => `${from} ${type} ${to}`).toSorted()
}

describe('The documented example of Backstage', () => {
  it('is read with exactly its relations', { skip }, (t) => {
    const [file] = filesOf('backstage-catalog', 'catalog-info.yaml')
    assert.ok(file)
    const truth = JSON.parse(readFileSync('../shared/data/backstage-catalog/edges.json', 'utf8')) as {
      edges: { source: string; target: string; kind: string }[]
    }
    const { claims, warnings } = readBackstage([file])
    const names = new Map(claims.entities.map(({ ref, name }) => [ref, name]))
    const found = claims.relations.map(({ from, type, to }) => {
      const [source, target] = type === 'provided_by' ? [to, from] : [from, to]
      return `${names.get(source)} ${theirWord(type)} ${names.get(target)}`
    })
    const expected = truth.edges.map(
      ({ source, target, kind }) =>
        `${nameOf(source)} ${kind.replace('childOf', 'partOf')} ${nameOf(target)}`,
    )
    const right = found.filter((edge) => expected.includes(edge)).length
    t.diagnostic(
      `precision ${(right / found.length).toFixed(2)}, recall ${(right / expected.length).toFixed(2)} (${found.length} found, ${expected.length} true)`,
    )
    assert.deepEqual(found.toSorted(), expected.toSorted())
    assert.deepEqual(warnings, [])
    // Named, and not in the file. Of people nothing more than their name is expected.
    assert.deepEqual(
      claims.entities.filter(({ kind }) => kind === 'unresolved').map(({ name }) => name),
      ['artists', 'audio-playback', 'wayback-archive', 'wayback-search'],
    )
  })
})

function nameOf(ref: string): string {
  return ref.slice(ref.indexOf('/') + 1)
}

function theirWord(type: string): string {
  const words: Record<string, string> = {
    owned_by: 'ownedBy',
    part_of: 'partOf',
    provided_by: 'providesApi',
    consumes_api: 'consumesApi',
  }
  return words[type] ?? 'dependsOn'
}

describe('A catalog', () => {
  it('relates all kinds; a short reference means the kind and namespace of its field and file', () => {
    const { claims, warnings, ignored } = read(
      `kind: Component
metadata: { name: Shop, namespace: default }
spec:
  type: service
  owner: crew
  system: store
  dependsOn: [Resource:Default/shop-db, component:ui-kit, component:mailer, shop-db, nobody, 'a b']
  dependencyOf: component:site
  providesApis: [orders]
  consumesApis: [default/orders]
  subcomponentOf: site`,
      'kind: Component\nmetadata: { name: site }\nspec: { type: website }',
      'kind: Component\nmetadata: { name: mailer }\nspec: { type: batch-job }',
      'kind: Component\nmetadata: { name: ui-kit }\nspec: { type: library }',
      'kind: Resource\nmetadata: { name: shop-db, namespace: DEFAULT }\nspec: { type: postgres, dependencyOf: [component:site] }',
      'kind: Resource\nmetadata: { name: uploads }\nspec: { type: s3-bucket, owner: user:ann }',
      'kind: API\nmetadata: { name: orders, title: Orders API }\nspec: { type: openapi, system: store, owner: group:crew, definition: x }',
      'kind: System\nmetadata: { name: store, namespace: web }\nspec: { domain: trade, owner: crew }',
      'kind: System\nmetadata: { name: store }\nspec: { domain: trade }',
      'kind: Domain\nmetadata: { name: trade }\nspec: { subdomainOf: all }',
      'kind: Group\nmetadata: { name: crew }\nspec: { type: team, parent: dept, children: [sub], members: [ann] }',
      'kind: User\nmetadata: { name: ann }\nspec: { memberOf: [crew], profile: { displayName: Ann B., email: ann@example.com } }',
      'kind: Location\nspec: { targets: [./a] }',
      'kind: Template\nmetadata: { name: t }',
      'kind: Component\nmetadata: { name: "<b>" }',
    )
    assert.deepEqual(edges(claims), [
      'api:orders owned_by team:crew',
      'api:orders part_of system:store',
      'api:orders provided_by service:Shop',
      'domain:trade part_of unresolved:all',
      'service:Shop consumes_api api:orders',
      'service:Shop depends_on job:mailer',
      'service:Shop owned_by team:crew',
      'service:Shop part_of system:store',
      'service:Shop part_of website:site',
      'service:Shop reads_writes database:shop-db',
      'service:Shop uses_library library:ui-kit',
      'storage:uploads owned_by user:ann',
      'system:store part_of domain:trade',
      'system:web/store owned_by team:web/crew',
      'system:web/store part_of unresolved:web/trade',
      'team:crew part_of team:dept',
      'team:sub part_of team:crew',
      'user:ann part_of team:crew',
      'website:site depends_on service:Shop',
      'website:site reads_writes database:shop-db',
    ])
    assert.deepEqual(ignored, { Location: 1, Template: 1 })
    assert.equal(warnings.length, 3)
    assert.match(
      warnings.join('\n'),
      /catalog-info\.yaml:8: this entry of dependsOn does not say of which kind/,
    )
    assert.match(warnings.join('\n'), /Component without a valid name was left out/)
    assert.ok(!JSON.stringify(claims).includes('ann@example.com'))
    const api = claims.entities.find(({ ref }) => ref === 'api:orders')
    assert.equal(api?.attributes.form, 'openapi')
    assert.deepEqual(api?.aliases, ['Orders API'])
  })

  it('tells repository, lifecycle, tags and links; text is one line, links are http alone', () => {
    const { claims } = read(`kind: Component
metadata:
  name: shop
  description: "Sells\\n\\u202e things${' x'.repeat(300)}"
  tags: [java]
  annotations:
    backstage.io/source-location: url:https://github.com/acme/shop/tree/main/
    backstage.io/kubernetes-id: shop-web
  links:
    - { url: 'https://wiki.example.com/shop', title: Wiki }
    - { url: 'javascript:alert(1)', title: Bad }
spec: { type: service, lifecycle: production, owner: crew }`)
    const shop = claims.entities.find(({ name }) => name === 'shop')
    assert.match(shop?.description ?? '', /^Sells things x x/)
    assert.equal(shop?.description?.length, 240)
    assert.deepEqual(shop?.aliases, ['shop-web'])
    assert.deepEqual(shop?.tags, ['java'])
    assert.equal(shop?.attributes.lifecycle, 'production')
    assert.deepEqual(shop?.attributes.links, [{ title: 'Wiki', url: 'https://wiki.example.com/shop' }])
    const source = claims.relations.find(({ type }) => type === 'source_in')
    assert.deepEqual([source?.from, source?.to], ['service:shop', 'repository:acme/shop'])
    assert.deepEqual(source?.evidence, [
      {
        method: 'catalog',
        place: { file: 'catalog-info.yaml', line: 8, field: 'annotation backstage.io/source-location' },
        basis: 'declared',
      },
    ])
  })

  it('tells what is described nowhere apart by kind', () => {
    const { claims } = read(
      'kind: Component\nmetadata: { name: a }\nspec: { owner: pay, system: pay, dependsOn: [component:Pay, component:pay] }',
    )
    assert.deepEqual(
      claims.entities.map(({ ref, aliases }) => [ref, ...aliases]),
      [['service:a'], ['team:pay'], ['unresolved:pay'], ['unresolved:pay (component)', 'pay']],
    )
  })

  it('is recognized beside Kubernetes manifests, and refused where it describes nothing', () => {
    const catalog = 'apiVersion: "backstage.io/v1beta1"\nkind: Component\nmetadata: { name: a }\n'
    assert.ok(backstageImporter.accepts({ path: 'x/all.yaml', content: catalog }))
    assert.ok(
      backstageImporter.accepts({ path: 'a.yml', content: 'apiVersion: scaffolder.backstage.io/v1\n' }),
    )
    assert.ok(!backstageImporter.accepts({ path: 'a.yml', content: 'apiVersion: v1\nkind: Service\n' }))
    const { readings } = readFiles([{ path: 'all.yaml', content: catalog }])
    assert.deepEqual(
      readings.map(({ type }) => type),
      ['backstage'],
    )
    assert.throws(() => read('kind: Location'), DomainError)
  })
})
