import { entityRef, type ClaimedEntity } from '../../model.ts'
import { recordAt, textRecord } from '../untyped-values.ts'

/** Where the source of an entity lives. */
export interface Repository {
  entity: ClaimedEntity
  /** Which annotation says so. */
  annotation: string
}

/** https://backstage.io/docs/features/software-catalog/well-known-annotations/ */
export function repositoryOf(data: unknown): Repository | undefined {
  const annotations = textRecord(recordAt(data, 'metadata')['annotations'])
  const location = 'backstage.io/source-location'
  const address = annotations[location]?.replace(/^url:/, '')
  const fromAddress = address === undefined ? undefined : repositoryAt(address)
  if (fromAddress !== undefined) return { entity: fromAddress, annotation: location }
  for (const [annotation, host] of slugs) {
    const slug = annotations[annotation]
    const entity = slug === undefined ? undefined : repositoryAt(`https://${host}/${slug}`)
    if (entity !== undefined) return { entity, annotation }
  }
  return undefined
}

const slugs = [
  ['github.com/project-slug', 'github.com'],
  ['gitlab.com/project-slug', 'gitlab.com'],
] as const

/** `https://github.com/org/repo/tree/main/x` is `org/repo`; GitLab's projects may lie in groups of groups. */
function repositoryAt(address: string): ClaimedEntity | undefined {
  if (address.length > 500 || !URL.canParse(address)) return undefined
  const { protocol, host, pathname } = new URL(address)
  const parts = pathname
    .replace(/\/-\/.*$/, '')
    .replace(/\/(?:tree|blob|src|raw)\/.*$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter((part) => part !== '')
  const isPath =
    parts.length >= 2 && parts.length <= 10 && parts.every((part) => /^[\w.-]{1,100}$/.test(part))
  if (!/^https?:$/.test(protocol) || !isPath) return undefined
  const name = parts.join('/')
  const url = `https://${host}/${name}`
  return {
    ref: entityRef({ kind: 'repository', name }),
    kind: 'repository',
    name,
    aliases: [],
    attributes: { links: [{ title: name, url }] },
  }
}
