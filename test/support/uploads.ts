import { type Browser, formsOf, type Page } from './browser.ts'

/** Files by name. */
export type Files = Record<string, string | Uint8Array>

/** Sends files with the form on a page, its hidden fields before them, as browsers do. */
export async function upload(
  browser: Browser,
  path: string,
  files: Files,
  fields: Record<string, string> = {},
): Promise<Page> {
  const page = await browser.open(path)
  const form = formsOf(page.html).find(({ action }) => action.endsWith('/import'))
  return browser.open(path, { method: 'POST', body: multipart({ ...form?.hidden, ...fields }, files) })
}

/** The body of a form with files. */
export function multipart(fields: Record<string, string>, files: Files): FormData {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  for (const [name, content] of Object.entries(files))
    body.append('files', new Blob([Buffer.from(content as string)]), name)
  return body
}
