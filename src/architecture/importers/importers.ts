import { DomainError } from '../../domain/errors.ts'
import type { ImporterType } from '../model.ts'
import { presentablePath, type ImportFile } from './import-file.ts'
import { codeownersImporter } from './codeowners/importer.ts'
import { hostsImporter } from './hosts/importer.ts'
import type { Importer, Reading } from './importer.ts'
import { backstageImporter } from './backstage/importer.ts'
import { composeImporter } from './compose/importer.ts'
import { declaredImporter } from './declared/importer.ts'
import { kubernetesImporter } from './kubernetes/importer.ts'
import { packagesImporter } from './packages/importer.ts'
import { tracesImporter } from './traces/importer.ts'

/** All importers. A file goes to the first that accepts it, so the particular come before the general. */
export const importers: readonly Importer[] = [
  declaredImporter,
  backstageImporter,
  composeImporter,
  tracesImporter,
  kubernetesImporter,
  codeownersImporter,
  packagesImporter,
  hostsImporter,
]

/** Whether a file is of a kind that can be read, alone or beside others, or of the one kind that is asked for. */
export function isRecognized(file: ImportFile, type?: ImporterType): boolean {
  return importers.some(
    (each) => (type === undefined || each.type === type) && (each.accepts(file) || each.accompanies?.(file)),
  )
}

/** What the files of one kind say. */
export interface TypedReading extends Reading {
  type: ImporterType
  files: number
}

/**
 * Reads files, each by the importer it is for.
 * @param type All are of this kind; else each file tells by its name and content.
 * @returns one reading for each kind that occurred, and the paths of files that are of no kind
 * @throws {DomainError} `import_refused`, also when not one file is of a known kind
 */
export function readFiles(
  files: readonly ImportFile[],
  type?: ImporterType,
): { readings: TypedReading[]; unrecognized: string[] } {
  const accepting = new Map(
    files.map((file) => [
      file,
      importers.find((each) => (type === undefined ? each.accepts(file) : each.type === type)),
    ]),
  )
  const unrecognized: string[] = []
  const byImporter = new Map<Importer, ImportFile[]>()
  const present = new Set(accepting.values())
  for (const [file, importer] of accepting) {
    const reading = type === undefined ? (accompanied(file, present, importer) ?? importer) : importer
    const own = reading === undefined ? undefined : byImporter.get(reading)
    if (own !== undefined) own.push(file)
    else if (reading !== undefined) byImporter.set(reading, [file])
    else unrecognized.push(presentablePath(file.path))
  }
  if (byImporter.size === 0) throw nothingToRead(files)
  const readings = importers.flatMap((importer) => {
    const own = byImporter.get(importer)
    return own === undefined ? [] : [{ type: importer.type, files: own.length, ...importer.read(own, files) }]
  })
  return { readings, unrecognized }
}

/** Who reads a file along comes before the more general that would read it for itself. */
function accompanied(
  file: ImportFile,
  present: ReadonlySet<Importer | undefined>,
  accepting: Importer | undefined,
): Importer | undefined {
  const before = accepting === undefined ? importers : importers.slice(0, importers.indexOf(accepting))
  return before.find((each) => present.has(each) && each.accompanies?.(file))
}

function nothingToRead(files: readonly ImportFile[]): DomainError {
  const known = importers.map(({ title }) => title).join(', ')
  const [only, another] = files
  const what =
    only !== undefined && another === undefined
      ? `${presentablePath(only.path)} is none of what can be imported`
      : `None of ${files.length} files is of a kind that can be imported`
  return new DomainError('import_refused', `${what}: ${known}. Nothing was imported.`)
}
