import { componentAt, foldersOf, nameOfFolder } from '../component-names.ts'
import type { ImportFile } from '../import-file.ts'
import { isPackageManifest } from '../packages/importer.ts'
import { isDockerfile } from './source-files.ts'

/**
 * @returns a way to tell to which component a file belongs: the nearest folder with a package manifest or a Dockerfile
 * names it. What lies at the root of the checkout says so little that there the folders count by convention first.
 */
export function createComponents(
  files: readonly Pick<ImportFile, 'path'>[],
): (path: string) => string | undefined {
  const root = commonFolders(files.map(({ path }) => foldersOf(path)))
  const made = new Set(
    files
      .filter(
        (file) => isPackageManifest(file) || isDockerfile(file.path.slice(file.path.lastIndexOf('/') + 1)),
      )
      .map(({ path }) => foldersOf(path).join('/')),
  )
  // With one manifest, at the root, folders are parts of one component unless they are called otherwise.
  const isOneComponent = made.size === 1 && made.has(root.join('/'))
  const known = new Map<string, string | undefined>()

  const find = (folders: readonly string[]): string | undefined => {
    for (let depth = folders.length; depth > root.length; depth -= 1) {
      if (made.has(folders.slice(0, depth).join('/'))) return nameOfFolder(folders.slice(0, depth))
    }
    const inside = folders.slice(root.length)
    if (isOneComponent && !inside.some((folder) => componentFolders.has(folder))) return nameOfFolder(root)
    for (let depth = root.length + 1; depth <= folders.length; depth += 1) {
      const name = componentAt(folders.slice(root.length, depth))
      if (name !== undefined) return name
    }
    return nameOfFolder(root)
  }

  return (path) => {
    const folders = foldersOf(path)
    const key = folders.join('/')
    if (!known.has(key)) known.set(key, find(folders))
    return known.get(key)
  }
}

const componentFolders = new Set(['services', 'apps', 'microservices', 'cmd'])

/** Folders that all have in common, from the outermost. */
function commonFolders(all: readonly string[][]): string[] {
  const [first = [], ...others] = all
  return others.reduce((common, folders) => {
    const end = common.findIndex((folder, at) => folder !== folders[at])
    return end < 0 ? common : common.slice(0, end)
  }, first)
}
