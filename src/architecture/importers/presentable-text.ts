/** Free text by strangers as one short line without control characters; undefined when nothing is left. */
export function oneLine(text: string | undefined, maxLength = 240): string | undefined {
  const line = text
    ?.slice(0, maxLength * 4)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
  return line === undefined || line === '' ? undefined : line.slice(0, maxLength)
}

/** Whether a link may be shown: http or https, without credentials. */
export function isWebAddress(text: string): boolean {
  return text.length <= 500 && /^https?:\/\/[^\s@<>"']+$/i.test(text) && URL.canParse(text)
}
