/**
 * Stage 1 of the write side: what happened, as canonical JSON in UTF-8 (docs/ledger-format.md).
 *
 * ENCODE-1. A body, once commitments are filled in, is its own canonical re-encoding: it is written by hand, because it is on the row path,
 *     and a property in the tests compares it with `canonicalize`.
 * ENCODE-2. Nothing but numbers, declared codes and verdicts gets into a body (I8): other texts are refused.
 */
import type {
  BirthFact,
  CallFact,
  EndingFact,
  GroupClosed,
  GroupOpened,
  HoldFact,
  IntentFact,
  OriginFact,
  ReleaseFact,
  VisitFact,
} from '../../format/entry.ts'
import { bytesToHex } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { ByteText } from '../../model/byte-text.ts'
import { canonicalize } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { CompleteRunDraft, RunDraft, SubjectDraft, ValueDraft } from '../write-port.ts'
import type { BlockWriter } from './block.ts'
import { type Entropy, saltsOf } from './entropy.ts'
import { NO_CHANGE } from './open-tokens.ts'

/** Writes the entry of a subject. @throws CustodyError CUSTODY_ENGINE_DEFECT for a code or verdict that isn't one. */
export function encodeSubject(to: BlockWriter, draft: SubjectDraft, entropy: Entropy, changes = NO_CHANGE): void {
  const { subject, values, first_value, closes, endings } = draft
  const row = subject.kind === 'row' ? subject.row : null
  const batch = subject.kind === 'batch' ? subject.batch : null
  const salts = saltsOf(values.length, entropy)
  const text = to.begin(values.length)
  text.byte(OPEN_OBJECT)
  if (batch !== null) pair(text, '"b":', batch).byte(COMMA)
  commitments(to, text, values)
  upToOpen(text, draft)
  if (draft.previous !== null) pair(text, ',"p":', draft.previous)
  if (row !== null) pair(text, ',"r":', row)
  if (draft.origin !== null) origin(text, draft.origin)
  pair(text, ',"t":', draft.time_us)
  if (draft.timed_out.length > 0) text.text(`,"u":[${draft.timed_out.join(',')}]`)
  if (draft.visits.length > 0) list(text, ',"v":[', draft.visits, visit)
  if (values.length > 0) pair(text, ',"w":', first_value)
  if (draft.calls.length > 0) list(text, ',"x":[', draft.calls, call)
  if (draft.intents.length > 0) list(text, ',"y":[', draft.intents, intent)
  finish(to, text, values, salts)
  to.close({ row, batch, first_value, closes, endings, recorded_us: endsOf(draft), changes }, salts)
}

/** An entry of the run, or of the ledger's own log. */
export function encodeRun(to: BlockWriter, draft: RunDraft | CompleteRunDraft, entropy: Entropy): void {
  const facts = draft.entry as unknown as { readonly [key: string]: Json }
  encodeFacts(to, facts, draft.first_value, draft.values, entropy)
}

export function encodeLedger(to: BlockWriter, entry: LedgerEntry, entropy: Entropy): void {
  encodeFacts(to, entry as unknown as { readonly [key: string]: Json }, 0, [], entropy)
}

/** Commitments stand between the keys before `c` and those after, `w` among these; `z` comes after all keys there are. */
function encodeFacts(
  to: BlockWriter,
  facts: { readonly [key: string]: Json },
  first_value: number,
  values: readonly ValueDraft[],
  entropy: Entropy,
): void {
  const salts = saltsOf(values.length, entropy)
  const text = to.begin(values.length)
  const keys = Object.keys(facts).sort()
  const pairs = (from: readonly string[]) => from.map(key => `"${key}":${canonicalize(facts[key]!)}`)
  text.byte(OPEN_OBJECT)
  for (const each of pairs(keys.filter(key => key < 'c'))) text.text(`${each},`)
  commitments(to, text, values)
  text.text(pairs(keys.filter(key => key > 'c' && key < 'w')).join(','))
  if (values.length > 0) pair(text, ',"w":', first_value)
  for (const each of pairs(keys.filter(key => key > 'w'))) text.text(`,${each}`)
  finish(to, text, values, salts)
  to.close(
    { row: null, batch: null, first_value, closes: false, endings: [], recorded_us: [], changes: NO_CHANGE },
    salts,
  )
}

const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const COMMA = 0x2c

function commitments(to: BlockWriter, text: ByteText, values: readonly ValueDraft[]): void {
  if (values.length === 0) return
  text.text('"c":[')
  to.commitments()
  text.text('],')
}

/** The end of the body, and the payload. An entry without values has a nonce. */
function finish(to: BlockWriter, text: ByteText, values: readonly ValueDraft[], salts: Uint8Array): void {
  if (values.length === 0) text.text(`,"z":"${bytesToHex(salts)}"`)
  text.byte(CLOSE_OBJECT)
  to.endBody()
  if (values.length > 0) payload(to, text, values)
  to.endPayload()
  for (let i = 0; i < values.length; i++) if (values[i]!.kind === 'patch') to.value(i, values[i]!.text)
}

/** An array of its values as they are stored: `[value]`, or `[base, set, unset]`. */
function payload(to: BlockWriter, text: ByteText, values: readonly ValueDraft[]): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    text.text(i === 0 ? '[[' : ',[')
    if (value.kind === 'full') to.value(i, value.text)
    else {
      text.number(value.base)
      text.byte(COMMA)
      text.text(value.set)
      text.byte(COMMA)
      text.text(value.unset.length === 0 ? '[]' : canonicalize(value.unset))
    }
    text.byte(CLOSE_LIST)
  }
  text.byte(CLOSE_LIST)
}

function pair(text: ByteText, key: string, value: number): ByteText {
  text.text(key)
  text.number(value)
  return text
}

/** A list of lists; `key` ends with its bracket. */
function list<T>(text: ByteText, key: string, facts: readonly T[], write: (text: ByteText, fact: T) => void): ByteText {
  text.text(key)
  for (let i = 0; i < facts.length; i++) {
    if (i > 0) text.byte(COMMA)
    text.byte(OPEN_LIST)
    write(text, facts[i]!)
    text.byte(CLOSE_LIST)
  }
  text.byte(CLOSE_LIST)
  return text
}

/** Keys `d` to `o`. */
function upToOpen(text: ByteText, draft: SubjectDraft): void {
  if (draft.groups_closed.length > 0) list(text, '"d":[', draft.groups_closed, closing).byte(COMMA)
  if (draft.endings.length > 0) list(text, '"e":[', draft.endings, ending).byte(COMMA)
  if (draft.orders !== 0) pair(text, '"f":', draft.orders).byte(COMMA)
  if (draft.groups_opened.length > 0) list(text, '"g":[', draft.groups_opened, opening).byte(COMMA)
  if (draft.holds.length > 0) list(text, '"h":[', draft.holds, hold).byte(COMMA)
  if (draft.releases.length > 0) list(text, '"l":[', draft.releases, release).byte(COMMA)
  if (draft.births.length > 0) list(text, '"n":[', draft.births, birth).byte(COMMA)
  pair(text, '"o":', draft.open)
}

// Facts write their numbers one after another: an array of them, made for each fact, would cost more than all the rest.

function origin(text: ByteText, { source, index, line, repeats }: OriginFact): void {
  pair(text, ',"s":[', source)
  text.next(index)
  text.next(line)
  if (repeats !== null) text.next(repeats)
  text.byte(CLOSE_LIST)
}

function closing(text: ByteText, { group, verdict, detail, members }: GroupClosed): void {
  text.number(group)
  text.text(`,"${word(verdict)}"`)
  text.next(detail)
  for (let i = 0; i < members.length; i++) text.next(members[i]!)
}

function ending(text: ByteText, { token, fate, node, sink, group, error }: EndingFact): void {
  text.number(token)
  text.next(fate)
  text.next(node)
  text.next(sink)
  text.next(group)
  errorOf(text, error)
}

function opening(text: ByteText, { group, kind, node, expected }: GroupOpened): void {
  text.number(group)
  text.next(kind)
  text.next(node)
  text.next(expected)
}

function hold(text: ByteText, { token, node, group, ordinal, batch }: HoldFact): void {
  text.number(token)
  text.next(node)
  text.next(group)
  text.next(ordinal)
  if (batch !== null) text.next(batch)
}

function release(text: ByteText, { token, node, place }: ReleaseFact): void {
  text.number(token)
  text.next(node)
  text.next(place)
}

function birth(text: ByteText, { token, group, ordinal, value, parents }: BirthFact): void {
  text.number(token)
  if (group === 0) return
  text.next(group)
  text.next(ordinal)
  text.next(value)
  for (let i = 0; i < parents.length; i++) text.next(parents[i]!)
}

function visit(text: ByteText, fact: VisitFact): void {
  text.number(fact.token)
  text.next(fact.node)
  text.next(fact.attempt)
  text.next(fact.status)
  text.next(fact.in)
  text.next(fact.out)
  text.next(fact.edge)
  text.next(fact.start_us)
  text.next(fact.duration_us)
  errorOf(text, fact.error)
  if (fact.stood_us !== 0) text.next(fact.stood_us)
}

function call(text: ByteText, fact: CallFact): void {
  const { input_tokens, output_tokens, cost_nusd } = fact
  text.number(fact.call)
  text.next(fact.token)
  text.next(fact.node)
  text.next(fact.attempt)
  text.next(fact.ordinal)
  text.next(fact.service)
  text.next(fact.status)
  text.next(fact.request)
  text.next(fact.response)
  text.next(fact.start_us)
  text.next(fact.duration_us)
  if (input_tokens + output_tokens + cost_nusd === 0) return
  text.next(input_tokens)
  text.next(output_tokens)
  text.next(cost_nusd)
}

function intent(text: ByteText, { token, node, attempt, request, together }: IntentFact): void {
  text.number(token)
  text.next(node)
  text.next(attempt)
  text.next(request)
  if (together === null) return
  text.next(together.first)
  text.next(together.place)
  text.next(together.rows)
}

function errorOf(text: ByteText, error: EndingFact['error']): void {
  if (error === null) return
  text.text(`,"${code(error.code)}"`)
  text.next(error.value)
}

/** When each token ended: as its last visit in this entry did, or, where it has none, at the entry's time. */
function endsOf({ endings, visits, time_us }: SubjectDraft): number[] {
  // In most rows one token ends, by the last visit. One row may expand to very many tokens.
  const last = visits.at(-1)
  if (endings.length === 1 && last?.token === endings[0]?.token && last !== undefined) return [time_us + endOf(last)]
  const ends = new Map<number, number>()
  for (const each of visits) ends.set(each.token, time_us + endOf(each))
  return endings.map(({ token }) => ends.get(token) ?? time_us)
}

/** From the entry's time. */
function endOf({ start_us, duration_us, stood_us }: VisitFact): number {
  return start_us + duration_us + stood_us
}

const CODE = /^[A-Z0-9_]{1,64}$/
const WORD = /^[a-z0-9_]+$/

function code(text: string): string {
  if (!CODE.test(text)) throw new CustodyError('CUSTODY_ENGINE_DEFECT', `${JSON.stringify(text)} is no error code`)
  return text
}

function word(text: string): string {
  if (!WORD.test(text)) throw new CustodyError('CUSTODY_ENGINE_DEFECT', `${JSON.stringify(text)} is no verdict`)
  return text
}
