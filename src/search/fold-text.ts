/** Texts as they are compared where case doesn't count. */

const ASCII = /^[\0-\x7f]*$/

/**
 * Composed (NFC) and in lower case, whatever the language; the two small sigmas are one. What stands in a text stands in the folded text, folded
 * by itself, wherever it is cut between letters.
 */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ')
}
