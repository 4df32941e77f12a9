/** Words for a shell, quoted where they need it, so that a printed command can be copied. */

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/

export function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
