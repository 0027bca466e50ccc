/** Words of the trade that together hold the sequences of three letters which common words are made of. */
const words = `
  about absence accounts adapter address adds admin again alias already also analysis anonymous answered
  anything apply approval architecture argument arrays artifact ascii async atomic attach attributes
  audit authenticate avoid await badge basic beat because before behind belongs between blocks body
  boolean bottom boxes broken buffer build byte candidate cannot capital cargo category cert challenge
  charset choice choose chunks cipher claims client closure columns common comparison compile compressed
  concat configured confirmed connected control cookie correct cross cursor cycle dashboard database
  debug decrypt defaults delete dependencies deployment details diagram digest disable discover disk
  doctor does domains double downloads draw drop during dynamic early effect embedded empty encoding
  endpoint enum environment errors example except exclusive execute exist expand expire explicit exports
  extensions failure fallback family feel fetch field filter finally fixed flag flight floor flush focus
  following forward from full gateway github global good graphs groups guide gzip handler having health
  holds hostname https images important includes indexes info initialize input interactive invalid
  issued java jobs judge keys kills knowledge labels language lasting layout left legacy level library
  life like limits little localhost logger lookup lowest made makes management manifest mapping marks
  matches maxlength median meet membership merged middleware milliseconds minimum minor minute module
  mongodb mostly multipart mysql namespace needed network node offset often ones openid optional
  organization origin otherwise outline output outside override package pagination pairs password paths
  patterns payload peer people performance perhaps permission piece pipeline placed platform player
  plural pods policy postgres pragma pretty previous private problem process products profile program
  project protobuf protocol provider proxy published purpose python query queue quick quote ranking
  readonly reason received reduce refresh refund regex registration regular reject related removed renew
  repository requests resolve response resume retry returned reuse review roots rows runner safe said
  scale scenario schemas scope segment self separator services severity shape signin single sizes sleep
  slot slug small smtp snapshot socket software something soon source specified square standard startup
  statuses stdio steps storage strict style subject submit subscribe success summary switch syntax
  systems tags taking targets tasks teams technology texts that their through tier timeouts title tools
  topics total touch traffic tree trust typescript unchecked unique unlink unsupported unused update
  upon urls usage usual value variables vendor verbs verify visible warning weak weights well whatever
  whether which width worker workflow would yaml
`

/** How many letters there are. */
const letters = 26

/**
 * Which sequences of three letters occur in common words, by {@link sequenceOf}. Tokenizers know common words whole, and
 * break what is made of other sequences into pieces of two or three letters.
 */
export const commonSequences = findSequences(words.split(/\s+/))

/** @returns the place of three letters, each from 0 for `a` to 25 */
export function sequenceOf(first: number, second: number, third: number): number {
  return (first * letters + second) * letters + third
}

function findSequences(known: readonly string[]): Uint8Array {
  const found = new Uint8Array(letters ** 3)
  for (const word of known) {
    for (let i = 0; i + 2 < word.length; i += 1)
      found[sequenceOf(letterAt(word, i), letterAt(word, i + 1), letterAt(word, i + 2))] = 1
  }
  return found
}

function letterAt(word: string, position: number): number {
  return word.charCodeAt(position) - 97
}
