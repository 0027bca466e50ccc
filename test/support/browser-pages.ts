/// <reference lib="dom" />

import assert from 'node:assert/strict'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:http'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { freePort } from './server.ts'

/**
 * Chromium's executable on PATH.
 * @throws {Error} when there is none and REQUIRE_CHROMIUM=1
 */
export function findChromium(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return join(folder, name)
      } catch {
        // Not here: look on.
      }
    }
  }
  if (process.env['REQUIRE_CHROMIUM'] === '1') throw new Error('REQUIRE_CHROMIUM=1, but PATH has no Chromium')
  return undefined
}

/** Starts Chromium without sandbox and without traffic of its own. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Collects what a page complains about: script errors, violations of the Content-Security-Policy, failed loads. */
export function collectComplaints(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`))
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${page.url()}: ${message.text()}`)
  })
  return complaints
}

/** What every page promises: no sideways scrolling, readable text in both colour schemes, one h1, named controls. */
export async function assertWellMade(page: Page): Promise<void> {
  const before = page.viewportSize()
  for (const [width, colorScheme] of [
    [360, 'dark'],
    [1440, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(overflow <= 0, `${page.url()} is ${overflow} px too wide at ${width} px`)
    assert.deepEqual(await page.evaluate(findFaintText), [], `${page.url()}, ${colorScheme}`)
  }
  if (before) await page.setViewportSize(before)
  assert.equal(await page.locator('h1').count(), 1, `${page.url()} has one h1`)
  assert.deepEqual(await page.evaluate(findUnnamedControls), [], page.url())
}

/** Text with less contrast than WCAG 2.2 §1.4.3 asks of normal text, 4.5:1. Runs in the page. */
function findFaintText(): string[] {
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- only what is inside travels into the page
  const channelsOf = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = channelsOf(color).map((channel) => {
      const share = channel / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const backgroundOf = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)'
    const color = getComputedStyle(element).backgroundColor
    return channelsOf(color)[3] === 0 ? backgroundOf(element.parentElement) : color
  }
  return [...document.querySelectorAll('body *')]
    .filter((element) =>
      [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()),
    )
    .filter((element) => element.checkVisibility() && element.getClientRects().length > 0)
    .flatMap((element) => {
      const [high = 0, low = 0] = [
        luminance(getComputedStyle(element).color),
        luminance(backgroundOf(element)),
      ].toSorted((a, b) => b - a)
      const contrast = (high + 0.05) / (low + 0.05)
      return contrast < 4.5 ? [`${contrast.toFixed(2)}: ${element.textContent?.trim().slice(0, 40)}`] : []
    })
}

/** Fields, buttons and links that a screen reader could not name. Runs in the page. */
function findUnnamedControls(): string[] {
  return [...document.querySelectorAll('a, button, summary, select, input:not([type=hidden])')]
    .filter((control) => {
      const labels = 'labels' in control && control.labels instanceof NodeList ? [...control.labels] : []
      const texts = [
        control.textContent,
        control.getAttribute('aria-label'),
        ...labels.map((label) => label.textContent),
      ]
      return !texts.some((text) => text?.trim())
    })
    .map((control) => control.outerHTML)
}

/** Listens where a client's authorization answer goes, as Claude Code does. */
export async function listenForCallback() {
  const port = await freePort()
  const server = createServer((_request, response) => response.end('Signed in. You may close this window.'))
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    redirectUri: `http://localhost:${port}/callback`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
