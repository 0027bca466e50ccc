/**
 * Puts test files together into shards, which is what `npm test` runs: `node --test` gives each file it is told a process
 * of its own, and each begins with a second of imports. The files of a shard share one and follow each other.
 */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Shard {
  files: string[]
  /** Of all its files. */
  bytes: number
}

const shardCount = 8
const tests = fileURLToPath(new URL('.', import.meta.url))
const target = join(tests, '..', 'shards')

const found = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .map((file) => ({ file, bytes: statSync(join(tests, file)).size }))
  // The largest first, each into the smallest shard so far: all end at about the same time.
  .toSorted((a, b) => b.bytes - a.bytes)

// Other processes do most of what these test, so they take longer than their size tells: each begins at once.
const slow = new Set(['e2e/pages.test.js', 'integration/processes.test.js', 'integration/crashes.test.js'])
const alone = found.filter(({ file }) => slow.has(file)).map(({ file, bytes }) => ({ files: [file], bytes }))
const shared = Array.from({ length: shardCount }, (): Shard => ({ files: [], bytes: 0 }))
for (const { file, bytes } of found) {
  if (slow.has(file)) continue
  const smallest = shared.reduce((least, shard) => (shard.bytes < least.bytes ? shard : least))
  smallest.files.push(file)
  smallest.bytes += bytes
}

mkdirSync(target, { recursive: true })
for (const [index, { files }] of [...alone, ...shared].entries()) {
  const name = `${String(index + 1).padStart(2, '0')}.test.js`
  writeFileSync(join(target, name), files.map((file) => `import '../test/${file}'\n`).join(''))
}
