import { entityRef, type ClaimedEntity, type EntityKind } from '../../model.ts'
import { collectClaims } from '../claims-collector.ts'
import { componentAt, componentName, foldersOf } from '../component-names.ts'
import {
  checkSizes,
  fileName,
  presentablePath,
  readText,
  refuseImport,
  type ImportFile,
} from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { decidingRules, maxRules, readOwnerRules, type OwnerRule } from './owner-rules.ts'

/** Files that say who owns which paths of a repository. */
export const codeownersImporter: Importer = {
  type: 'codeowners',
  title: 'CODEOWNERS',
  accepts: (file) => fileName(file) === 'CODEOWNERS',
  read: readCodeowners,
}

/** Folders in which a repository may keep the file. */
const besideRoot = new Set(['.github', '.gitlab', 'docs'])

/**
 * Reads owners of folders that are components by convention, and of the repository as a whole. Both are only mentioned:
 * they count where another source describes something of that name.
 * @throws {DomainError} `import_refused`
 */
export function readCodeowners(files: readonly ImportFile[]): Reading {
  checkSizes(files)
  const collector = collectClaims()
  const warnings: string[] = []
  for (const file of files) {
    const path = presentablePath(file.path)
    const rules = readOwnerRules(readText(file))
    if (rules === undefined)
      throw refuseImport({ file: path, line: 1 }, `more than ${maxRules} rules; split the file`)
    const own = (owned: ClaimedEntity, { owners, line, pattern }: OwnerRule) => {
      for (const owner of owners.flatMap((each) => ownerEntity(each) ?? [])) {
        collector.addEntity(owned)
        collector.addEntity(owner)
        const place = { file: path, line, field: presentablePattern(pattern) }
        collector.addRelation(
          { from: owned.ref, to: owner.ref, type: 'owned_by' },
          { method: 'code_owners', place, basis: 'declared' },
        )
      }
    }
    const components = new Map<string, string>()
    for (const { pattern } of rules) {
      const folders = foldersIn(pattern)
      const name = componentAt(folders)
      if (name !== undefined) components.set(folders.join('/'), name)
    }
    for (const [folder, name] of components)
      for (const rule of decidingRules(rules, `${folder}/file`)) own(mention('service', name), rule)

    const repository = repositoryOf(file)
    const ofAll = decidingRules(rules, 'file')
    if (repository !== undefined) for (const rule of ofAll) own(mention('repository', repository), rule)
    else if (ofAll[0] !== undefined)
      warnings.push(
        `${path}:${ofAll[0].line}: owners of everything were left out, since the path does not tell the name of the repository`,
      )
  }
  return { claims: collector.finish(), documents: files.length, ignored: {}, warnings }
}

/** `/src/cart/`, `/src/cart/**` and `src/cart/*` mean a folder; `*.js` means none. */
function foldersIn(pattern: string): string[] {
  const withoutStars = pattern.replace(/\/\*{1,2}(?:\/\*)?$/, '/')
  if (/[*?[\\]/.test(withoutStars) || !withoutStars.includes('/')) return []
  const last = withoutStars.slice(withoutStars.lastIndexOf('/') + 1)
  return last.includes('.') ? [] : foldersOf(withoutStars.endsWith('/') ? withoutStars : `${withoutStars}/`)
}

/** The folder that holds the file, or holds the one for such files. */
function repositoryOf({ path }: ImportFile): string | undefined {
  const folders = foldersOf(path)
  const last = folders.at(-1)
  const name = last !== undefined && besideRoot.has(last) ? folders.at(-2) : last
  return name !== undefined && name !== '..' && componentName.test(name) ? name : undefined
}

/** `@org/team`, `@user` or an address; roles of GitLab (`@@developer`) name nobody. */
function ownerEntity(owner: string): ClaimedEntity | undefined {
  if (/^[\w.+-]{1,64}@[\w.-]{1,190}$/.test(owner)) return entity('user', owner)
  const [, group, name] = /^@(?:([\w.-]{1,100}(?:\/[\w.-]{1,100}){0,8})\/)?([\w.-]{1,100})$/.exec(owner) ?? []
  if (name === undefined) return undefined
  return group === undefined
    ? entity('user', name)
    : { ...entity('team', name), aliases: [`${group}/${name}`] }
}

function entity(kind: EntityKind, name: string): ClaimedEntity {
  return { ref: entityRef({ kind, name }), kind, name, aliases: [], attributes: {} }
}

function mention(kind: EntityKind, name: string): ClaimedEntity {
  return { ...entity(kind, name), mentionOnly: true }
}

function presentablePattern(pattern: string): string {
  return pattern.replaceAll(/[^\w./*@ -]/g, '?').slice(0, 150)
}
