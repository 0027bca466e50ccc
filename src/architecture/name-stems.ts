/** Words that tell copies apart, such as those of `orders-db-primary` and `orders-db-replica-2`. */
const rolesOfCopies = new Set(
  'primary replica secondary standby leader follower master slave read reader write writer ro rw backup fallback mirror blue green canary a b'.split(
    ' ',
  ),
)

/** What copies of one thing have in common in their names: the words without numbers and roles, joined by dashes. */
export function stemOf(words: readonly string[] = []): string {
  const telling = words.filter((word) => !/^v?\d+$/.test(word) && !rolesOfCopies.has(word))
  return telling.map((word) => word.replace(/\d+$/, '')).join('-')
}
