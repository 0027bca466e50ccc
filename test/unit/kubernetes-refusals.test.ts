import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKubernetes } from '../../src/architecture/importers/kubernetes/importer.ts'
import { DomainError } from '../../src/domain/errors.ts'
import {
  configMap,
  edgesOf,
  readDocuments,
  refsOf,
  service,
  workload,
} from '../support/kubernetes-manifests.ts'
import { withoutExplosion } from '../support/processor-time.ts'

/** The refusal of an import, which must come soon, whatever is read. */
function refusalOf(...contents: string[]): string {
  return withoutExplosion(() => {
    try {
      readKubernetes(contents.map((content, at) => ({ path: `${at}.yaml`, content })))
    } catch (error) {
      assert.ok(error instanceof DomainError && error.code === 'import_refused', String(error))
      return error.message
    }
    throw new Error('was not refused')
  })
}

test('broken YAML is refused with file and line, without a word of its content', () => {
  const message = refusalOf(service('api'), 'kind: Service\nmetadata:\n  name: x\n   password: hunter2\n')
  assert.match(message, /^1\.yaml:\d: invalid YAML: .*Nothing was imported\.$/)
  assert.doesNotMatch(message, /hunter2/)
})

test('an unrendered Helm template is refused with advice', () => {
  const message = refusalOf('{{- if .Values.enabled }}\nkind: Service\nmetadata:\n  name: x\n{{- end }}\n')
  assert.match(message, /^0\.yaml:1: .*helm template/)
})

test('an alias bomb is refused', () => {
  const levels = Array.from(
    { length: 9 },
    (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(',')}]`,
  )
  assert.match(refusalOf(['a0: &a0 [x]', ...levels].join('\n')), /^0\.yaml:1: the aliases/)
})

test('what merges itself, and small bombs in many documents, are refused; hundreds of repetitions are not', () => {
  assert.match(refusalOf('kind: Service\nmetadata: &a { <<: *a }\n'), /^0\.yaml:1: an alias/)
  const bomb = `a: &a [${'x,'.repeat(100)}]\nb: [${'*a,'.repeat(100)}]\n`
  assert.match(refusalOf(`---\n${bomb}`.repeat(30)), /^0\.yaml:59: the aliases/)
  const uses = Array.from({ length: 500 }, (_, at) => `  x${at}: { <<: *all, own: *labels }\n`)
  const { claims } = readDocuments(
    `labels: &labels { a: x, b: x }\nall: &all { labels: *labels }\nuses:\n${uses.join('')}`,
    service('api'),
  )
  assert.equal(claims.entities.length, 1)
})

test('a part of an object, as Kustomize takes for a patch, takes nothing away from the whole one', () => {
  const patch = JSON.stringify({
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 3, template: { spec: { containers: [{ name: 'web', resources: {} }] } } },
  })
  const whole = workload('web', { env: [{ name: 'API_URL', value: 'http://api' }] })
  const servicePatch = JSON.stringify({
    kind: 'Service',
    metadata: { name: 'api' },
    spec: { type: 'NodePort' },
  })
  for (const documents of [
    [whole, service('api'), patch, servicePatch],
    [servicePatch, patch, service('api'), whole],
  ]) {
    const reading = readDocuments(...documents)
    assert.deepEqual(edgesOf(reading), ['service:default/web -calls-> service:default/api'])
    assert.equal(reading.warnings.filter((warning) => warning.includes('kubectl kustomize')).length, 2)
  }
})

test('long files are not deep ones, with either end of line, comments and text in blocks', () => {
  const data = Array.from({ length: 300 }, (_, at) => `  k${at}: v # - a: b\n`).join('')
  const text = `  text: |\n    ${' '.repeat(1_000)}- a\n`
  const content = `kind: ConfigMap\nmetadata:\n  name: x\ndata:\n${data}${text}---\n${service('api')}\n`
  for (const each of [content, content.replaceAll('\n', '\r\n')])
    assert.deepEqual(refsOf(readDocuments(each)), ['service:default/api'])
})

test('what is nested without brackets is refused, on one line, over lines and in keys', () => {
  const overLines = Array.from({ length: 1_500 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')
  for (const content of [
    `${'- '.repeat(4_000)}x`,
    `${'? '.repeat(4_000)}x`,
    'a: '.repeat(4_000),
    overLines,
    `${'? '.repeat(50)}x`,
    `${'{'.repeat(50)}x${'}'.repeat(50)}`,
  ])
    assert.match(refusalOf(content), /^0\.yaml:1: /)
})

test('an undefined alias is refused', () => {
  assert.match(refusalOf('kind: Service\nmetadata: *nowhere\n'), /^0\.yaml:\d: /)
})

test('files above 2 MB and imports above 16 MB are refused', () => {
  assert.match(refusalOf('#'.repeat(2 * 1024 * 1024 + 1)), /^0\.yaml:1: the file has 2\.0 MB/)
  assert.match(refusalOf(...Array<string>(9).fill('#'.repeat(2 * 1024 * 1024))), /^8\.yaml:1: .*16\.0 MB/)
})

test('what is cheap to write and slow to parse is refused: documents, brackets, flow items, keys', () => {
  for (const content of [
    '---\n'.repeat(500_000),
    '['.repeat(200_000),
    `{${'a,'.repeat(500_000)}}`,
    'a: '.repeat(300_000),
    Array.from({ length: 150_000 }, (_, at) => `k${at}: 1`).join('\n'),
  ]) {
    assert.match(refusalOf(content), /^0\.yaml:1: /)
  }
  assert.match(refusalOf('---\na: 1\n'.repeat(10_001)), /^0\.yaml:20002: more than 10000 documents/)
})

test('an import without anything that runs is refused, so that it cannot empty a graph by mistake', () => {
  assert.match(refusalOf('kind: ConfigMap\nmetadata: { name: x }\n'), /^No workload/)
  assert.match(refusalOf(''), /^No workload/)
})

const oddities: [what: string, document: string][] = [
  [
    'null containers',
    '{kind: Deployment, metadata: {name: odd}, spec: {template: {spec: {containers: null}}}}',
  ],
  [
    'containers that are text',
    '{kind: Deployment, metadata: {name: odd}, spec: {template: {spec: {containers: x}}}}',
  ],
  ['no spec', '{kind: Deployment, metadata: {name: odd}}'],
  ['null metadata', '{kind: Deployment, metadata: null}'],
  ['a list as metadata', '{kind: Service, metadata: [1]}'],
  ['a number as name', '{kind: Service, metadata: {name: 7}}'],
  ['a template as name', '{kind: Service, metadata: {name: {{ .Values.name }}}}'],
  ['markup as name', '{kind: Service, metadata: {name: "<b>x</b>"}}'],
  [
    'numbers and null in env',
    '{kind: Job, metadata: {name: odd}, spec: {template: {spec: {containers: [{env: [{name: A, value: 1}, null, {name: 2}, {value: x}], args: [1, null, {}]}]}}}}',
  ],
  [
    'ports of any shape',
    '{kind: Service, metadata: {name: odd}, spec: {selector: x, ports: [null, {port: http}, {port: 1.5}]}}',
  ],
  ['ConfigMap without data', '{kind: ConfigMap, metadata: {name: odd}, data: null}'],
  ['prototype keys', '{kind: ConfigMap, metadata: {name: odd}, data: {__proto__: {a: b}, constructor: x}}'],
  ['a list of a list', '{kind: List, items: [{kind: List, items: []}, null, 3]}'],
  ['a list that contains itself', '&a {kind: List, items: [*a]}'],
  ['a scalar document', 'just text'],
  ['an unknown tag', '{kind: !!js/function "x"}'],
]

for (const [what, document] of oddities) {
  test(`survived: ${what}`, () => {
    const reading = readDocuments(document, workload('web'), service('web'))
    assert.ok(refsOf(reading).includes('service:default/web'))
  })
}

test('what is left out is said, with file and line, or counted by kind', () => {
  const reading = readDocuments(
    workload('web'),
    '{kind: Service, metadata: {}}',
    '{kind: PodDisruptionBudget, metadata: {name: x}}',
    '{kind: PodDisruptionBudget, metadata: {name: y}}',
    '{no: kind}',
    service('lost', { selector: { app: 'nobody' } }),
    workload('web'),
  )
  assert.deepEqual(reading.ignored, { PodDisruptionBudget: 2, 'without kind': 1 })
  assert.equal(reading.documents, 7)
  assert.match(reading.warnings.join('\n'), /^test\.yaml:3: Service without a name/m)
  assert.match(reading.warnings.join('\n'), /^test\.yaml:13: Deployment default\/web is there twice/m)
  assert.match(
    reading.warnings.join('\n'),
    /^test\.yaml:11: the selector of Service lost matches no workload/m,
  )
})

test('members of a List and of typed lists are read like documents, with their own lines', () => {
  const list = `kind: List
items:
- kind: Deployment
  metadata: { name: web }
  spec:
    template:
      spec:
        containers:
        - env:
          - { name: API_URL, value: "http://api" }
`
  const typed = '{kind: ServiceList, items: [{metadata: {name: api}}]}'
  const reading = readDocuments(list, typed)
  assert.deepEqual(edgesOf(reading), ['service:default/web -calls-> service:default/api'])
  assert.equal(reading.claims.relations[0]?.evidence[0]?.place.line, 10)
})

test('values made to exhaust whoever reads them are read in a moment', () => {
  const texts = ['a=', '$(', 'a:1,', ';', '"a', 'http://a,', '://', ' ', '@'].map((part) =>
    part.repeat(8000 / part.length),
  )
  const env = texts.map((value, at) => ({ name: `URL_${at}`, value }))
  const read = withoutExplosion(() => readDocuments(workload('web', { env, args: texts })))
  assert.ok(edgesOf(read).length > 0)
})

test('a large ConfigMap shared by very many containers is refused, not read for minutes', () => {
  const data = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`K${at}`, 'x'.repeat(100)]))
  const env = { envFrom: [{ configMapRef: { name: 'shared' } }] }
  const workloads = Array.from({ length: 200 }, (_, at) => workload(`web-${at}`, env))
  const message = refusalOf([configMap('shared', data), ...workloads].join('\n---\n'))
  assert.match(message, /^0\.yaml:\d+: variables and arguments up to here are too much/)
})
