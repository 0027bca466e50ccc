/// <reference lib="dom" />

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { AxeResults, RunOptions } from 'axe-core'
import type { BrowserContext, Page } from 'playwright-core'
import { judgeEachLookOnce } from './contrast-looks.ts'

const axeFile = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'))

/** Gives every page of a context what {@link createFaultFinder} needs; not subject to the Content-Security-Policy. */
export async function prepareForFaults(context: BrowserContext): Promise<void> {
  await context.addInitScript({
    content: `${await readFile(axeFile, 'utf8')};(${String(judgeEachLookOnce)})()`,
  })
}

/** What a colour scheme or a width can change; the rest is the same in both and looked at once. */
const rulesOfLook: string[] = [
  'color-contrast',
  'link-in-text-block',
  'scrollable-region-focusable',
  'target-size',
]

/** For the pages of one site, one after the other. */
export function createFaultFinder(): { findFaults: (this: void, page: Page) => Promise<string[]> } {
  const looks = [
    { width: 1440, colorScheme: 'light', rules: undefined, judged: new Set<string>() },
    { width: 360, colorScheme: 'dark', rules: rulesOfLook, judged: new Set<string>() },
  ] as const

  return {
    /**
     * What is wrong with a page, wide and light as well as narrow and dark: what axe-core finds (WCAG 2.2 AA and best
     * practices; the contrast of what looks the same on several pages once), sideways scrolling, errors that belong to no
     * field, what the keyboard does not reach or where one does not see it.
     */
    async findFaults(page: Page): Promise<string[]> {
      const faults: string[] = []
      // As it is first: to lay it out anew takes as long as to load it.
      const isNarrow = page.viewportSize()?.width === looks[1].width
      for (const { width, colorScheme, rules, judged } of isNarrow ? looks.toReversed() : looks) {
        await Promise.all([page.setViewportSize({ width, height: 800 }), page.emulateMedia({ colorScheme })])
        const found = await page.evaluate(runAxe, { rules, judged: [...judged] })
        for (const look of found.judged) judged.add(look)
        const layout = await page.evaluate(findLayoutFaults)
        faults.push(...[...found.faults, ...layout].map((fault) => `${colorScheme}, ${width} px: ${fault}`))
      }
      return faults
    },
  }
}

declare const axe: { run: (document: Document, options: RunOptions) => Promise<AxeResults> }

/** Runs in the page, where `axe` is a global. */
async function runAxe({ rules, judged }: { rules: string[] | undefined; judged: string[] }) {
  window.contrast = { judged: new Set(judged), behind: new Map() }
  const { violations } = await axe.run(document, {
    resultTypes: ['violations'],
    // WCAG 2.2 SC 2.5.8, which axe-core leaves off by default.
    ...(rules ? { runOnly: rules } : { rules: { 'target-size': { enabled: true } } }),
  })
  // An open menu lies over targets that come next, which it is closed for.
  const isCovered = document.querySelector('[data-popover][open]') !== null
  const faults = violations.flatMap(({ id, impact, nodes }) =>
    id === 'target-size' && isCovered
      ? []
      : nodes.map(({ html, failureSummary }) => `${impact} ${id}: ${html} ${failureSummary}`),
  )
  return { faults, judged: [...window.contrast.judged].slice(judged.length) }
}

/** Runs in the page. */
function findLayoutFaults(): string[] {
  const faults: string[] = []
  const overflow = document.documentElement.scrollWidth - window.innerWidth
  if (overflow > 0) faults.push(`${overflow} px too wide`)
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1')
  for (const field of document.querySelectorAll('[aria-invalid=true]')) {
    const note = document.getElementById(field.getAttribute('aria-describedby') ?? '')
    if (!note?.textContent?.trim()) faults.push(`no note says what is wrong: ${field.outerHTML}`)
  }

  const stops = [
    ...document.querySelectorAll<HTMLElement>('a[href], button, input, select, summary, [tabindex]'),
  ].filter((element) => element.tabIndex !== -1 && element.checkVisibility({ visibilityProperty: true }))
  let previous: DOMRect | undefined
  for (const stop of stops) {
    if (stop.tabIndex > 0) faults.push(`out of the order of the page: ${stop.outerHTML}`)
    stop.focus({ focusVisible: true, preventScroll: true })
    const { outlineStyle, boxShadow } = getComputedStyle(stop)
    if (document.activeElement === stop && outlineStyle === 'none' && boxShadow === 'none') {
      faults.push(`focus is not seen: ${stop.outerHTML}`)
    }
    // The next stop stands below or to the right: in a column of its own it may stand higher.
    const place = stop.getBoundingClientRect()
    if (previous && place.bottom <= previous.top && place.left < previous.right) {
      faults.push(`the focus jumps up to: ${stop.outerHTML}`)
    }
    // A skip link and an open menu lie over what comes next.
    if (!stop.matches('.skip-link, [data-popover] > :not(summary) *')) previous = place
  }
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  return faults
}
