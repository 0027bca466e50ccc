import { isRecord, recordAt, textOf } from '../untyped-values.ts'
import {
  createLineCounter,
  createLineFinder,
  UnreadableManifest,
  type ReadManifest,
} from './package-manifest.ts'

/** https://docs.npmjs.com/cli/configuring-npm/package-json */
export const readPackageJson: ReadManifest = (text) => {
  const data = parseJson(text)
  const lineOf = createLineFinder(text)
  const needed = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) =>
    Object.entries(recordAt(data, field)),
  )
  return {
    ecosystem: 'npm',
    language: usesTypeScript(data) ? 'typescript' : 'javascript',
    name: textOf(data['name']),
    dependencies: needed.map(([name, version]) => ({
      name,
      line: lineOf(name),
      path: /^(?:file|link|portal):(.+)$/.exec(textOf(version) ?? '')?.[1],
    })),
  }
}

function usesTypeScript(data: Record<string, unknown>): boolean {
  return ['dependencies', 'devDependencies'].some((field) =>
    Object.hasOwn(recordAt(data, field), 'typescript'),
  )
}

/** https://getcomposer.org/doc/04-schema.md; `php` and `ext-…` are of the platform. */
export const readComposerJson: ReadManifest = (text) => {
  const data = parseJson(text)
  const lineOf = createLineFinder(text)
  const needed = Object.keys(recordAt(data, 'require')).filter((name) => name.includes('/'))
  return {
    ecosystem: 'composer',
    language: 'php',
    name: textOf(data['name']),
    dependencies: needed.map((name) => ({ name, line: lineOf(name) })),
  }
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return isRecord(data) ? data : {}
  } catch (error) {
    throw new UnreadableManifest(createLineCounter(text)(offsetOfError(text, error)), 'invalid JSON', {
      cause: error,
    })
  }
}

/** Node tells the position only of some errors, such as a missing comma; a word that is no JSON is found by looking. */
function offsetOfError(text: string, error: unknown): number {
  const told = /position (\d+)/.exec(String(error))?.[1]
  if (told !== undefined) return Number(told)
  // Of a longer string the expression could exhaust its stack.
  const beginning = text.slice(0, 100_000)
  const token = /\s+|[{}[\],:]|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/y
  let end = 0
  while (token.test(beginning)) end = token.lastIndex
  return end
}
