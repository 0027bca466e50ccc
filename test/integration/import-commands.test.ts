import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { openStore } from '../../src/storage/open.ts'
import { runCommandHere } from '../support/command-line.ts'
import { configMap, service, workload } from '../support/kubernetes-manifests.ts'
import { redisServerSkipReason, startRedis } from '../support/redis.ts'
import { populate } from '../support/server.ts'
import { testSecretKey } from '../support/server-process.ts'

const manifests = [
  workload('web', { env: [{ name: 'API_URL', value: 'http://api' }] }),
  workload('api', { labels: { app: 'api', team: 'core' } }),
  service('api'),
].join('\n---\n')

for (const engine of ['SQLite', 'Redis']) {
  const skip = engine === 'Redis' && redisServerSkipReason()
  describe(`opentrace import and sources, on ${engine}`, { skip }, () => {
    it('tells what would change, reads a checkout, lists its sources, and removes one', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'opentrace-'))
      const redis = engine === 'Redis' ? await startRedis() : undefined
      after(async () => {
        await redis?.stop()
        await rm(folder, { recursive: true, force: true })
      })
      const environment = {
        DATA_DIR: join(folder, 'data'),
        SECRET_KEY: testSecretKey,
        ...(redis && { REDIS_URL: redis.url }),
      }
      const store = await openStore(parseConfig(environment))
      const domain = createDomain({ store, now: Date.now })
      const { acme } = await populate({ store, domain })
      after(() => store.close())
      const run = (...args: string[]) => runCommandHere([...args, '--organization', 'acme'], environment)
      const checkout = join(folder, 'shop')
      await writeFiles(checkout, {
        'k8s/shop.yaml': manifests,
        'k8s/settings.yaml': configMap('settings', { A: 'b' }),
        CODEOWNERS: '/src/web/ @acme/front\n',
        'src/web/package.json': '{"name":"web","dependencies":{"pg":"8"}}',
        'src/web/main.ts': 'fetch("http://api/x")',
        'node_modules/x/package.json': '{broken',
        'old/deploy.yaml': workload('old'),
        '.opentraceignore': 'old/\n!dist\n',
        'dist/deploy.yaml': workload('built'),
        'README.md': '# Shop',
        'large.yaml': '#'.repeat(2 * 1024 * 1024 + 1),
      })

      const dry = await run('import', checkout, '--dry-run')
      assert.equal(dry.code, 0, dry.stderr)
      const added = dry.stdout.split('\n').filter((line) => line.startsWith('+ '))
      assert.deepEqual(added, [
        '+ service:default/api',
        '+ service:default/built',
        '+ service:default/web',
        '+ team:core',
        '+ team:front',
        '+ service:default/api -owned_by-> team:core',
        '+ service:default/web -calls-> service:default/api',
        '+ service:default/web -owned_by-> team:front',
      ])
      assert.match(dry.stdout, /The graph would change by \+8 -0 ~0\. Nothing was imported\./)
      assert.match((await run('sources', 'list')).stdout, /^Nothing was imported yet\./)

      const done = await run('import', checkout)
      assert.equal(done.code, 0, done.stderr)
      assert.match(done.stdout, /^Imported source "kubernetes", .*source "hosts" as revision 1: /)
      assert.match(done.stdout, /^ {2}hosts \(hosts\): 2 entities, 1 relations from 1 files$/m)
      assert.match(done.stdout, /^Passed over 2 files of other kinds\.$/m)
      assert.match(done.stdout, /^warning: .*large\.yaml:1: left out/m)
      assert.match((await run('import', checkout)).stdout, /^Nothing changed: /)

      const listed = await run('sources', 'list')
      assert.match(listed.stdout, /^SOURCE +KIND .*\nkubernetes +kubernetes +- +4 +2 /m)
      const removed = await run('sources', 'remove', 'kubernetes')
      assert.equal(removed.code, 0, removed.stderr)
      assert.match(removed.stdout, /^Removed source "kubernetes" with 4 entities and 3 relations/)
      const again = await run('sources', 'remove', 'kubernetes')
      assert.deepEqual([again.code, again.stderr], [1, 'error: There is no source "kubernetes".\n'])

      const events = await domain.auditLog.page(acme.id, { limit: 10 })
      assert.deepEqual(
        events.map(({ type }) => type).filter((type) => type.startsWith('architecture.')),
        ['architecture.source_removed', 'architecture.imported', 'architecture.imported'],
      )
    })
  })
}

describe('opentrace import, of what it cannot use', () => {
  it('names the file, the type or the place, and changes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'opentrace-'))
    after(() => rm(folder, { recursive: true, force: true }))
    const environment = { DATA_DIR: join(folder, 'data'), SECRET_KEY: testSecretKey }
    const store = await openStore(parseConfig(environment))
    await populate({ store, domain: createDomain({ store, now: Date.now }) })
    after(() => store.close())
    await writeFiles(folder, {
      'notes.txt': 'words',
      'empty/notes.txt': 'words',
      'bad.yaml': 'kind: Service\n a: b: c\n',
    })
    const errorOf = async (...args: string[]) => {
      const { code, stderr } = await runCommandHere(
        ['import', '--organization', 'acme', ...args],
        environment,
      )
      assert.equal(code, 1)
      return stderr.replaceAll(folder, '')
    }
    assert.match(
      await errorOf(join(folder, 'notes.txt')),
      /^error: \/notes\.txt is none of what can be imported: .*Kubernetes manifests, /,
    )
    assert.match(
      await errorOf(join(folder, 'empty')),
      /^error: There is nothing in \/empty that can be imported\./,
    )
    assert.match(await errorOf(join(folder, 'gone')), /^error: There is no file or folder \/gone\./)
    assert.match(await errorOf(join(folder, 'bad.yaml')), /^error: \/bad\.yaml:\d: /)
    assert.match(
      await errorOf(join(folder, 'bad.yaml'), '--type', 'cobol'),
      /^error: There is no type "cobol"\. Types are: .*kubernetes, /,
    )
  })
})

async function writeFiles(folder: string, contents: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}
