/// <reference lib="dom" />

interface Rule {
  id: string
  matches: (node: HTMLElement, virtualNode: unknown, context: unknown) => boolean
}

type Evaluate = (
  this: unknown,
  node: HTMLElement,
  options: unknown,
  virtualNode: unknown,
  context: unknown,
) => boolean | undefined

declare global {
  interface Window {
    /** The looks that passed, see {@link judgeEachLookOnce}; what is behind an element is kept for one run. */
    contrast: { judged: Set<string>; behind: Map<Element, string> }
  }
}

declare const axe: { _audit: { rules: Rule[]; checks: Record<'color-contrast', { evaluate: Evaluate }> } }

/**
 * Runs in a page after axe-core. Most of its time goes into the contrast of texts that look the same: the links of a
 * menu, the rows of a table, the frame of all pages. From now on a look that passed once is not judged again: the colour
 * and the size of a text, and all that is painted behind it.
 */
export function judgeEachLookOnce(): void {
  const { _audit: audit } = axe
  const rule = audit.rules.find(({ id }) => id === 'color-contrast')
  if (!rule) throw new Error('axe-core has no rule for contrast')
  const { matches } = rule
  const check = audit.checks['color-contrast']
  const { evaluate } = check
  const fields = 'input, select, textarea'
  const nothing = 'rgba(0, 0, 0, 0) none 1 none normal'
  rule.matches = (node) =>
    node.matches(fields) ||
    [...node.childNodes].some((child) => child.nodeType === 3 && child.nodeValue?.trim())
  check.evaluate = function (node, options, virtualNode, context) {
    const { judged } = window.contrast
    const look = lookOf(node)
    if (judged.has(look) || !matches(node, virtualNode, context)) return true
    const result = evaluate.call(this, node, options, virtualNode, context)
    // What fails is told wherever it is, and what cannot be judged does not stand for others.
    if (result) judged.add(look)
    return result
  }

  function lookOf(node: HTMLElement): string {
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(node)
    return [node.matches(fields), color, fontSize, fontWeight, textShadow, behind(node)].join(' ')
  }

  function behind(node: HTMLElement | null): string {
    if (!node) return ''
    const known = window.contrast.behind.get(node)
    if (known !== undefined) return known
    const { backgroundColor, backgroundImage, opacity, filter, mixBlendMode, position } =
      getComputedStyle(node)
    const own = [backgroundColor, backgroundImage, opacity, filter, mixBlendMode].join(' ')
    const painted = [own === nothing ? '' : own, behind(node.parentElement)]
    // What lies over something that no parent of it painted looks like nothing else.
    const isOverOthers = !['static', 'relative'].includes(position) && !backgroundColor.startsWith('rgb(')
    if (isOverOthers) painted.push(node.outerHTML)
    const all = painted.join(' ').trim()
    window.contrast.behind.set(node, all)
    return all
  }
}
