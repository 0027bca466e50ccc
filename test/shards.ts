/**
 * Puts test files together into shards, which is what `npm test` runs: `node --test` gives each file it is told a process
 * of its own, and each begins with seconds of imports. The files of a shard share one and follow each other.
 */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Shard {
  files: string[]
  /** Of all its files. */
  weight: number
}

/** Beside the one of the pages: they run at once, so that two processors are busy while a test of one of them waits. */
const shardCount = 2
/** What other processes do, and what waits, takes longer than the size of its test tells: as long as so many bytes of others. */
const slow: Record<string, number> = {
  'integration/processes.test.js': 80_000,
  'integration/crashes.test.js': 50_000,
  'e2e/passkeys.test.js': 60_000,
  'contract/store.test.js': 60_000,
  'contract/redis-outages.test.js': 50_000,
}
const tests = fileURLToPath(new URL('.', import.meta.url))
const target = join(tests, '..', 'shards')

const pages = 'e2e/pages.test.js'
const found = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js') && file !== pages)
  .map((file) => ({ file, weight: slow[file] ?? statSync(join(tests, file)).size }))
  // The heaviest first, each into the lightest shard so far: all end at about the same time.
  .toSorted((a, b) => b.weight - a.weight)

const shared = Array.from({ length: shardCount }, (): Shard => ({ files: [], weight: 0 }))
for (const { file, weight } of found) {
  const lightest = shared.reduce((least, shard) => (shard.weight < least.weight ? shard : least))
  lightest.files.push(file)
  lightest.weight += weight
}

mkdirSync(target, { recursive: true })
for (const [index, files] of [[pages], ...shared.map((shard) => shard.files)].entries()) {
  const name = `${String(index + 1).padStart(2, '0')}.test.js`
  writeFileSync(join(target, name), files.map((file) => `import '../test/${file}'\n`).join(''))
}
