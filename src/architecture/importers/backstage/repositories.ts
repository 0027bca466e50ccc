import type { ClaimedEntity } from '../../model.ts'
import { repositoryAt } from '../repository-entity.ts'
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
