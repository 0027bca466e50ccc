import type { PackageDependency, ReadManifest } from './package-manifest.ts'

/** https://go.dev/ref/mod#go-mod-file; `// indirect` is what others need. */
export const readGoMod: ReadManifest = (text) => {
  const dependencies: PackageDependency[] = []
  const replaced = new Map<string, string>()
  let name: string | undefined
  let block = ''
  eachLine(text, (line, at) => {
    if (/^\w+\s*\($/.test(line)) block = /^\w+/.exec(line)?.[0] ?? ''
    else if (line === ')') block = ''
    const words = (block === '' ? line : `${block} ${line}`).split(/\s+/)
    const [verb, first = '', second, third] = words
    if (verb === 'module') name = first.replaceAll('"', '')
    else if (verb === 'replace' && second === '=>' && third?.startsWith('.')) replaced.set(first, third)
    else if (verb === 'require' && second !== undefined && !line.includes('// indirect'))
      dependencies.push({ name: first, line: at })
  })
  return {
    ecosystem: 'go',
    language: 'go',
    name,
    dependencies: dependencies.map((each) => ({ ...each, path: replaced.get(each.name) })),
  }
}

/** https://pip.pypa.io/en/stable/reference/requirements-file-format/ */
export const readRequirements: ReadManifest = (text) => {
  const dependencies: PackageDependency[] = []
  eachLine(text, (line, at) => {
    const local = /^(?:-e\s+|--editable[ =])?(\.{1,2}\/[\w./-]+)/.exec(line)?.[1]
    const name = nameInRequirement(line)
    if (local !== undefined) dependencies.push({ name: local.replace(/^.*\//, ''), line: at, path: local })
    else if (name !== undefined) dependencies.push({ name, line: at })
  })
  return { ecosystem: 'python', language: 'python', name: undefined, dependencies }
}

/** `Flask[async]>=3 ; python_version > "3"` is `flask`: names there compare without case, `_` and `.`. */
export function nameInRequirement(text: string): string | undefined {
  const name = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:$|[[<>=!~;@,( #])/.exec(text.trim())?.[1]
  return name?.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

/** https://bundler.io/man/gemfile.5.html */
export const readGemfile: ReadManifest = (text) => {
  const dependencies: PackageDependency[] = []
  eachLine(text, (line, at) => {
    const name = /^gem[\s(]+["']([\w.-]{1,100})["']/.exec(line)?.[1]
    const path = /\bpath(?::|\s*=>)\s*["']([^"']{1,200})["']/.exec(line)?.[1]
    if (name !== undefined) dependencies.push({ name, line: at, path })
  })
  return { ecosystem: 'ruby', language: 'ruby', name: undefined, dependencies }
}

const gradleDependency =
  /^(?:implementation|api|compile|compileOnly|runtimeOnly|runtime)\b[\s(]+(?:(?:enforcedP|p)latform\s*\(\s*)?["']([\w.-]{1,120}):([\w.-]{1,120})/
const gradleProject =
  /^(?:implementation|api|compile|compileOnly|runtimeOnly|runtime)\b[\s(]+project\s*\(\s*(?:path\s*[:=]\s*)?["']:?([\w.:-]{1,200})["']/

/** Build scripts are programs; only what is written plainly is read. */
export const readGradle: ReadManifest = (text) => {
  const dependencies: PackageDependency[] = []
  eachLine(text, (line, at) => {
    const [, group, artifact] = gradleDependency.exec(line) ?? []
    const project = gradleProject.exec(line)?.[1]
    if (group !== undefined && artifact !== undefined)
      dependencies.push({ name: `${group}:${artifact}`, line: at })
    if (project !== undefined) {
      const path = `/${project.replaceAll(':', '/')}`
      dependencies.push({ name: project.replace(/^.*:/, ''), line: at, path })
    }
  })
  const isKotlin = /\bkotlin\b/.test(text)
  return { ecosystem: 'maven', language: isKotlin ? 'kotlin' : 'java', name: undefined, dependencies }
}

function eachLine(text: string, read: (line: string, at: number) => void): void {
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    // A line of a thousand characters is no list of packages, and would make expressions slow.
    if (line !== '' && line.length <= 1_000 && !line.startsWith('#') && !line.startsWith('//'))
      read(line, at + 1)
  }
}
