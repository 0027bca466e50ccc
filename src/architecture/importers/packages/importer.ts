import { entityRef, type ClaimedEntity } from '../../model.ts'
import { collectClaims } from '../claims-collector.ts'
import { componentName, foldersOf, nameOfFolder } from '../component-names.ts'
import {
  checkSizes,
  fileName,
  presentablePath,
  readText,
  refuseImport,
  type ImportFile,
} from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { productBehind } from './drivers.ts'
import { readComposerJson, readPackageJson } from './json-manifests.ts'
import { readGemfile, readGoMod, readGradle, readRequirements } from './line-manifests.ts'
import {
  isPackageName,
  UnreadableManifest,
  type PackageManifest,
  type ReadManifest,
} from './package-manifest.ts'
import { readCargo, readPyproject } from './toml-manifests.ts'
import { readCsproj, readPom } from './xml-manifests.ts'

const readers: readonly [name: RegExp, read: ReadManifest][] = [
  [/^package\.json$/, readPackageJson],
  [/^composer\.json$/, readComposerJson],
  [/^go\.mod$/, readGoMod],
  [/^pom\.xml$/, readPom],
  [/^build\.gradle(?:\.kts)?$/, readGradle],
  [/^requirements\.txt$/, readRequirements],
  [/^pyproject\.toml$/, readPyproject],
  [/^Cargo\.toml$/, readCargo],
  [/^Gemfile$/, readGemfile],
  [/\.[cf]sproj$/, readCsproj],
]

/** Manifests of package managers in a checkout. */
export const packagesImporter: Importer = {
  type: 'packages',
  title: 'package manifests',
  accepts: (file) => readerOf(file) !== undefined,
  read: readPackages,
}

/** The graph is of components; beyond this the libraries they share would drown it. */
const maxSharedLibraries = 50

/** Whether a file is the manifest of a package, and so its folder a component. */
export function isPackageManifest(file: Pick<ImportFile, 'path'>): boolean {
  return readerOf(file) !== undefined
}

/**
 * Reads which components share libraries. What is made in the same checkout or under the same npm scope is a library,
 * and so is what at least two components use; drivers of stores and queues become tags. Components are only mentioned:
 * they count where another source describes something of that name.
 * @throws {DomainError} `import_refused`
 */
export function readPackages(files: readonly ImportFile[]): Reading {
  checkSizes(files)
  const manifests = files.map(readManifest)
  const byName = new Map(
    manifests.flatMap((each) => (each.name === undefined ? [] : [[keyOf(each, each.name), each]])),
  )
  const byFolder = new Map(manifests.map((each) => [each.folders.join('/'), each]))
  const targets = manifests.flatMap((from) =>
    from.dependencies
      .filter(({ name }) => isPackageName(name))
      .map((dependency) => {
        const local =
          dependency.path === undefined ? undefined : byFolder.get(resolvePath(from.folders, dependency.path))
        const made = local ?? byName.get(keyOf(from, dependency.name))
        return { from, dependency, made: made === from ? undefined : made }
      }),
  )
  const libraries = new Set(targets.flatMap(({ made }) => made ?? []))
  const shared = mostShared(
    targets.filter(({ made, from, dependency }) => !made && !isOwnScope(from, dependency.name)),
  )

  const collector = collectClaims()
  const entityOf = (manifest: PackageManifest): ClaimedEntity | undefined =>
    libraries.has(manifest) ? libraryOf(manifest) : componentOf(manifest)
  for (const manifest of manifests) {
    const entity = entityOf(manifest)
    if (entity !== undefined) collector.addEntity(entity)
  }
  for (const { from, dependency, made } of targets) {
    const user = entityOf(from)
    const isShown =
      made !== undefined ||
      isOwnScope(from, dependency.name) ||
      shared.names.has(keyOf(from, dependency.name))
    if (user === undefined || !isShown) continue
    const used = collector.addEntity(made === undefined ? library(dependency.name) : libraryOf(made))
    const place = { file: from.file, line: dependency.line, field: `dependency ${dependency.name}` }
    collector.addRelation(
      { from: user.ref, to: used.ref, type: 'uses_library' },
      { method: 'package_manifest', place, basis: 'declared' },
    )
  }
  const warnings =
    shared.left === 0
      ? []
      : [`${manifests[0]?.file}:1: ${shared.left} libraries that few components share were left out`]
  return { claims: collector.finish(), documents: files.length, ignored: {}, warnings }
}

function readerOf(file: Pick<ImportFile, 'path'>): ReadManifest | undefined {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  return readers.find(([pattern]) => pattern.test(name))?.[1]
}

function readManifest(file: ImportFile): PackageManifest {
  const path = presentablePath(file.path)
  // An explicit choice of this kind may bring a file of any name.
  const read = readerOf(file)
  if (read === undefined)
    throw refuseImport({ file: path, line: 1 }, 'this is no manifest of a known package manager')
  try {
    return { file: path, folders: foldersOf(file.path), ...read(readText(file), fileName(file)) }
  } catch (error) {
    if (!(error instanceof UnreadableManifest)) throw error
    throw refuseImport({ file: path, line: error.line }, error.message, error)
  }
}

/** Libraries by how many components use them, the most used first. */
function mostShared(uses: readonly { from: PackageManifest; dependency: { name: string } }[]): {
  names: Set<string>
  left: number
} {
  const users = new Map<string, Set<string>>()
  for (const { from, dependency } of uses) {
    if (productBehind(dependency.name) !== undefined) continue
    const key = keyOf(from, dependency.name)
    users.set(key, (users.get(key) ?? new Set()).add(from.folders.join('/')))
  }
  const found = [...users]
    .filter(([, { size }]) => size > 1)
    .toSorted(([a, one], [b, other]) => other.size - one.size || (a < b ? -1 : 1))
  return {
    names: new Set(found.slice(0, maxSharedLibraries).map(([key]) => key)),
    left: Math.max(0, found.length - maxSharedLibraries),
  }
}

function keyOf({ ecosystem }: Pick<PackageManifest, 'ecosystem'>, name: string): string {
  return `${ecosystem} ${name}`
}

/** `@acme/cart` and `@acme/logging` are of one organization. */
function isOwnScope({ name: own, ecosystem }: PackageManifest, name: string): boolean {
  const scope = ecosystem === 'npm' && own?.startsWith('@') ? own.slice(0, own.indexOf('/') + 1) : ''
  return scope !== '' && name.startsWith(scope)
}

function resolvePath(folders: readonly string[], path: string): string {
  const resolved = path.startsWith('/') ? rootOf(folders) : [...folders]
  for (const part of path.split('/')) {
    if (part === '..') resolved.pop()
    else if (part !== '' && part !== '.') resolved.push(part)
  }
  return resolved.join('/')
}

/** Gradle names projects from the root of the build, which for the usual layout is the folder above. */
function rootOf(folders: readonly string[]): string[] {
  return folders.slice(0, -1)
}

function library(name: string): ClaimedEntity {
  return { ref: entityRef({ kind: 'library', name }), kind: 'library', name, aliases: [], attributes: {} }
}

function libraryOf({ name, folders, language }: PackageManifest): ClaimedEntity {
  return { ...library(name ?? folders.at(-1) ?? 'library'), attributes: { language } }
}

/** Called by its folder; what it calls itself is an alias. */
function componentOf({ name, folders, language, dependencies }: PackageManifest): ClaimedEntity | undefined {
  const own = name?.replace(/\/v\d+$/, '').replace(/^.*[/:]/, '')
  const names = [nameOfFolder(folders), own].filter(
    (each) => each !== undefined && componentName.test(each),
  ) as string[]
  const [first, ...others] = new Set(names)
  if (first === undefined) return undefined
  const products = new Set(dependencies.flatMap((each) => productBehind(each.name) ?? []))
  return {
    ref: entityRef({ kind: 'service', name: first }),
    kind: 'service',
    name: first,
    aliases: others,
    ...(products.size > 0 ? { tags: [...products].map((product) => `uses-${product}`).toSorted() } : {}),
    attributes: { language },
    mentionOnly: true,
  }
}
