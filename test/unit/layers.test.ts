import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'
import { packageRoot } from '../../src/package.ts'

/**
 * Who may import whom, and which packages; docs/architecture.md explains it. A folder may always import its own files.
 * `storage` stands for the files directly in it, of which faces see the contract alone.
 */
const layers: Record<string, { folders: string[]; packages: string[] }> = {
  'main.ts': { folders: ['cli'], packages: [] },
  'config.ts': {
    folders: ['domain/sign-in-provider.ts', 'mail', 'storage/redis/address.ts'],
    packages: ['node:*', 'zod'],
  },
  'package.ts': { folders: [], packages: ['node:*'] },
  'app.ts': {
    folders: [
      'architecture',
      'authorization-server',
      'config.ts',
      'dashboard',
      'domain',
      'http',
      'ingest',
      'mcp',
      'package.ts',
      'storage/contract.ts',
      'upstream',
    ],
    packages: ['koa', 'pino', 'prom-client'],
  },
  // The command line runs the server, so it alone of the faces knows the composition root and opens stores.
  cli: {
    folders: [
      'app.ts',
      'architecture',
      'config.ts',
      'diagnosis',
      'domain',
      'http',
      'mail',
      'storage/contract.ts',
      'storage/open.ts',
      'upstream/public-fetch.ts',
    ],
    packages: ['node:*', 'commander', 'ignore', 'koa', 'pino', 'zod'],
  },
  'authorization-server': {
    folders: ['domain', 'http', 'storage/contract.ts'],
    packages: ['node:*', '@koa/router', 'koa', 'oidc-provider', 'oidc-provider/lib/helpers/als.js', 'zod'],
  },
  mcp: {
    folders: ['architecture', 'domain', 'http', 'storage/contract.ts'],
    packages: ['node:*', '@modelcontextprotocol/server', 'koa', 'pino', 'zod'],
  },
  ingest: {
    folders: ['architecture', 'domain', 'http', 'storage/contract.ts'],
    packages: ['koa', 'protobufjs/light.js'],
  },
  dashboard: {
    folders: ['architecture', 'diagnosis', 'domain', 'http'],
    packages: ['node:*', '@koa/router', 'zod'],
  },
  // A client of the running server: it knows the addresses of `http`, and nothing of what answers there.
  diagnosis: {
    folders: ['domain/errors.ts', 'http/connection.ts', 'http/resource.ts'],
    packages: ['node:*', 'zod'],
  },
  http: {
    folders: ['domain', 'package.ts', 'storage/contract.ts'],
    packages: [
      'node:*',
      '@fastify/busboy',
      '@simplewebauthn/server',
      'eta',
      'koa',
      'pino',
      'prom-client',
      'raw-body',
      'zod',
    ],
  },
  // The way out to sign-in providers and issuers of identity tokens; what their word is worth stands in the domain.
  upstream: {
    folders: ['domain', 'http', 'storage/contract.ts'],
    packages: ['node:*', 'jose', 'openid-client', 'zod'],
  },
  // The one way out for messages to people; what is said in them stands in the domain and the faces.
  mail: { folders: ['domain'], packages: ['node:*', 'nodemailer'] },
  // No network and no file system below this line.
  architecture: {
    folders: ['domain', 'storage/contract.ts'],
    // Of dagre the layout of diagrams, of protobufjs the reading of bytes: arithmetic. Threads for importers alone.
    packages: [
      'node:crypto',
      'node:util',
      'node:worker_threads',
      'node:zlib',
      '@dagrejs/dagre',
      'protobufjs/light.js',
      'smol-toml',
      'yaml',
      'zod',
    ],
  },
  domain: {
    folders: ['storage/contract.ts'],
    // Of node:net only BlockList and isIP, of node:zlib only crc32: arithmetic.
    packages: ['node:crypto', 'node:net', 'node:zlib', '@node-rs/argon2', 'zod'],
  },
  storage: {
    folders: ['storage/redis', 'storage/sqlite'],
    packages: ['node:fs/promises', 'node:path', 'pino'],
  },
  'storage/redis': {
    folders: ['domain/identifiers.ts', 'storage'],
    packages: ['node:async_hooks', 'node:crypto', 'node:timers/promises', 'ioredis', 'pino'],
  },
  'storage/sqlite': {
    folders: ['domain/identifiers.ts', 'storage'],
    packages: ['node:sqlite', 'node:timers/promises', '@photostructure/sqlite'],
  },
}

const root = packageRoot()
const sources = filesUnder('src')

describe('The layers of src', () => {
  it('are imported only by those that may (docs/architecture.md)', () => {
    const found = sources.flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))
    // Were the imports written in a form that is not recognized here, the rule would hold for nothing.
    assert.ok(found.length > 300, `only ${found.length} imports recognized`)
    const refused = found.filter(({ file, specifier }) => !isAllowed(file, specifier))
    assert.deepEqual(
      refused.map(({ file, specifier }) => `${file} imports ${specifier}`),
      [],
    )
  })

  it('refuse what the table does not name', () => {
    assert.equal(isAllowed('src/mcp/endpoint.ts', '../authorization-server/clients.ts'), false)
    assert.equal(isAllowed('src/dashboard/router.ts', '../storage/sqlite/store.ts'), false)
    assert.equal(isAllowed('src/domain/users.ts', 'koa'), false)
    assert.equal(isAllowed('src/domain/users.ts', 'node:http'), false)
    assert.equal(isAllowed('src/http/views.ts', 'oidc-provider'), false)
    assert.equal(isAllowed('src/storage/sqlite/store.ts', '../redis/keys.ts'), false)
  })

  it('have no file over 300 lines', () => {
    const long = [...sources, ...filesUnder('bench')].filter((file) => read(file).split('\n').length > 301)
    assert.deepEqual(long, [])
  })

  it('have no default exports and no barrels', () => {
    const bad = sources.filter(
      (file) => /^export default\b/m.test(read(file)) || /^export \*/m.test(read(file)),
    )
    assert.deepEqual(bad, [])
  })

  it('have no file or folder that is named after nothing', () => {
    const vague = [...sources, ...filesUnder('test')].filter((file) =>
      /(?:^|[/-])(?:utils?|helpers?|common|managers?|misc)(?:[/.-]|$)/.test(file),
    )
    assert.deepEqual(vague, [])
  })
})

describe('The product', () => {
  it('mentions nothing outside of this repository', () => {
    const texts = [
      ...sources,
      ...filesUnder('views'),
      ...filesUnder('docs'),
      ...filesUnder('.').filter((file) => /^[^/]+\.(?:md|yml)$|^Dockerfile$/.test(file)),
    ]
    assert.deepEqual(
      texts.filter((file) => read(file).includes('../shared')),
      [],
    )
  })
})

function isAllowed(file: string, specifier: string): boolean {
  const layer = layerOf(file)
  const { folders, packages } = layers[layer] ?? { folders: [], packages: [] }
  if (!specifier.startsWith('.')) {
    return packages.includes(specifier) || (specifier.startsWith('node:') && packages.includes('node:*'))
  }
  const target = normalize(join(dirname(file), specifier))
  const path = target.replace(/^src\//, '')
  return layerOf(target) === layer || folders.includes(layerOf(target)) || folders.includes(path)
}

/** The row of the table a file belongs to. */
function layerOf(file: string): string {
  const [first = '', second = '', ...rest] = file.replace(/^src\//, '').split('/')
  return first === 'storage' && rest.length > 0 ? `${first}/${second}` : first
}

function importsOf(file: string): string[] {
  const fixed = /^(?:import|export)\b[^'";]*?\bfrom '([^']+)'|^import '([^']+)'/gm
  const dynamic = /\bimport\('([^']+)'\)|\bgetBuiltinModule\('([^']+)'\)/g
  const text = read(file)
  return [...text.matchAll(fixed), ...text.matchAll(dynamic)].map(
    ([, first, second]) => first ?? second ?? '',
  )
}

function filesUnder(folder: string): string[] {
  if (folder === '.') return readdirSync(root)
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}
