import { interpolate, type Lookup } from './interpolation.ts'

/** A variable of a `.env` file or of one that `env_file` names. */
export interface DotenvVariable {
  text: string
  line: number
}

/** Far more than people write; bounds what one file can cost. */
const maxVariables = 10_000

/**
 * Reads `NAME=value` lines as Compose does: comments, `export`, quotes that may span lines; single quotes are literal,
 * everything else may use variables that stand above or that `outer` knows. Lines of another shape are passed over.
 * https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 */
export function parseDotenv(content: string, outer: Lookup = () => undefined): Map<string, DotenvVariable> {
  const variables = new Map<string, DotenvVariable>()
  const lookup: Lookup = (name) => outer(name) ?? variables.get(name)?.text
  const lines = content.split(/\r?\n/)
  let read = 0
  for (let at = 0; at < lines.length && read < maxVariables; at += 1) {
    const [, name, rest] =
      /^\s{0,100}(?:export\s{1,100})?([A-Za-z_][\w.-]{0,200})[ \t]{0,100}(?:=|:[ \t])(.*)$/s.exec(
        lines[at] ?? '',
      ) ?? []
    if (name === undefined || rest === undefined) continue
    read += 1
    const { value, literal, end } = readValue(lines, at, rest.trim())
    variables.set(name, { text: literal ? value : interpolate(value, lookup), line: at + 1 })
    at = end
  }
  return variables
}

/** Longer values are no addresses. */
const maxLinesOfValue = 200
const maxLengthOfValue = 64 * 1024

function readValue(
  lines: readonly string[],
  at: number,
  begin: string,
): { value: string; literal: boolean; end: number } {
  const quote = begin[0]
  if (quote !== '"' && quote !== "'") return { value: withoutComment(begin), literal: false, end: at }
  let value = ''
  for (let end = at; end < lines.length && end - at < maxLinesOfValue; end += 1) {
    const piece = end === at ? begin.slice(1) : `\n${lines[end] ?? ''}`
    const closing = closingQuote(piece, quote)
    value += piece.slice(0, closing)
    if (value.length > maxLengthOfValue) break
    if (closing === undefined) continue
    return quote === "'"
      ? { value, literal: true, end }
      : { value: value.replaceAll(/\\(["\\])/g, '$1'), literal: false, end }
  }
  return { value: begin, literal: true, end: at }
}

function closingQuote(text: string, quote: string): number | undefined {
  for (let position = 0; position < text.length; position += 1) {
    if (text[position] === '\\' && quote === '"') position += 1
    else if (text[position] === quote) return position
  }
  return undefined
}

function withoutComment(text: string): string {
  const comment = /(?:^|\s)#/.exec(text)
  return (comment === null ? text : text.slice(0, comment.index)).trim()
}
