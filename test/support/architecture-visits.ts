import type { Page } from 'playwright-core'
import { service, workload } from './kubernetes-manifests.ts'
import { send, type Visits } from './page-visit.ts'

const base = '/organizations/acme/architecture'
const gateway = `${base}/${encodeURIComponent('service:lanternpost/gateway')}`

/** The pages about an architecture. Acme has the sample, globex nothing. */
export const architectureVisits: Visits = {
  'GET /organizations/:slug/architecture': [
    { as: 'ada', shows: 'Most critical' },
    { as: 'mel', shows: 'What is not known', path: () => `${base}?issues=all` },
    { as: 'bob', shows: 'Only to look around', path: () => '/organizations/globex/architecture' },
  ],
  'GET /organizations/:slug/architecture/entities': [
    { as: 'ada', shows: 'Depended on by' },
    { as: 'ada', shows: 'Nothing matches', path: () => `${base}/entities?q=zzzzzz` },
    { as: 'bob', shows: 'No architecture yet', path: () => '/organizations/globex/architecture/entities' },
  ],
  'GET /organizations/:slug/architecture/:ref': [
    {
      as: 'ada',
      shows: 'env ACCOUNTS_ADDR',
      path: () => gateway,
      first: async (page) => {
        await page.locator('.more > summary').click()
        for (const summary of await page.locator('details.evidence > summary').all()) await summary.click()
      },
    },
  ],
  'GET /organizations/:slug/architecture/diagram': [
    { as: 'ada', shows: '29 entities, 39 relations', path: () => `${base}/diagram` },
    { as: 'mel', shows: 'Around gateway', path: () => `${base}/diagram?focus=gateway&depth=1` },
    { as: 'ada', shows: 'Did you mean one of these?', path: () => `${base}/diagram?focus=gatewya` },
    { as: 'bob', shows: 'Nothing to draw yet', path: () => '/organizations/globex/architecture/diagram' },
  ],
  'GET /organizations/:slug/architecture/diagram.svg': 'none: a file',
  'GET /organizations/:slug/architecture/diagram.mermaid': 'none: a file',
  'GET /organizations/:slug/architecture/diagram.json': 'none: a file',
  'GET /organizations/:slug/architecture/paths': [
    { as: 'ada', shows: 'Name where a request begins' },
    { as: 'ada', shows: 'Every way passes', path: () => `${base}/paths?from=gateway&to=ledger-db` },
    { as: 'ada', shows: 'Did you mean one of these?', path: () => `${base}/paths?from=gatewya&to=zzzzzz` },
    { as: 'ada', shows: 'Look the other way round', path: () => `${base}/paths?from=ledger-db&to=gateway` },
  ],
  'GET /organizations/:slug/architecture/impact': [
    { as: 'ada', shows: 'Name what you are about to change' },
    { as: 'ada', shows: 'Whom to tell', path: () => `${base}/impact?ref=ledger-db&change=failure` },
  ],
  'GET /organizations/:slug/architecture/changes': [
    { as: 'ada', shows: 'From revision 0 to 1', path: () => `${base}/changes?from=0&to=1` },
    { as: 'ada', shows: 'There is no revision 99 here', path: () => `${base}/changes?from=1&to=99` },
    { as: 'bob', shows: 'No change yet', path: () => '/organizations/globex/architecture/changes' },
  ],
  'GET /organizations/:slug/architecture/import': [
    { as: 'ada', shows: 'Or a whole folder' },
    { as: 'ada', shows: 'bad.yaml:1', first: (page) => upload(page, { 'bad.yaml': '{ kind: Service' }) },
    {
      as: 'ada',
      shows: 'A source is named with',
      first: (page) => upload(page, manifest, { source: 'No!' }),
    },
    { as: 'mel', shows: 'Administrators import the architecture' },
  ],
  'GET /organizations/:slug/architecture/import/review': [
    {
      as: 'ada',
      shows: 'In detail',
      path: () => `${base}/import`,
      first: (page) => upload(page, { ...manifest, 'notes.txt': 'Some notes' }),
    },
    { as: 'ada', shows: 'Choose the files again', path: () => `${base}/import/review?upload=x`, status: 410 },
  ],
  'GET /organizations/:slug/architecture/sources/:source/remove': [
    { as: 'ada', shows: 'Keep it', path: () => `${base}/sources/sample/remove` },
  ],
}

const manifest = {
  'shop.yaml': [
    service('cart'),
    workload('cart', { env: [{ name: 'PRICES_URL', value: 'http://prices:80' }] }),
  ].join('\n---\n'),
}

async function upload(
  page: Page,
  files: Record<string, string>,
  fields: Record<string, string> = { source: 'shop' },
): Promise<void> {
  await page.locator('#files').setInputFiles(
    Object.entries(files).map(([name, content]) => ({
      name,
      mimeType: 'text/plain',
      buffer: Buffer.from(content),
    })),
  )
  await send(page, fields)
}
