/** A ledger key in a text that isn't the place for one: a pipeline file, an argument. */

/** What the line of a key begins with. */
export const LEDGER_KEY_MARK = 'custody-ledger-key'
/** The line of one, in a text. */
export const LEDGER_KEY = new RegExp(`(${LEDGER_KEY_MARK}\\+(?:[0-9a-f]{16}\\+)?)([A-Za-z0-9+/=]+)`, 'g')
/** 32 bytes in base64: what stands behind the mark, without it. */
const BARE = '[A-Za-z0-9+/]{43}='
const BARE_KEY = new RegExp(`(?<![A-Za-z0-9+/])${BARE}(?!=)`, 'g')
/** A whole text that is a key without its mark. */
export const BARE_LEDGER_KEY = `^\\s*${BARE}\\s*$`

export function holdsLedgerKey(text: string): boolean {
  return text.includes(`${LEDGER_KEY_MARK}+`)
}

/** A text of the same length, in which nothing of a key is left but its id; nor of what may be one without its mark. */
export function withoutLedgerKeys(text: string): string {
  return text
    .replace(LEDGER_KEY, (_, mark: string, key: string) => mark + '*'.repeat(key.length))
    .replace(BARE_KEY, key => '*'.repeat(key.length))
}
