/**
 * The ledger's own log as far as a proof or a record has it: its birth, the changes of its keys, what it says of a run, and its signed head.
 * Whose word all the rest is, is found out here and nowhere else.
 *
 * LOG-PART-1. Whoever hands entries over has seen that the head commits to them, and knows the root before each.
 * LOG-PART-2. Which keys are in force follows from the entries at hand. That none that changes keys was left out only the whole log shows.
 * LOG-PART-3. Signatures are looked at first, and whether the reader trusts them afterwards (word.ts): so a reader without a key still hears what is
 *     wrong.
 */
import { type Checkpoint, checkpointIn } from '../../format/checkpoint.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import { NoteError } from '../../format/verifier-key.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError, decodeLedgerEntry } from '../decode.ts'
import { type Check, entryName, type Report } from '../verify/check.ts'
import { KeysInForce } from '../verify/keys.ts'
import type { Trusting } from './trusting.ts'
import { checkWord, type Word, type WordChecks } from './word.ts'

/** An entry of log 0 to which the head commits. */
export interface HeldEntry {
  readonly index: number
  readonly body: string
  /** Of the log's tree before it. */
  rootBefore(): Hash
  /** Of the log's tree with it. */
  rootWith(): Hash
}

export interface LogPart {
  /** The ledger's id. */
  readonly ledger: string
  readonly head: Checkpoint
  /** By ascending index; the first is the birth. */
  readonly entries: ReadonlyArray<{ readonly index: number; readonly entry: LedgerEntry }>
  readonly word: Word
}

/** Reports where it isn't shown that the log extends an older head, which the reader has. */
export function checkSince(since: Checkpoint, { head }: LogPart, held: readonly HeldEntry[], check: Report): void {
  const { origin, size, root } = since
  if (origin !== head.origin) check.add(`the head that you have is that of ${origin}, and this is ${head.origin}`)
  else if (size > head.size)
    check.add(
      `the head that you have is a later one, with ${counted(size, 'entry', 'entries')}, and this has ${grouped(head.size)}`,
    )
  else {
    const [next, last] = [held.find(each => each.index === size), held.find(each => each.index === size - 1)]
    const known = size === head.size ? head.root : (next?.rootBefore() ?? last?.rootWith() ?? null)
    if (known === null)
      check.add(
        `it has no entry beside the end of the head that you have (${counted(size, 'entry', 'entries')}), and so can’t show that it extends that`,
      )
    else if (known !== root)
      check.add(
        `its first ${counted(size, 'entry isn’t', 'entries aren’t')} those of the head that you have: this is another history`,
      )
  }
}

/** Where is reported what is wrong with the entries, and with whose word they are. */
export interface LogChecks extends WordChecks {
  readonly log: Check
}

/**
 * @param held by ascending index
 * @param note the signed checkpoint of log 0
 * @param tokens timestamps of it, in base64
 * @returns null if nothing can be built on it.
 */
export function checkLogPart(
  held: readonly HeldEntry[],
  note: string,
  tokens: readonly string[],
  trusting: Trusting,
  checks: LogChecks,
): LogPart | null {
  const entries = decodedEntries(held, checks.log)
  const head = headIn(note, checks.log)
  const birth = entries[0]?.entry
  if (birth?.k !== 'birth' || entries[0]?.index !== 0) checks.log.add('it doesn’t begin with the birth of the ledger')
  if (birth?.k !== 'birth' || head === null || !checks.log.ok) return null
  const { ledger } = birth
  const origin = `custody/${ledger}/0`
  if (head.origin !== origin) checks.log.add(`its checkpoint is that of ${head.origin}, not of ${origin}`)
  const keys = keysBy(ledger, held, entries, checks.log)
  if (!checks.log.ok) return null
  const signed = { note, good: keys.ofLogZero(head.size).good, keys }
  const word = checkWord(signed, tokens, trusting, checks)
  return word === null ? null : { ledger, head, entries, word }
}

function decodedEntries(held: readonly HeldEntry[], check: Report): LogPart['entries'] {
  const entries: Array<LogPart['entries'][number]> = []
  let [before, last_us] = [-1, 0]
  for (const { index, body } of held) {
    try {
      const entry = decodeLedgerEntry(index, body)
      if (index <= before) check.add(`${entryName(index)} stands behind ${entryName(before)}`)
      if ((entry.k === 'birth') !== (index === 0)) check.add('the birth of the ledger is entry 0, and no other')
      if (entry.t < last_us) check.add(`${entryName(index)}: its time lies before that of the entry before it`)
      entries.push({ index, entry })
      ;[before, last_us] = [index, entry.t]
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      check.add(`${entryName(index)}: ${error.message}`)
    }
  }
  return entries
}

export function headIn(note: string, check: Report): Checkpoint | null {
  try {
    return checkpointIn(note)
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    check.add(`its checkpoint is ${error.message}`)
    return null
  }
}

function keysBy(ledger: string, held: readonly HeldEntry[], entries: LogPart['entries'], check: Report): KeysInForce {
  const keys = new KeysInForce('any')
  for (const [i, { index, entry }] of entries.entries()) {
    const root = entry.k === 'key' ? (held[i]?.rootBefore() ?? '') : ''
    const problem =
      entry.k === 'birth' ? keys.birth(entry) : entry.k === 'key' ? keys.change(ledger, index, root, entry) : null
    if (problem !== null) check.add(`${entryName(index)}: ${problem}`)
  }
  return keys
}
