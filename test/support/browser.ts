/** A page as a browser without script sees it. */
export interface Page {
  url: string
  status: number
  headers: Headers
  html: string
}

export type Browser = ReturnType<typeof createBrowser>

/** A browser without script: cookies, redirects within one origin, forms. It stops where a redirect leaves that origin. */
export function createBrowser(origin: string) {
  const cookies = new Map<string, { value: string; path: string }>()

  async function request(target: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(target, origin)
    const cookie = [...cookies]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
    const headers = new Headers({ accept: 'text/html', ...(cookie === '' ? {} : { cookie }) })
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
    const response = await fetch(url, { redirect: 'manual', ...init, headers })
    for (const line of response.headers.getSetCookie()) keepCookie(line)
    return response
  }

  function keepCookie(line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/)
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? '/'
    const gone = value === '' || attributes.some((text) => /^expires=Thu, 01 Jan 1970/i.test(text))
    if (gone) cookies.delete(name)
    else cookies.set(name, { value, path })
  }

  /** Loads a page, following redirects as long as they stay on the server. */
  async function open(target: string, init: RequestInit = {}): Promise<Page> {
    let response = await request(target, init)
    let url = new URL(target, origin)
    for (let hops = 0; hops < 10; hops++) {
      const location = response.headers.get('location')
      if (location === null) break
      url = new URL(location, url)
      if (url.origin !== origin) break
      response = await request(url.href)
    }
    return { url: url.href, status: response.status, headers: response.headers, html: await response.text() }
  }

  /** Submits the form whose action matches, with its hidden fields, as a person would. */
  async function submit(page: Page, fields: Record<string, string>, action = /./): Promise<Page> {
    const form = formsOf(page.html).find((candidate) => action.test(candidate.action))
    if (!form) throw new Error(`no form with action ${action} on ${page.url}: ${page.html.slice(0, 500)}`)
    return open(new URL(form.action || page.url, page.url).href, {
      method: 'POST',
      body: new URLSearchParams({ ...form.hidden, ...fields }),
    })
  }

  return { open, submit, request, cookies }
}

/** The forms of a page: action and hidden fields. */
export function formsOf(html: string): { action: string; hidden: Record<string, string> }[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(
    ([, attributes = '', content = '']) => ({
      action: attribute(attributes, 'action') ?? '',
      hidden: Object.fromEntries(
        [...content.matchAll(/<input\b([^>]*)>/g)]
          .map(([, input = '']) => input)
          .filter((input) => attribute(input, 'type') === 'hidden')
          .map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']),
      ),
    }),
  )
}

function attribute(attributes: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1]
  return value
    ?.replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
