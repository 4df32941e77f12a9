/**
 * How a ledger's record stands: its head and what others said of it, keys, seals and erasures, all by its own log, which is checked as a whole.
 * Where that doesn't hold nothing of it is shown but why.
 */
import { readNote } from '../../format/note.ts'
import { standingOf } from '../../format/standing.ts'
import { parseVerifierKey } from '../../format/verifier-key.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import { trustedKeys } from '../../ledger/keys/known-ledgers.ts'
import { newestOf, type Remembered } from '../../ledger/keys/trust.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { isCustodyError } from '../../model/error.ts'
import { formatTime } from '../../model/time.ts'
import { decodeLedgerEntry } from '../../read/decode.ts'
import { openingOf } from '../../read/runs/run-log.ts'
import { Check, noting } from '../../read/verify/check.ts'
import type { LedgerLog } from '../../read/verify/ledger-log.ts'
import { readLedgerLog } from '../../read/verify/read-ledger-log.ts'
import { witnessedSizes } from '../../read/verify/witnessed.ts'
import { ledgerName } from '../ledger-name.ts'
import { type ErasureLine, erasureLine } from './evidence-erasures.ts'
import { timestampLines, witnessLines, type ZeroLog } from './evidence-words.ts'
import type { Moment } from './moment.ts'
import { problemsWithoutValues } from './without-values.ts'

const MOST_SEALS = 100

/** `before`: what the user knew of the ledger when whoever asks began to look at it. */
export async function evidenceAnswer({ reader, env, before }: Moment, values: boolean) {
  const check = new Check('ledger')
  let sizes: ReadonlySet<number> = new Set()
  await noting(check, async () => {
    sizes = await withSeen(reader, before)
  })
  const log = await readLedgerLog(reader, { keys: 'any', remembered: before, sizes }, check)
  const known = { ledger: log.id, url: values ? reader.url : ledgerName(reader.url) }
  if (!check.ok) {
    const { problems } = check.result()
    const sight = { kind: 'unsound' as const, seen: before === null ? null : newestOf(before).size, now: null }
    return { ...known, ...NOTHING, sight, problems: values ? problems : problemsWithoutValues(problems) }
  }
  const zero: ZeroLog = {
    origin: log.origin(0),
    keys: size => log.keysOf(0, size),
    rootAt: size => log.roots.get(size),
  }
  const said = {
    witnesses: await witnessLines(reader, env, zero, check),
    timestamps: await timestampLines(reader, env, zero, check),
  }
  const { problems } = check.result()
  return {
    ...known,
    head: await headLine(reader, log),
    sight: await sightOf(log, before),
    ...(await ofLog(reader, env, before)),
    seals: await sealLines(reader, log),
    ...said,
    problems: values ? problems : problemsWithoutValues(problems),
  }
}

const NOTHING = { head: null, keys: [], seals: [], witnesses: [], timestamps: [], erasures: [] } as const

/** Sizes of which roots are needed. */
async function withSeen(reader: LedgerReader, before: Remembered | null): Promise<ReadonlySet<number>> {
  const seen = before?.heads.map(({ size }) => size) ?? []
  return new Set([...(await witnessedSizes(reader)), ...seen])
}

async function headLine(reader: LedgerReader, { entries: size, root }: LedgerLog) {
  const note = (await reader.head(0)) ?? ''
  const read = readNote(note)
  const signed_by = read.ok ? read.signatures.map(({ name, hash }) => `${name}+${hash}`) : []
  return { size, root, note, signed_by }
}

/** How it stands to what the user saw of it before. */
async function sightOf({ entries: size, root, roots }: LedgerLog, before: Remembered | null) {
  if (before === null) return { kind: 'first' as const, seen: null, now: size }
  const kind = await standingOf(before.heads, { size, root }, at => roots.get(at) ?? null)
  return { kind, seen: newestOf(before).size, now: size }
}

interface KeyLine {
  readonly name: string
  readonly verifier_key: string
  /** Entries of log 0: heads of so many, and of more, may be signed with it; up to `until`, that included. Null: it is in force. */
  readonly from: number
  until: number | null
  revoked: boolean
  readonly since: string
  readonly trusted: boolean
  readonly recovery: boolean
}

/** Keys that were ever named, and erasures. */
async function ofLog(reader: LedgerReader, env: Environment, before: Remembered | null) {
  const keys: KeyLine[] = []
  const erasures: ErasureLine[] = []
  const trusted = new Set(trustedKeys(null, env).map(each => each.text))
  for (const key of before?.written === true ? before.keys : []) trusted.add(key)
  const add = (texts: readonly string[], from: number, t: number, recovery: boolean) => {
    for (const verifier_key of texts) {
      const { name, hash } = parseVerifierKey(verifier_key)
      const of = { name: `${name}+${hash}`, verifier_key, from, until: null, revoked: false, since: formatTime(t) }
      keys.push({ ...of, trusted: trusted.has(verifier_key), recovery })
    }
  }
  for await (const { seq, body } of reader.entries(0)) {
    if (seq > 0 && !/"k":"(?:key|erase)"/.test(body)) continue
    const entry = decodeLedgerEntry(seq, body)
    if (entry.k === 'birth') {
      add(entry.keys, 1, entry.t, false)
      add(entry.recovery ?? [], 1, entry.t, true)
    } else if (entry.k === 'erase') erasures.unshift(await erasureLine(reader, seq, entry))
    else if (entry.k === 'key' && entry.change === 'add') add(entry.keys, seq + 1, entry.t, false)
    else if (entry.k === 'key')
      for (const key of keys.filter(each => each.until === null && entry.keys.includes(each.verifier_key))) {
        key.until = seq
        key.revoked = entry.change === 'revoke'
      }
  }
  return { keys, erasures }
}

async function sealLines(reader: LedgerReader, log: LedgerLog) {
  const sealed = [...log.registered].flatMap(each => (each.sealed === null ? [] : [{ ...each, ...each.sealed }]))
  const newest = sealed.sort((a, b) => b.changed_at - a.changed_at).slice(0, MOST_SEALS)
  const lines = []
  for (const { run, log: number, changed_at, sealed_us, size, root } of newest)
    lines.push({ run, name: await nameOf(reader, number), at: formatTime(sealed_us), index: changed_at, size, root })
  return lines
}

/** Empty where the run can't be read: `verify` says why. */
async function nameOf(reader: LedgerReader, log: number): Promise<string> {
  try {
    return (await openingOf(reader, log)).name
  } catch (error) {
    if (isCustodyError(error)) return ''
    throw error
  }
}
