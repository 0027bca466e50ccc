/** Whether a path, or a folder above it, fits the pattern it was made from. */
export type MatchesPath = (segments: readonly string[]) => boolean

/**
 * Patterns of .gitignore as CODEOWNERS has them, without `!` and `[…]`. Expressions would do, but those for `a*a*a*b` take
 * longer than anybody waits, and the pattern comes from whoever can open a pull request.
 */
export function compilePathPattern(pattern: string): MatchesPath {
  const text = pattern.replaceAll('\\ ', ' ')
  const wanted = text.split('/').filter((segment) => segment !== '')
  const isFolder = text.endsWith('/')
  const isAnchored = text.replace(/\/$/, '').includes('/')
  if (wanted.length === 0) return () => text !== ''
  const steps = isAnchored ? wanted : ['**', ...wanted]
  return (segments) => {
    const last = isFolder ? segments.length - 1 : segments.length
    return reach(steps, segments).some((position) => position > 0 && position <= last)
  }
}

/** @returns after how many segments of the path all steps can be done. */
function reach(steps: readonly string[], segments: readonly string[]): number[] {
  let positions = [0]
  for (const [at, step] of steps.entries()) {
    if (step === '**') {
      // At the end it stands for what is inside, in between also for nothing.
      const first = (positions[0] ?? segments.length) + (at === steps.length - 1 ? 1 : 0)
      positions = Array.from(
        { length: Math.max(0, segments.length - first + 1) },
        (_, offset) => first + offset,
      )
    } else {
      positions = positions
        .filter((position) => fitsSegment(step, segments[position]))
        .map((position) => position + 1)
    }
    if (positions.length === 0) return []
  }
  return positions
}

/** `*` is any text, `?` any character. Goes back only to the newest `*`, so the time is a product of the lengths. */
function fitsSegment(glob: string, text: string | undefined): boolean {
  if (text === undefined) return false
  let [inGlob, inText] = [0, 0]
  let [star, retry] = [-1, 0]
  while (inText < text.length) {
    if (glob[inGlob] === '*') {
      star = inGlob
      retry = inText
      inGlob += 1
    } else if (glob[inGlob] === '?' || glob[inGlob] === text[inText]) {
      inGlob += 1
      inText += 1
    } else if (star >= 0) {
      retry += 1
      inText = retry
      inGlob = star + 1
    } else return false
  }
  while (glob[inGlob] === '*') inGlob += 1
  return inGlob === glob.length
}
