/**
 * The key that a ledger's values are encrypted with, as a line of text: `custody-ledger-key+ID+BASE64`.
 *
 * LEDGER-KEY-1. The id is made of the key: a line of which any character was changed isn't one, and two keys never share an id.
 * LEDGER-KEY-2. Nothing of a text that could be a key stands in an error.
 */
import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { CustodyError } from '../../model/error.ts'
import { LEDGER_KEY_MARK } from '../../model/ledger-key-text.ts'

export const KEY_BYTES = 32
/** Of the id, in hex. */
const ID_BYTES = 8
const LINE = /^custody-ledger-key\+(?<id>[0-9a-f]{16})\+(?<key>[A-Za-z0-9+/]{43}=)$/

export interface LedgerKey {
  /** 16 hex digits. Stands beside whatever the key encrypts, and says nothing of it. */
  readonly id: string
  /** 32 bytes; the object can be handed to another thread, and isn't printed by accident. */
  readonly secret: KeyObject
}

export function ledgerKeyOf(bytes: Uint8Array): LedgerKey {
  if (bytes.length !== KEY_BYTES) throw new TypeError(`a ledger key has ${KEY_BYTES} bytes, not ${bytes.length}`)
  const digest = createHash('sha256').update(`${LEDGER_KEY_MARK}\n`).update(bytes).digest('hex')
  return { id: digest.slice(0, 2 * ID_BYTES), secret: createSecretKey(bytes) }
}

/** A new one, as the line that a file or a secret holds. */
export function newLedgerKeyText(): string {
  return ledgerKeyText(ledgerKeyOf(randomBytes(KEY_BYTES)))
}

export function ledgerKeyText({ id, secret }: LedgerKey): string {
  return `${LEDGER_KEY_MARK}+${id}+${secret.export().toString('base64')}`
}

/**
 * The key that a text holds, with blanks, line ends or quotes around.
 * @param from names the text, for people
 * @throws CustodyError CUSTODY_LEDGER_KEY
 */
export function parseLedgerKey(text: string, from: string): LedgerKey {
  const line = /^\s*(["']?)(?<inner>.*?)\1\s*$/s.exec(text)?.groups?.inner ?? ''
  const { id, key } = LINE.exec(line)?.groups ?? {}
  if (id === undefined || key === undefined) throw new CustodyError('CUSTODY_LEDGER_KEY', `${from} ${wrongForm(line)}`)
  const bytes = Buffer.from(key, 'base64')
  const made = ledgerKeyOf(bytes)
  // Of the last character before the = two bits stand for nothing.
  if (made.id !== id || bytes.toString('base64') !== key)
    throw new CustodyError(
      'CUSTODY_LEDGER_KEY',
      `${from} holds a ledger key that isn’t whole: its id isn’t that of its key`,
      {
        hint: 'A character was changed. Take the key from where it is kept safe.',
      },
    )
  return made
}

/** What a text is that isn't a key, without a word of it (LEDGER-KEY-2). */
function wrongForm(line: string): string {
  if (line === '') return 'is empty, and holds no ledger key'
  if (/^PRIVATE.?KEY\b/i.test(line)) return 'holds a key that signs, which is no ledger key'
  if (line.includes('\n')) return 'has more than the one line of a ledger key'
  if (line.startsWith(LEDGER_KEY_MARK)) return 'holds a ledger key that was cut, or has something behind it'
  return `holds no ledger key (a line ${LEDGER_KEY_MARK}+id+base64, as \`custody ledger key new\` writes it)`
}
