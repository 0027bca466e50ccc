import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Importer } from '../../src/architecture/importers/importer.ts'
import { importers } from '../../src/architecture/importers/importers.ts'
import { sampleFiles } from '../../src/architecture/sample.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { withoutExplosion } from '../support/processor-time.ts'

/** Files of every kind there is to start from: real ones where the folder is there, else the sample's. */
const data = resolve('../shared/data')
const seeds = existsSync(data) ? realFiles() : sampleFiles.map(({ content }) => String(content))

const maxBytes = 512 * 1024 * 1024

/** Words that importers look for, so that random structures get past the first question. */
const words =
  `apiVersion kind metadata name namespace labels annotations spec template containers env envFrom value
  valueFrom configMapKeyRef image ports port selector matchLabels matchExpressions operator In Exists values podSelector
  namespaceSelector ingress egress from to rules http paths backend service parentRefs backendRefs hostnames services
  depends_on environment links networks extends build volumes metadata.name owner dependsOn providesApis consumesApis
  system type lifecycle resourceSpans scopeSpans spans traceId spanId parentSpanId attributes key stringValue resource
  startTimeUnixNano endTimeUnixNano dependencies devDependencies workspaces project entities relations version
  Deployment Service Ingress NetworkPolicy HTTPRoute Gateway ConfigMap Component API List v1 backstage.io/v1alpha1
  opentrace app __proto__ constructor items`.split(/\s+/)

const paths =
  `shop.yaml deploy.json docker-compose.yml compose.yaml catalog-info.yaml CODEOWNERS .github/CODEOWNERS
  package.json a/go.mod a/pom.xml a/build.gradle requirements.txt pyproject.toml Cargo.toml Gemfile composer.json
  a/b.csproj traces.json spans.otlp.pb opentrace.yaml src/cart/main.go .env`.split(/\s+/)

const word = fc.constantFrom(...words)
const scalar = fc.oneof(word, fc.string({ maxLength: 30 }), fc.integer(), fc.boolean(), fc.constant(null))
const { structure } = fc.letrec<{ structure: unknown }>((tie) => ({
  structure: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    scalar,
    fc.array(tie('structure'), { maxLength: 4 }),
    fc.dictionary(word, tie('structure'), { maxKeys: 6 }),
  ),
}))

/** A real file with pieces cut, doubled, or replaced by words of another. */
const mutated = fc
  .record({
    seed: fc.constantFrom(...seeds),
    start: fc.nat(),
    cuts: fc.array(
      fc.record({
        at: fc.nat(),
        length: fc.nat(200),
        put: fc.oneof(
          word,
          fc.string({ maxLength: 8 }),
          fc.constantFrom('\n', ': ', '- ', '{', '[', '"', '&a ', '*a', '\0', '\t'),
        ),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ seed, start, cuts }) => {
    const from = seed.length > 6_000 ? start % (seed.length - 6_000) : 0
    return cuts.reduce(
      (text, { at, length, put }) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + put + text.slice(place + length)
      },
      seed.slice(from, from + 6_000),
    )
  })

const content = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }),
  structure.map((value) => JSON.stringify(value)),
  mutated,
  mutated.map((text) => new TextEncoder().encode(text)),
)

for (const importer of importers) {
  test(`${importer.type}: whatever a file holds, it is read or refused, soon and within memory`, () => {
    const files = fc.array(fc.record({ path: fc.constantFrom(...paths), content }), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(files, (some) => {
        readOrRefuse(importer, some)
      }),
      { numRuns: 60 },
    )
  })
}

function readOrRefuse(importer: Importer, files: Parameters<Importer['read']>[0]): void {
  const before = process.memoryUsage().heapUsed
  files.forEach((file) => importer.accepts(file))
  try {
    const { claims, warnings } = withoutExplosion(() => importer.read(files))
    assert.ok(Array.isArray(warnings))
    const refs = new Set(claims.entities.map(({ ref }) => ref))
    for (const { from, to } of claims.relations) assert.ok(refs.has(from) && refs.has(to), `${from} -> ${to}`)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    assert.equal(error.code, 'import_refused')
    assert.doesNotMatch(error.message, /\p{Cc}/u)
  }
  assert.ok(process.memoryUsage().heapUsed - before < maxBytes)
}

function realFiles(): string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ya?ml|json|env)$|CODEOWNERS$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').slice(0, 400_000))
}
