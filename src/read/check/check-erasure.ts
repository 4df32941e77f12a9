/** Checks a certificate of erasure (docs/erasing.md) with nothing at hand but its file and whom the reader trusts. No I/O: it runs in a browser, too. */
import type { Erased } from '../../format/ledger-entry.ts'
import { counted } from '../../model/number-text.ts'
import { formatTime } from '../../model/time.ts'
import { Erasures } from '../erasures.ts'
import { Check, type CheckResult, entryName } from '../verify/check.ts'
import type { RevokedJson } from '../verify/keys.ts'
import { heldByProofs } from './held-entries.ts'
import { checkLogPart, checkSince, type LogPart } from './log-part.ts'
import { parseErasure } from './parse.ts'
import { type CheckOptions, type Claim, NOBODYS, type TrustKind, wordChecks, wordJson } from './word.ts'

export interface CheckedErasure {
  readonly ok: boolean
  readonly trust: TrustKind
  readonly head: { readonly ledger: string; readonly size: number; readonly root: string } | null
  /** By when the head existed, as others say whom the reader trusts, and who they are; absent if nobody does. ISO 8601, UTC. */
  readonly as_of?: string
  readonly as_of_by?: readonly string[]
  /** Keys that were revoked, on which alone it rests whose word this is; absent if there are others. */
  readonly rests_on?: readonly RevokedJson[]
  readonly kind: 'erasure'
  readonly proven: readonly Claim[]
  readonly not_proven: readonly string[]
  /** There are no values in one. */
  readonly withheld: 0
  readonly checks: readonly CheckResult[]
  /** The keys in force that have signed, as `name+hash`, whether or not they are trusted. */
  readonly signed_by: readonly string[]
}

const STEPS = ['log', 'signatures', 'witnesses', 'trust', 'timestamps', 'since', 'erasures'] as const
type Checks = { readonly [step in (typeof STEPS)[number]]: Check }

/** @param file its text. @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function checkErasure(file: string, options: CheckOptions): CheckedErasure {
  const certificate = parseErasure(file)
  // cast: each step has its check.
  const checks = Object.fromEntries(STEPS.map(step => [step, new Check(step)])) as unknown as Checks
  const { since = null } = options
  const held = heldByProofs(certificate.log, checks.log)
  const found = held === null ? null : checkLogPart(held.entries, held.note, [], options, checks)
  if (found !== null && found.ledger !== certificate.ledger)
    checks.log.add(`it is the log of ledger ${found.ledger}, not of ${certificate.ledger}`)
  const log = checks.log.ok ? found : null
  if (held !== null && log !== null && since !== null) checkSince(since, log, held.entries, checks.since)
  if (log !== null) checkErasures(log, checks.erasures)
  else for (const step of ['since', 'erasures'] as const) checks[step].leave()
  const word = log?.word ?? null
  const results = [
    ...[checks.log, ...wordChecks(checks, word, [], options)],
    ...[...(since === null ? [] : [checks.since]), checks.erasures],
  ].map(each => each.result())
  const is_proven = log !== null && log.word.trust !== 'none' && checks.erasures.ok
  return {
    ok: results.every(each => each.ok),
    ...wordJson(word, true),
    head: log === null ? null : { ledger: log.ledger, size: log.head.size, root: log.head.root },
    kind: 'erasure',
    proven: is_proven ? [...claimsOf(log), ...log.word.claims] : [],
    not_proven: [...(word?.open ?? [NOBODYS]), ...OPEN],
    withheld: 0,
    checks: results,
    signed_by: word?.signed_by ?? [],
  }
}

/** Of which size the runs are it doesn't say. */
function checkErasures({ entries }: LogPart, check: Check): void {
  let count = 0
  for (const { index, entry } of entries) {
    if (entry.k === 'erase') count++
    else if (entry.k !== 'birth' && entry.k !== 'key') check.add(`${entryName(index)} says nothing of keys or erasures`)
    const problem = entry.k === 'erase' ? new Erasures().add(entry.log, entry.values, Number.MAX_SAFE_INTEGER) : null
    if (problem !== null) check.add(`${entryName(index)}: ${problem}`)
  }
  if (count === 0) check.add('it has no erasure')
}

function claimsOf({ ledger, entries, word }: LogPart): readonly Claim[] {
  const by = word.signed_by.join(', ')
  return entries.flatMap(({ index, entry }) =>
    entry.k !== 'erase'
      ? []
      : [
          {
            what: `ledger ${ledger} has on record, in ${entryName(index)} of its own log, that ${erasedText(entry.values)} of run ${entry.run} ${entry.values.length === 1 && entry.values[0]?.length === 3 ? 'was' : 'were'} erased; the time that stands there is ${formatTime(entry.t)}`,
            by,
          },
        ],
  )
}

/** `all values of 4 entries and 2 values of others` */
function erasedText(erased: Erased): string {
  let [entries, values] = [0, 0]
  for (const [first = 0, last = 0, ...places] of erased)
    if (places.length === 0) entries += last - first + 1
    else values += places.length
  const whole = entries === 0 ? [] : [`all values of ${counted(entries, 'entry', 'entries')}`]
  return [...whole, ...(values === 0 ? [] : [counted(values, 'value')])].join(' and ')
}

const OPEN = [
  'that nothing is left elsewhere: in copies of the ledger, in files that were read or written, with services that were asked',
  'whose data that was: the ledger names entries by their numbers',
]
