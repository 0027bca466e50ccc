import { parse, TomlError } from 'smol-toml'
import { isRecord, listAt, recordAt, textOf } from '../untyped-values.ts'
import {
  createLineFinder,
  UnreadableManifest,
  type PackageDependency,
  type ReadManifest,
} from './package-manifest.ts'
import { nameInRequirement } from './line-manifests.ts'

/** https://packaging.python.org/specifications/pyproject-toml, and the older form of Poetry. */
export const readPyproject: ReadManifest = (text) => {
  const data = parseToml(text)
  const lineOf = createLineFinder(text)
  const standard = listAt(data, 'project', 'dependencies').flatMap((item) => {
    const name = nameInRequirement(textOf(item) ?? '')
    return name === undefined ? [] : [{ name, line: lineOf(name) }]
  })
  const poetry = tableDependencies(recordAt(data, 'tool', 'poetry', 'dependencies'), lineOf)
  return {
    ecosystem: 'python',
    language: 'python',
    name: textOf(recordAt(data, 'project')['name']) ?? textOf(recordAt(data, 'tool', 'poetry')['name']),
    dependencies: [...standard, ...poetry.filter(({ name }) => name !== 'python')],
  }
}

/** https://doc.rust-lang.org/cargo/reference/manifest.html */
export const readCargo: ReadManifest = (text) => {
  const data = parseToml(text)
  return {
    ecosystem: 'cargo',
    language: 'rust',
    name: textOf(recordAt(data, 'package')['name']),
    dependencies: tableDependencies(recordAt(data, 'dependencies'), createLineFinder(text)),
  }
}

function tableDependencies(
  table: Record<string, unknown>,
  lineOf: (word: string) => number,
): PackageDependency[] {
  return Object.entries(table).map(([key, value]) => ({
    name: textOf(recordAt(value)['package']) ?? key,
    line: lineOf(key),
    path: textOf(recordAt(value)['path']),
  }))
}

function parseToml(text: string): Record<string, unknown> {
  try {
    const data: unknown = parse(text)
    return isRecord(data) ? data : {}
  } catch (error) {
    const line = error instanceof TomlError ? error.line : 1
    throw new UnreadableManifest(line, 'invalid TOML', { cause: error })
  }
}
