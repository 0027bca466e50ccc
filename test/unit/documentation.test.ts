import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { packageRoot } from '../../src/package.ts'

const root = packageRoot()
const readme = read('README.md')
const storage = read('docs/storage.md')
const filesOfSource = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)
const source = filesOfSource.map((name) => read(join('src', name))).join('\n')

describe('README.md', () => {
  const rows = rowsOf(sectionOf(readme, '## Configuration'))

  it('names exactly the variables of src/config.ts', () => {
    const variables = captures(read('src/config.ts'), /^ {2}([A-Z][A-Z_]+): z\b/gm)
    assert.ok(variables.includes('PUBLIC_URL'))
    assert.deepEqual(rows.map(nameOf).toSorted(), variables.toSorted())
  })

  it('gives the defaults of src/config.ts', () => {
    const defaults = [...read('src/config.ts').matchAll(/^ {2}([A-Z_]+): z[^\n]*\.default\('([^']+)'\)/gm)]
    assert.ok(defaults.length >= 4)
    for (const [, variable, value] of defaults) {
      assert.ok(
        rows.find((row) => nameOf(row) === variable)?.includes(`\`${value}\``),
        `${variable}: ${value}`,
      )
    }
  })

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const script of captures(readme, /npm run ([a-z:]+)/g)) assert.ok(script in scripts, script)
  })
})

describe('The documents', () => {
  const documents = [
    ...readdirSync(root).filter((name) => name.endsWith('.md')),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ]

  it('link only to files that exist', () => {
    const links = documents.flatMap((file) =>
      captures(read(file), /\]\((?!https?:|#)([^)#]+)/g).map((link) => ({ file, link })),
    )
    assert.ok(links.length > 10)
    const broken = links.filter(({ file, link }) => !existsSync(join(root, file, '..', link)))
    assert.deepEqual(broken, [])
  })

  it('name only files of src that exist', () => {
    const named = documents.flatMap((file) => captures(read(file), /`([\w/-]+\.ts)`/g))
    assert.ok(named.length > 30)
    const sources = filesOfSource.map((file) => `/src/${file}`)
    const missing = named.filter(
      (name) => !sources.some((file) => file.endsWith(`/${name}`)) && !existsSync(join(root, name)),
    )
    assert.deepEqual(missing, [])
  })
})

describe('docs/storage.md', () => {
  it('names exactly the models of artifacts in use', () => {
    const ttl = /^ {4}ttl: \{([^}]+)\}/m.exec(source)?.[1] ?? ''
    const models = new Set([
      ...captures(ttl, /^ {6}([A-Z]\w+):/gm),
      ...captures(source, /artifacts\s*\.(?:get|consume|delete|list)\('(\w+)'/g),
      ...captures(source, /\bmodel: '(\w+)'/g),
    ])
    assert.ok(models.has('AccessToken') && models.has('SetupToken') && models.has('Client'))
    assert.deepEqual(documented('Artifacts'), [...models].toSorted())
  })

  it('names exactly the kinds of documents in use', () => {
    const kinds = new Set([
      ...captures(source, /documents\s*\.(?:get|findUnique|list|touch)\(\s*'([\w-]+)'/g),
      ...captures(source, /op: '(?:put|delete)'(?: as const)?,\s*kind: '([\w-]+)'/g),
    ])
    assert.ok(kinds.has('user') && kinds.has('installation') && kinds.has('client-session'))
    assert.deepEqual(documented('Documents'), [...kinds].toSorted())
  })

  it('names exactly the windows of the limiter', () => {
    const windows = new Set([
      ...captures(source, /\bname: '([\w-]+)', limit: /g),
      ...captures(source, /limiter\.hit\([`']([\w-]+)/g),
    ])
    assert.ok(windows.has('mcp'))
    assert.deepEqual(documented('Limiter windows'), [...windows].toSorted())
  })

  it('names every table of SQLite and every key of Redis', () => {
    for (const table of captures(source, /create table (\w+)/g)) {
      assert.ok(storage.includes(`| \`${table}\``), table)
    }
    const keys = captures(source, /`\$\{prefix\}([^`]+)`/g)
    assert.ok(keys.length > 10)
    for (const key of keys) {
      const fixed = key.replaceAll(/\$\{\w+\}/g, '\0').split('\0')[0] ?? ''
      assert.ok(storage.includes(`| \`${fixed}`), key)
    }
  })

  function documented(heading: string): string[] {
    return rowsOf(sectionOf(storage, `### ${heading}`))
      .map(nameOf)
      .toSorted()
  }
})

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function captures(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, captured = '']) => captured)
}

/** What stands between a heading and the next. @throws {Error} when there is no such heading */
function sectionOf(text: string, heading: string): string {
  const start = text.indexOf(`\n${heading}\n`)
  if (start === -1) throw new Error(`no heading "${heading}"`)
  const section = text.slice(start + heading.length + 2)
  const end = section.search(/^#/m)
  return end === -1 ? section : section.slice(0, end)
}

/** The rows of a table whose first cell is a name in backticks. */
function rowsOf(section: string): string[] {
  return section.split('\n').filter((line) => line.startsWith('| `'))
}

function nameOf(row: string): string {
  return row.split('`')[1] ?? ''
}
