import { compilePathPattern, type MatchesPath } from './path-patterns.ts'

/** One line: paths that fit the pattern belong to these owners. */
export interface OwnerRule {
  line: number
  pattern: string
  owners: string[]
  /** GitLab applies the last fitting rule of each section; GitHub knows none. */
  section: string
  matches: MatchesPath
}

/** More text in one pattern is no path. */
const maxPatternLength = 300
/** Each path is compared with each rule. */
export const maxRules = 3_000

/**
 * Reads the syntax of GitHub and of GitLab. A pattern without owners takes its paths away from whoever owned them.
 * https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 * https://docs.gitlab.com/user/project/codeowners/reference/
 * @returns undefined where there are too many
 */
export function readOwnerRules(text: string): OwnerRule[] | undefined {
  const rules: OwnerRule[] = []
  let section = ''
  let ownersOfSection: string[] = []
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = raw
      .replace(/^\s*#.*$/, '')
      .replace(/\s#.*$/, '')
      .trim()
    if (line === '') continue
    const header = /^\^?\[([^\]]{1,200})\](?:\[\d{1,3}\])?\s*(.*)$/.exec(line)
    if (header !== null) {
      section = (header[1] ?? '').toLowerCase()
      ownersOfSection = wordsOf(header[2] ?? '')
      continue
    }
    const [pattern = '', ...owners] = wordsOf(line)
    if (pattern.length > maxPatternLength) continue
    if (rules.length === maxRules) return undefined
    rules.push({
      line: at + 1,
      pattern,
      owners: owners.length > 0 ? owners : ownersOfSection,
      section,
      matches: compilePathPattern(pattern),
    })
  }
  return rules
}

/** The rules that decide about a path: the last that fits, of each section. */
export function decidingRules(rules: readonly OwnerRule[], path: string): OwnerRule[] {
  const decided = new Map<string, OwnerRule>()
  const segments = path.split('/')
  for (let at = rules.length - 1; at >= 0; at -= 1) {
    const rule = rules[at]
    if (rule !== undefined && !decided.has(rule.section) && rule.matches(segments))
      decided.set(rule.section, rule)
  }
  return [...decided.values()].filter(({ owners }) => owners.length > 0)
}

function wordsOf(line: string): string[] {
  return line.match(/(?:\\.|[^\s\\])+/g) ?? []
}
