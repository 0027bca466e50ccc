/** Value of a variable; undefined where nothing sets it. */
export type Lookup = (name: string) => string | undefined

/** Texts beyond this stay as they are, and so do those that would grow beyond it: variables that double each other. */
const maxLength = 8_192
/** `${A:-${B:-c}}` has two. */
const maxDepth = 20

/**
 * Puts values in the place of `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`, `${VAR:+other}` and
 * their nested forms; `$$` is a `$`. What nobody sets is empty, as with Compose:
 * https://docs.docker.com/reference/compose-file/interpolation/
 * @param onMissing told of each variable that is not set and has no default
 */
export function interpolate(text: string, lookup: Lookup, onMissing?: (name: string) => void): string {
  if (!text.includes('$') || text.length > maxLength) return text
  const expanded = createExpansion(text, lookup, onMissing).expand(0, text.length, 0)
  return expanded === undefined || expanded.length > maxLength ? text : expanded
}

interface Expansion {
  /** @returns undefined when it becomes too long or is nested too deeply */
  expand: (from: number, to: number, depth: number) => string | undefined
}

function createExpansion(text: string, lookup: Lookup, onMissing?: (name: string) => void): Expansion {
  const closings = findClosings(text)

  const expand: Expansion['expand'] = (from, to, depth) => {
    if (depth > maxDepth) return undefined
    let expanded = ''
    let position = from
    while (position < to) {
      const dollar = text.indexOf('$', position)
      if (dollar === -1 || dollar >= to) return expanded + text.slice(position, to)
      expanded += text.slice(position, dollar)
      const piece = readPiece(dollar, depth)
      if (piece === undefined || expanded.length > maxLength) return undefined
      expanded += piece.value
      position = piece.end
    }
    return expanded
  }

  /** What begins with the `$` at this position. */
  const readPiece = (at: number, depth: number): { value: string; end: number } | undefined => {
    if (text[at + 1] === '$') return { value: '$', end: at + 2 }
    const closing = closings.get(at)
    if (closing === undefined) {
      const name = nameAt(text, at + 1)
      return name === '' ? { value: '$', end: at + 1 } : { value: valueOf(name), end: at + 1 + name.length }
    }
    const name = nameAt(text, at + 2)
    const operator = /^:?[-?+]/.exec(text.slice(at + 2 + name.length, at + 4 + name.length))?.[0] ?? ''
    const wordAt = at + 2 + name.length + operator.length
    // Not what Compose takes, so not ours to interpret.
    if (name === '' || (operator === '' && wordAt !== closing)) return { value: '$', end: at + 1 }
    const value = lookup(name)
    const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'))
    if (operator.endsWith('+')) return word(isSet, wordAt, closing, depth)
    if (isSet) return { value, end: closing + 1 }
    if (operator.endsWith('-')) return word(true, wordAt, closing, depth)
    onMissing?.(name)
    return { value: '', end: closing + 1 }
  }

  const word = (wanted: boolean, from: number, closing: number, depth: number) => {
    const value = wanted ? expand(from, closing, depth + 1) : ''
    return value === undefined ? undefined : { value, end: closing + 1 }
  }

  const valueOf = (name: string): string => {
    const value = lookup(name)
    if (value === undefined) onMissing?.(name)
    return value ?? ''
  }

  return { expand }
}

/** Position of the `}` for each `${`, in one pass: text may hold thousands that are never closed. */
function findClosings(text: string): Map<number, number> {
  const closings = new Map<number, number>()
  const open: number[] = []
  for (let position = 0; position < text.length; position += 1) {
    if (text.startsWith('$$', position)) position += 1
    else if (text.startsWith('${', position)) open.push(position)
    else if (text[position] === '}') {
      const opening = open.pop()
      if (opening !== undefined) closings.set(opening, position)
    }
  }
  return closings
}

function nameAt(text: string, position: number): string {
  return /^[A-Za-z_]\w*/.exec(text.slice(position, position + 200))?.[0] ?? ''
}
