/** What one manifest of a package manager says. */
export interface PackageManifest {
  file: string
  /** Folders of the path, outermost first. */
  folders: string[]
  ecosystem: Ecosystem
  language: string
  /** What it calls its own package, if anything. */
  name: string | undefined
  dependencies: PackageDependency[]
}

/** Names mean something only within one of these. */
export type Ecosystem = 'npm' | 'go' | 'maven' | 'python' | 'cargo' | 'ruby' | 'composer' | 'nuget'

/** A package that is needed to run; what only tests or builds need is left out. */
export interface PackageDependency {
  name: string
  line: number
  /** Relative path of a package in the same checkout. */
  path?: string | undefined
}

/** Says what is wrong with a manifest, at which line. */
export class UnreadableManifest extends Error {
  readonly line: number

  constructor(line: number, why: string, options?: ErrorOptions) {
    super(why, options)
    this.line = line
  }
}

/** Reads the content of one manifest. */
export type ReadManifest = (
  text: string,
  fileName: string,
) => Pick<PackageManifest, 'ecosystem' | 'language' | 'name' | 'dependencies'>

/** No name of a package is longer, and none has blanks or markup. */
export function isPackageName(name: string): boolean {
  return name.length <= 214 && /^[@A-Za-z0-9][\w@./:~-]*$/.test(name)
}

/** @returns a way to find the first line after `from` that holds a quoted or bare word; 1 where there is none. */
export function createLineFinder(text: string): (word: string) => number {
  const lines = new Map<string, number>()
  for (const [at, line] of text.split('\n').entries())
    for (const word of line.match(/[@A-Za-z0-9][\w@./:-]*/g) ?? [])
      if (!lines.has(word)) lines.set(word, at + 1)
  return (word) => lines.get(word) ?? 1
}

/** @returns a way to tell the line of an offset; offsets come in rising order. */
export function createLineCounter(text: string): (offset: number) => number {
  let line = 1
  let next = text.indexOf('\n')
  return (offset) => {
    while (next >= 0 && next < offset) {
      line += 1
      next = text.indexOf('\n', next + 1)
    }
    return line
  }
}
