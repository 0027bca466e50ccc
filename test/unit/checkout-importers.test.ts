import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import ignore from 'ignore'
import type { ImportFile } from '../../src/architecture/importers/import-file.ts'
import type { Reading } from '../../src/architecture/importers/importer.ts'
import { readCodeowners } from '../../src/architecture/importers/codeowners/importer.ts'
import { compilePathPattern } from '../../src/architecture/importers/codeowners/path-patterns.ts'
import { readHosts } from '../../src/architecture/importers/hosts/importer.ts'
import { isSourceFile } from '../../src/architecture/importers/hosts/source-files.ts'
import { readFiles } from '../../src/architecture/importers/importers.ts'
import { readPackages } from '../../src/architecture/importers/packages/importer.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { edgesOf } from '../support/kubernetes-manifests.ts'
import { withoutExplosion } from '../support/processor-time.ts'

function files(contents: Record<string, string>): ImportFile[] {
  return Object.entries(contents).map(([path, content]) => ({ path, content }))
}

function owners(content: string, path = 'CODEOWNERS'): Reading {
  return readCodeowners(files({ [path]: content }))
}

/** Reads where each relation stands, as `to line`. */
function placesOf({ claims }: Reading): string[] {
  return claims.relations.flatMap(({ to, evidence }) => evidence.map(({ place }) => `${to} ${place.line}`))
}

test('CODEOWNERS: folders that are components belong to teams, people and addresses', () => {
  const reading = owners(`
# everything
/src/cartservice/   @acme/cart-team   # see the wiki
services/mail/**    @ada bob@example.com
/apps/*.ts          @acme/front
*.js                @acme/front
/src/cart/storage/redis/ @acme/stores
docs/               @acme/writers
`)
  assert.deepEqual(edgesOf(reading), [
    'service:cartservice -owned_by-> team:cart-team',
    'service:mail -owned_by-> user:ada',
    'service:mail -owned_by-> user:bob@example.com',
  ])
  assert.deepEqual(
    reading.claims.entities.filter(({ mentionOnly }) => mentionOnly).map(({ ref }) => ref),
    ['service:cartservice', 'service:mail'],
  )
  assert.deepEqual(reading.claims.entities.find(({ kind }) => kind === 'team')?.aliases, ['acme/cart-team'])
  assert.deepEqual(reading.claims.relations[0]?.evidence, [
    {
      method: 'code_owners',
      place: { file: 'CODEOWNERS', line: 3, field: '/src/cartservice/' },
      basis: 'declared',
    },
  ])
})

test('CODEOWNERS: the last rule that fits decides, also for everything, and one without owners takes away', () => {
  assert.deepEqual(edgesOf(owners('/cart/ @acme/cart\n/mail/ @acme/mail\n* @acme/all\n/mail/\n')), [
    'service:cart -owned_by-> team:all',
  ])
})

test('CODEOWNERS: patterns mean what they mean in .gitignore, and none takes long', () => {
  const folders = ['src/cart', 'mail', 'services/deep/x']
  const patterns = fc.array(
    fc.constantFrom('/', '/', '*', '**', '**/', '/**', '?', 'src', 'cart', 'c', 'mail', 'x', '.js'),
    { minLength: 1, maxLength: 5 },
  )
  const unlike = /\*\*[^/]|[^/]\*\*|\/\/|^\/$/
  fc.assert(
    fc.property(patterns, fc.constantFrom(...folders), (parts, folder) => {
      const pattern = parts.join('')
      fc.pre(!unlike.test(pattern))
      const expected = ignore().add(pattern).ignores(`${folder}/file`)
      assert.equal(compilePathPattern(pattern)(`${folder}/file`.split('/')), expected, `${pattern} ${folder}`)
    }),
  )
  assert.equal(
    withoutExplosion(() => compilePathPattern('a*'.repeat(100) + 'b')(['a'.repeat(60)])),
    false,
  )
})

test('CODEOWNERS of GitLab: of each section the last rule decides; sections have owners of their own', () => {
  const reading = owners(
    '[Code] @acme/dev\n/cart/\n/mail/ @acme/mail\n^[Security][2]\n* @acme/security @@owner\n',
  )
  assert.deepEqual(edgesOf(reading), [
    'service:cart -owned_by-> team:dev',
    'service:cart -owned_by-> team:security',
    'service:mail -owned_by-> team:mail',
    'service:mail -owned_by-> team:security',
  ])
})

test('CODEOWNERS: who owns everything owns the repository, where the path tells its name', () => {
  const reading = owners('* @acme/all\n', 'work/shop/.github/CODEOWNERS')
  assert.deepEqual(edgesOf(reading), ['repository:shop -owned_by-> team:all'])
  assert.match(owners('\n* @acme/all\n').warnings.join(), /^CODEOWNERS:2: owners of everything were left out/)
})

function packageJson(name: string, dependencies: Record<string, string>): string {
  return JSON.stringify({ name, dependencies, devDependencies: { typescript: '6', mocha: '1' } }, null, 2)
}

test('packages: what is made in the checkout or of the own scope is a library, and what two components share', () => {
  const reading = readPackages(
    files({
      'shop/package.json': JSON.stringify({ workspaces: ['services/*', 'libs/*'] }),
      'shop/services/cart/package.json': packageJson('@acme/cart', {
        koa: '3',
        pg: '8',
        '@acme/log': '*',
        '@acme/far': '1',
        once: '1',
        __proto__: '1',
      }),
      'shop/services/mail/package.json': packageJson('mail', { koa: '3', log: 'file:../../libs/log' }),
      'shop/libs/log/package.json': packageJson('@acme/log', { koa: '3' }),
    }),
  )
  assert.deepEqual(edgesOf(reading), [
    'library:@acme/log -uses_library-> library:koa',
    'service:cart -uses_library-> library:@acme/far',
    'service:cart -uses_library-> library:@acme/log',
    'service:cart -uses_library-> library:koa',
    'service:mail -uses_library-> library:@acme/log',
    'service:mail -uses_library-> library:koa',
  ])
  const cart = reading.claims.entities.find(({ name }) => name === 'cart')
  assert.deepEqual(cart?.tags, ['uses-postgres'])
  assert.equal(cart?.attributes.language, 'typescript')
  assert.equal(cart?.mentionOnly, true)
  const place = reading.claims.relations.find(({ to }) => to === 'library:koa')?.evidence[0]?.place
  assert.deepEqual(place, { file: 'shop/libs/log/package.json', line: 4, field: 'dependency koa' })
})

const ecosystems: [what: string, contents: [string, string], lines: string[]][] = [
  [
    'go.mod',
    [
      'module example.com/shop/src/a\n\nrequire (\n\texample.com/x v1.2.0\n\texample.com/y v1.0.0 // indirect\n)\n',
      'module example.com/b/v2\nrequire example.com/x v1.1.0\n',
    ],
    ['library:example.com/x 4', 'library:example.com/x 2'],
  ],
  [
    'pom.xml',
    [
      `<project>
  <parent><groupId>org.acme</groupId><artifactId>parent</artifactId></parent>
  <artifactId>a</artifactId>
  <!-- <dependency><groupId>no</groupId><artifactId>no</artifactId></dependency> -->
  <dependencies>
    <dependency><groupId>org.acme</groupId><artifactId>b</artifactId></dependency>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency>
  </dependencies>
</project>`,
      '<project><groupId>org.acme</groupId><artifactId>b</artifactId></project>',
    ],
    ['library:org.acme:b 6'],
  ],
  [
    'build.gradle.kts',
    [
      'dependencies {\n  implementation("org.acme:x:1.0")\n  implementation(project(":b"))\n  testImplementation("org.acme:t:1")\n}',
      "dependencies {\n  api 'org.acme:x:1.0'\n}",
    ],
    ['library:org.acme:x 2', 'library:b 3', 'library:org.acme:x 2'],
  ],
  [
    'requirements.txt',
    ['# all\nFlask[async]>=3 ; python_version > "3"\n-r more.txt\n', 'flask==3.0\n-e ../a\n'],
    ['library:flask 2', 'library:a 2', 'library:flask 1'],
  ],
  [
    'pyproject.toml',
    [
      '[project]\nname = "a"\ndependencies = [\n  "httpx>=0.2",\n]\n',
      '[tool.poetry]\nname = "b"\n[tool.poetry.dependencies]\npython = "^3"\nhttpx = "*"\na = { path = "../a" }\n',
    ],
    ['library:httpx 4', 'library:a 6', 'library:httpx 5'],
  ],
  [
    'Cargo.toml',
    [
      '[package]\nname = "a"\n[dependencies]\nserde = "1"\n[dev-dependencies]\nrstest = "1"\n',
      '[package]\nname = "b"\n[dependencies]\nserde = { version = "1" }\na = { path = "../a" }\nrstest = "1"\n',
    ],
    ['library:serde 4', 'library:a 5', 'library:serde 4'],
  ],
  [
    'Gemfile',
    ["gem 'rails'\n", "source 'x'\ngem \"rails\", '~> 8'\n"],
    ['library:rails 1', 'library:rails 2'],
  ],
  [
    'composer.json',
    ['{"require":{"php":"8",\n"acme/x":"1"}}', '{"require":{\n\n"acme/x":"1"}}'],
    ['library:acme/x 2', 'library:acme/x 3'],
  ],
  [
    'x.csproj',
    [
      '<Project>\n<PackageReference Include="Grpc" />\n</Project>',
      '<Project>\n<PackageReference Include="Grpc" />\n<ProjectReference Include="..\\a\\x.csproj" />\n</Project>',
    ],
    ['library:Grpc 2', 'library:x 3', 'library:Grpc 2'],
  ],
]

for (const [name, [a, b], expected] of ecosystems) {
  test(`packages: ${name} tells what is shared, at which line`, () => {
    const reading = readPackages(files({ [`shop/a/${name}`]: a, [`shop/b/${name}`]: b }))
    assert.deepEqual(placesOf(reading).toSorted(), expected.toSorted())
  })
}

test('packages: a manifest that cannot be read refuses the import, with file and line', () => {
  const message = (name: string, content: string): string => {
    try {
      readPackages(files({ [name]: content }))
    } catch (error) {
      assert.ok(error instanceof DomainError && error.code === 'import_refused')
      return error.message
    }
    throw new Error('was not refused')
  }
  assert.match(message('a/package.json', '{\n"name": hunter2\n}'), /^a\/package\.json:2: invalid JSON\./)
  assert.match(message('a/Cargo.toml', '[package]\nname = \n'), /^a\/Cargo\.toml:2: invalid TOML\./)
})

test('hosts: URLs, hosts before ports and under names of addresses, each from the component of its file', () => {
  const reading = readHosts(
    files({
      'shop/src/cart/Dockerfile': 'FROM node:20\nENV MAIL_HOST=mail\n',
      'shop/src/cart/app/main.ts': [
        '// see https://www.apache.org/licenses',
        'const catalogue = `http://catalogue${domain}/items`',
        'connect("stock.shop.svc.cluster.local:8080")',
        "const users = process.env.USERS_ADDR ?? 'users'",
        "const options = { width:1000, name: 'orders', service: 'orders' }",
        'fetch("http://localhost:3000"); fetch("http://cart/self")',
      ].join('\n'),
      'shop/src/web/package.json': '{}',
      'shop/src/web/config/production.yaml': 'redis:\n  host: sessions\n  addr: cache:6379\n',
      'shop/ts-order-service/src/main/java/Order.java':
        '@FeignClient(name = "ts-seat-service")\nString u = getServiceUrl("ts-route-service");\n',
    }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:cart -calls-> service:catalogue',
    'service:cart -calls-> service:mail',
    'service:cart -calls-> service:shop/stock',
    'service:cart -calls-> service:users',
    'service:ts-order-service -calls-> service:ts-route-service',
    'service:ts-order-service -calls-> service:ts-seat-service',
    'service:web -calls-> service:cache',
    'service:web -calls-> service:sessions',
  ])
  assert.ok(reading.claims.entities.every(({ mentionOnly }) => mentionOnly))
  assert.deepEqual(reading.claims.relations[0]?.evidence, [
    {
      method: 'host_name',
      basis: 'inferred',
      place: { file: 'shop/src/cart/app/main.ts', line: 2, field: 'host catalogue' },
    },
  ])
})

test('hosts: with one manifest at its root a checkout is one component, but for its commands and services', () => {
  const reading = readHosts(
    files({
      'shop/go.mod': 'module shop',
      'shop/internal/mail/send.go': 'get("http://mailer/")',
      'shop/cmd/worker/main.go': 'get("http://queue/")',
    }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:shop -calls-> service:mailer',
    'service:worker -calls-> service:queue',
  ])
})

test('hosts: the scheme of a URL tells what is used', () => {
  const reading = readHosts(
    files({ 'shop/src/cart/main.go': 'dial("redis://:secret@sessions:6379"); dial("amqp://bus/x")' }),
  )
  assert.deepEqual(edgesOf(reading), [
    'service:cart -uses_queue-> service:bus',
    'service:cart -reads_writes-> service:sessions',
  ])
  assert.doesNotMatch(JSON.stringify(reading), /secret/)
})

test('hosts: tests, what tools make and others wrote, data and binaries are not looked at', () => {
  const yes = [
    'src/a.ts',
    'a/main.go',
    'a/application.yml',
    'a/config/x.json',
    '.env',
    'a/Dockerfile',
    'nginx.conf',
  ]
  const no = `node_modules/x/a.js a/vendor/b.go a/test/b.ts a/b_test.go a/B.spec.ts a/OrderTest.java dist/a.js
    package-lock.json yarn.lock a/x.pb.go a/x_pb2.py data/x.json README.md logo.png docs/a.py a.min.js`
  assert.deepEqual(
    yes.filter((path) => !isSourceFile({ path, content: 'x' })),
    [],
  )
  assert.deepEqual(
    no.split(/\s+/).filter((path) => isSourceFile({ path, content: 'x' })),
    [],
  )
  assert.equal(isSourceFile({ path: 'a.ts', content: 'x\0y' }), false)
  assert.equal(isSourceFile({ path: 'a.ts', content: 'x'.repeat(300_000) }), false)
})

test('each file of a checkout goes to the importer that is for it', () => {
  const { readings, unrecognized } = readFiles(
    files({
      'shop/k8s/web.yaml': 'kind: Service\nmetadata: { name: web }\n',
      'shop/CODEOWNERS': '/src/web/ @acme/web\n',
      'shop/src/web/package.json': '{"name":"web"}',
      'shop/src/web/main.ts': 'fetch("http://api/")',
      'shop/README.md': '# Shop',
    }),
  )
  assert.deepEqual(
    readings.map(({ type, files: count }) => `${type} ${count}`),
    ['kubernetes 1', 'codeowners 1', 'packages 1', 'hosts 1'],
  )
  assert.deepEqual(unrecognized, ['shop/README.md'])
})

test('variables beside a Compose file are for it, and else code and configuration like any other', () => {
  const kindsOf = (contents: Record<string, string>) =>
    readFiles(files(contents)).readings.map(({ type, files: count }) => `${type} ${count}`)
  const variables = { 'shop/.env': 'MAIL_HOST=mail\n' }
  assert.deepEqual(kindsOf({ ...variables, 'shop/compose.yaml': 'services: { web: { image: web } }\n' }), [
    'compose 2',
  ])
  assert.deepEqual(kindsOf(variables), ['hosts 1'])
})
