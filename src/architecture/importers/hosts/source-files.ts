import type { ImportFile } from '../import-file.ts'

const codeEndings =
  words(`js jsx mjs cjs ts tsx mts cts go java kt kts scala groovy py rb php cs fs vb rs ex exs erl clj
  c cc cpp cxx h hpp m swift dart lua pl sh bash ps1 vue svelte`)
const configEndings = words('properties env conf cfg ini toml')
/** Of these, only what is named or placed like configuration: most are data, or of another importer. */
const dataEndings = words('yaml yml json xml')
const configNames =
  /^(?:application|bootstrap|config|settings|appsettings|values|environment|defaults|production|development|staging|endpoints|services)\b/i
const configFolders = words('config configs conf settings resources')

/** What tools make, others wrote, or only tests and readers see. */
const otherFolders =
  words(`.git node_modules bower_components vendor third_party venv .venv __pycache__ dist build target out coverage
  test tests __tests__ spec specs e2e testdata fixtures __fixtures__ mocks __mocks__ docs doc examples example samples
  generated gen`)
const otherNames =
  /(?:[._-](?:test|tests|spec|mock|min|generated|lock)\.[a-z]+|_test\.\w+|Tests?\.(?:java|kt|cs|scala)|\.d\.ts|\.pb\.\w+|_pb2?\.\w+|_pb2_grpc\.py|-lock\.\w+|\.lock)$/
const otherStarts =
  /^(?:test_|conftest|package-lock|tsconfig|jest\.|vitest\.|karma\.|\.eslintrc|\.prettierrc)/

/** Longer files are data or made by tools. */
const maxBytes = 256 * 1024

/** Whether a file is code or configuration that people wrote for a component. */
export function isSourceFile({ path, content }: ImportFile): boolean {
  const folders = path.split('/')
  const name = folders.pop() ?? ''
  if (!isWrittenName(name) || content.length > maxBytes) return false
  if (folders.some((folder) => otherFolders.has(folder.toLowerCase()))) return false
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  const isConfig =
    isDockerfile(name) ||
    /^\.env(?:\.|$)/.test(name) ||
    configEndings.has(ending) ||
    isNamedConfig(name, ending, folders)
  return (isConfig || codeEndings.has(ending)) && !isBinary(content)
}

/** Configuration has values without quotes. */
export function isConfigFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return isDockerfile(name) || name.startsWith('.env') || configEndings.has(ending) || dataEndings.has(ending)
}

/** Whether a file says how its folder becomes an image, which makes the folder a component. */
export function isDockerfile(name: string): boolean {
  return /^(?:Dockerfile|Containerfile)(?:\.[\w-]+)?$|\.dockerfile$/i.test(name)
}

function isNamedConfig(name: string, ending: string, folders: readonly string[]): boolean {
  return dataEndings.has(ending) && (configNames.test(name) || configFolders.has(folders.at(-1) ?? ''))
}

function isWrittenName(name: string): boolean {
  return !otherNames.test(name) && !otherStarts.test(name)
}

function isBinary(content: ImportFile['content']): boolean {
  return typeof content === 'string'
    ? content.slice(0, 4096).includes('\0')
    : content.subarray(0, 4096).includes(0)
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/))
}
