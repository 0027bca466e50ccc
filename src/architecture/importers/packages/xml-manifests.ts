import { createLineCounter, type PackageDependency, type ReadManifest } from './package-manifest.ts'

/** https://maven.apache.org/pom.html. What the text of an element says is taken as it is, without `${…}`. */
export const readPom: ReadManifest = (text) => {
  const own = withoutComments(text)
  const project = blank(own, [
    'parent',
    'dependencyManagement',
    'dependencies',
    'build',
    'profiles',
    'reporting',
  ])
  const needed = blank(own, ['dependencyManagement', 'build', 'profiles', 'reporting'])
  const lineAt = createLineCounter(own)
  const dependencies = elementsOf(needed, 'dependency').flatMap(
    ({ content, offset }): PackageDependency[] => {
      const group = contentOf(content, 'groupId')
      const artifact = contentOf(content, 'artifactId')
      const scope = contentOf(content, 'scope')
      if (artifact === undefined || group === undefined || scope === 'test') return []
      return [{ name: `${group}:${artifact}`, line: lineAt(offset) }]
    },
  )
  const group =
    contentOf(project, 'groupId') ?? contentOf(elementsOf(own, 'parent')[0]?.content ?? '', 'groupId')
  const artifact = contentOf(project, 'artifactId')
  return {
    ecosystem: 'maven',
    language: /<kotlin\.version>|kotlin-maven-plugin/.test(own) ? 'kotlin' : 'java',
    name: artifact === undefined ? undefined : `${group ?? ''}:${artifact}`.replace(/^:/, ''),
    dependencies,
  }
}

/** https://learn.microsoft.com/dotnet/core/project-sdk/msbuild-props; the file's name is the project's. */
export const readCsproj: ReadManifest = (text, fileName) => {
  const own = withoutComments(text)
  const references = [...own.matchAll(/<(Package|Project)Reference\s[^>]{0,500}?Include="([^"]{1,300})"/g)]
  const lineAt = createLineCounter(own)
  const isTest = /<IsTestProject>\s*true/.test(own)
  const dependencies = references.map(([, kind, include = ''], at): PackageDependency => {
    const line = lineAt(references[at]?.index ?? 0)
    if (kind === 'Package') return { name: include, line }
    const path = include.replaceAll('\\', '/')
    return {
      name: path.replace(/^.*\//, '').replace(/\.\w+proj$/, ''),
      line,
      path: path.replace(/\/?[^/]*$/, ''),
    }
  })
  return {
    ecosystem: 'nuget',
    language: fileName.endsWith('.fsproj') ? 'fsharp' : 'csharp',
    name: fileName.replace(/\.\w+$/, ''),
    dependencies: isTest ? [] : dependencies,
  }
}

/** Keeps offsets, so that lines stay true. */
function withoutComments(text: string): string {
  return blankBetween(text, '<!--', '-->')
}

function blank(text: string, elements: readonly string[]): string {
  return elements.reduce((left, name) => blankBetween(left, `<${name}>`, `</${name}>`), text)
}

function blankBetween(text: string, start: string, end: string): string {
  let result = ''
  let position = 0
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, position)) {
    const close = text.indexOf(end, at + start.length)
    if (close < 0) break
    const after = close + end.length
    result += text.slice(position, at) + text.slice(at, after).replaceAll(/[^\n]/g, ' ')
    position = after
  }
  return result + text.slice(position)
}

function elementsOf(text: string, name: string): { content: string; offset: number }[] {
  const found: { content: string; offset: number }[] = []
  const start = `<${name}>`
  let close = 0
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, close)) {
    close = text.indexOf(`</${name}>`, at)
    if (close < 0) break
    found.push({ content: text.slice(at + start.length, close), offset: at })
  }
  return found
}

function contentOf(text: string, name: string): string | undefined {
  const content = elementsOf(text, name)[0]?.content.trim()
  return content !== undefined && /^[\w.-]{1,150}$/.test(content) ? content : undefined
}
