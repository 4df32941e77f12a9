/**
 * Stage 1 of the write side: what happened, as canonical JSON text (docs/ledger-format.md, DESIGN section 5).
 *
 * E1. `bodyOf` an encoded entry is its own canonical re-encoding: the text is put together by hand, because it is on the
 *     row path, and a property in the tests compares it with `canonicalize`.
 * E2. Nothing but numbers, declared codes and verdicts gets into a body (I8): other texts are refused.
 */
import type { CallFact, EndingFact, HoldFact, IntentFact, OriginFact, VisitFact } from '../format/entry.ts'
import type { LedgerEntry } from '../format/ledger-entry.ts'
import { canonicalize } from '../model/canonical.ts'
import { CustodyError } from '../model/error.ts'
import type { Json } from '../model/row.ts'
import { NO_CHANGE } from './open-tokens.ts'
import type { CompleteRunDraft, EncodedEntry, RunDraft, SubjectDraft, ValueDraft } from './write-port.ts'

/** The whole text of an entry. `commitments` are hex texts; without any, `nonce` (hex) stands in their place. */
export function bodyOf(entry: EncodedEntry, commitments: readonly string[], nonce: string): string {
  return flat(
    commitments.length === 0
      ? `${entry.before}${entry.after},"z":"${nonce}"}`
      : `${entry.before}"c":["${commitments.join('","')}"],${entry.after}}`,
  )
}

/** The text of a payload: an array of its values as they are stored. */
export function payloadOf(entry: EncodedEntry): string {
  return flat(`[${entry.stored.join(',')}]`)
}

/**
 * The same text in one piece. V8 keeps a text that was put together as a tree of its parts until somebody looks at a
 * character; a thousand such trees held until the commit cost 5 µs a row.
 */
function flat(text: string): string {
  if (text.charCodeAt(0) === NUL) throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'a text begins with NUL')
  return text
}
const NUL = 0

/** @throws CustodyError CUSTODY_ENGINE_DEFECT for a code or verdict that isn't one. */
export function encodeSubject(draft: SubjectDraft, changes = NO_CHANGE): EncodedEntry {
  const { subject } = draft
  const row = subject.kind === 'row' ? subject.row : null
  const batch = subject.kind === 'batch' ? subject.batch : null
  let after = upToOpen(draft)
  if (draft.previous !== null) after += `,"p":${draft.previous}`
  if (row !== null) after += `,"r":${row}`
  if (draft.origin !== null) after += `,"s":${originText(draft.origin)}`
  after += `,"t":${draft.time_us}`
  if (draft.visits.length > 0) after += `,"v":[${visitsText(draft.visits)}]`
  if (draft.values.length > 0) after += `,"w":${draft.first_value}`
  if (draft.calls.length > 0) after += `,"x":[${draft.calls.map(callText).join(',')}]`
  if (draft.intents.length > 0) after += `,"y":[${draft.intents.map(intentText).join(',')}]`
  return {
    row,
    batch,
    before: batch === null ? '{' : `{"b":${batch},`,
    after,
    texts: draft.values.map(each => each.text),
    stored: draft.values.map(storedText),
    first_value: draft.first_value,
    endings: draft.endings,
    recorded_us: endsOf(draft),
    closes: draft.closes,
    changes,
  }
}

/** An entry of the run, or of the ledger's own log. */
export function encodeRun(draft: RunDraft | CompleteRunDraft): EncodedEntry {
  return encodeFacts(draft.entry as unknown as { readonly [key: string]: Json }, draft.first_value, draft.values)
}

export function encodeLedger(entry: LedgerEntry): EncodedEntry {
  return encodeFacts(entry as unknown as { readonly [key: string]: Json }, 0, [])
}

/** Commitments stand between the keys before `c` and those after; `w` and `z` come after all keys there are. */
function encodeFacts(
  facts: { readonly [key: string]: Json },
  first_value: number,
  values: readonly ValueDraft[],
): EncodedEntry {
  let before = '{'
  const after: string[] = []
  for (const key of Object.keys(facts).sort()) {
    const pair = `"${key}":${canonicalize(facts[key]!)}`
    if (key < 'c') before += `${pair},`
    else after.push(pair)
  }
  if (values.length > 0) after.push(`"w":${first_value}`)
  return {
    row: null,
    batch: null,
    before,
    after: after.join(','),
    texts: values.map(each => each.text),
    stored: values.map(storedText),
    first_value,
    endings: [],
    recorded_us: [],
    closes: false,
    changes: NO_CHANGE,
  }
}

function originText({ source, index, line, repeats }: OriginFact): string {
  return repeats === null ? `[${source},${index},${line}]` : `[${source},${index},${line},${repeats}]`
}

/** Keys `d` to `o`. */
function upToOpen(draft: SubjectDraft): string {
  let text = ''
  if (draft.groups_closed.length > 0) {
    const closed = draft.groups_closed.map(
      each => `[${[each.group, `"${word(each.verdict)}"`, each.detail, ...each.members].join(',')}]`,
    )
    text += `"d":[${closed.join(',')}],`
  }
  if (draft.endings.length > 0) text += `"e":[${endingsText(draft.endings)}],`
  if (draft.orders !== 0) text += `"f":${draft.orders},`
  if (draft.groups_opened.length > 0) {
    const opened = draft.groups_opened.map(each => `[${each.group},${each.kind},${each.node},${each.expected}]`)
    text += `"g":[${opened.join(',')}],`
  }
  if (draft.holds.length > 0) {
    text += `"h":[${draft.holds.map(holdText).join(',')}],`
  }
  if (draft.births.length > 0) text += `"n":[${birthsText(draft)}],`
  return `${text}"o":${draft.open}`
}

function holdText({ token, node, group, ordinal, batch }: HoldFact): string {
  return batch === null ? `[${token},${node},${group},${ordinal}]` : `[${token},${node},${group},${ordinal},${batch}]`
}

function visitsText(visits: readonly VisitFact[]): string {
  let text = ''
  for (let i = 0; i < visits.length; i++) {
    const v = visits[i]!
    text += `${i === 0 ? '[' : ',['}${v.token},${v.node},${v.attempt},${v.status},${v.in},${v.out},${v.edge},${v.start_us},${v.duration_us}`
    if (v.error !== null) text += `,"${code(v.error.code)}",${v.error.value}`
    text += v.stood_us === 0 ? ']' : `,${v.stood_us}]`
  }
  return text
}

/** From the entry's time. */
function endOf({ start_us, duration_us, stood_us }: VisitFact): number {
  return start_us + duration_us + stood_us
}

function endingsText(endings: readonly EndingFact[]): string {
  let text = ''
  for (let i = 0; i < endings.length; i++) {
    const e = endings[i]!
    text += `${i === 0 ? '[' : ',['}${e.token},${e.fate},${e.node},${e.sink},${e.group}`
    text += e.error === null ? ']' : `,"${code(e.error.code)}",${e.error.value}]`
  }
  return text
}

function callText(each: CallFact): string {
  const { input_tokens, output_tokens, cost_nusd } = each
  const facts = [each.call, each.token, each.node, each.attempt, each.ordinal, each.service, each.status]
  facts.push(each.request, each.response, each.start_us, each.duration_us)
  if (input_tokens + output_tokens + cost_nusd > 0) facts.push(input_tokens, output_tokens, cost_nusd)
  return `[${facts.join(',')}]`
}

function intentText({ token, node, attempt, request, together }: IntentFact): string {
  const facts = [token, node, attempt, request]
  if (together !== null) facts.push(together.first, together.place, together.rows)
  return `[${facts.join(',')}]`
}

function birthsText(draft: SubjectDraft): string {
  let text = ''
  for (let i = 0; i < draft.births.length; i++) {
    const b = draft.births[i]!
    if (i > 0) text += ','
    if (b.group === 0) text += `[${b.token}]`
    else text += `[${[b.token, b.group, b.ordinal, b.value, ...b.parents].join(',')}]`
  }
  return text
}

function storedText(value: ValueDraft): string {
  return value.kind === 'full'
    ? `[${value.text}]`
    : `[${value.base},${value.set},${value.unset.length === 0 ? '[]' : canonicalize(value.unset)}]`
}

/** When each token ended: as its last visit in this entry did, or, where it has none, at the entry's time. */
function endsOf({ endings, visits, time_us }: SubjectDraft): number[] {
  // Of most rows one token ends, by the last visit. What one row expands to may be very many.
  const last = visits.at(-1)
  if (endings.length === 1 && last?.token === endings[0]?.token && last !== undefined) return [time_us + endOf(last)]
  const ends = new Map<number, number>()
  for (const visit of visits) ends.set(visit.token, time_us + endOf(visit))
  return endings.map(({ token }) => ends.get(token) ?? time_us)
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
