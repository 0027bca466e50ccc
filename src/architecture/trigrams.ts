/** Every run of three characters, with the edges marked so that beginnings weigh. */
export function trigramsOf(text: string): string[] {
  const padded = `  ${text} `
  return Array.from({ length: padded.length - 2 }, (_, start) => padded.slice(start, start + 3))
}

/** Dice's coefficient of the trigrams of two texts: 0 to 1. */
export function likenessOf(wanted: ReadonlySet<string>, text: string): number {
  const trigrams = new Set(trigramsOf(text))
  let shared = 0
  for (const trigram of trigrams) if (wanted.has(trigram)) shared += 1
  return (2 * shared) / (wanted.size + trigrams.size)
}
