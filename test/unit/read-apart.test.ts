import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { readFiles } from '../../src/architecture/importers/importers.ts'
import { createReadApart } from '../../src/architecture/importers/read-apart.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'

/** Manifests of so many services, each of which uses the next: about 400 bytes each. */
function manifests(count: number): { path: string; content: Uint8Array }[] {
  const documents = Array.from({ length: count }, (_, at) => {
    const url = `http://service-${at + 1}.shop.svc.cluster.local:8080`
    const container = `{ name: main, image: "shop/service-${at}:1", env: [{ name: NEXT_URL, value: "${url}" }] }`
    return `apiVersion: apps/v1
kind: Deployment
metadata: { name: service-${at}, namespace: shop }
spec:
  selector: { matchLabels: { app: service-${at} } }
  template:
    metadata: { labels: { app: service-${at} } }
    spec: { containers: [${container}] }
`
  })
  return [{ path: 'shop.yaml', content: Buffer.from(documents.join('---\n')) }]
}

function isRefusal(error: Error): boolean {
  return error.name === 'DomainError' && /^shop\.yaml:\d+: /.test(error.message)
}

test('what is large is read as everything else, while others are served', async () => {
  const files = manifests(60)
  const read = createReadApart()
  let turns = 0
  const count = setInterval(() => (turns += 1))
  const reading = Promise.resolve(read(files)).finally(() => clearInterval(count))
  assert.deepEqual(await reading, readFiles(files))
  assert.ok(turns > 10, `${turns} turns of the event loop`)
})

test('what is refused is refused in the same words, and the next import is read', async () => {
  const read = createReadApart()
  const [file] = manifests(60)
  assert.ok(file)
  const broken = [{ ...file, content: `${Buffer.from(file.content).toString()}---\na: [` }]
  assert.throws(() => readFiles(broken), isRefusal)
  await assert.rejects(async () => read(broken), isRefusal)
  assert.equal((await read(manifests(60))).readings.length, 1)
})

test('what takes too much memory or too long is refused, and nothing else is harmed', async () => {
  const architecture = createArchitecture({
    blobs: createMemoryBlobs(),
    now: () => 1000,
    read: createReadApart({ mostMegabytes: 12 }),
  })
  await assert.rejects(architecture.importFiles('org', manifests(600)), {
    name: 'DomainError',
    code: 'import_refused',
    message: /^Reading these files takes more than 12 MB of memory\. Nothing was imported\./,
  })
  assert.equal((await architecture.load('org')).newest, 0)
  assert.equal((await architecture.importFiles('org', manifests(2))).changed, true)

  const hasty = createReadApart({ mostSeconds: 0.01 })
  await assert.rejects(async () => hasty(manifests(600)), {
    code: 'import_refused',
    message: /^Reading these files takes more than 0\.01 seconds\./,
  })
})
