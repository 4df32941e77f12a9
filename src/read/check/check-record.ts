/**
 * Checks a completeness record (docs/proof-format.md) with nothing at hand but its text and the reader's keys: the ledger's own log as a whole, and
 * a run as `verify` checks it, from its entries alone. No I/O: it runs in a browser, too.
 *
 * CHECK-RECORD-1. Memory is bounded by what was in flight in the run, by what log 0 has to say of runs, and of a run with splits by its
 *     coordinator's own log, which has no rows.
 * CHECK-RECORD-2. Something is claimed only if all checks hold, and by keys that the reader trusts.
 */

import { leafHash } from '../../format/hash.ts'
import type { ShownValue } from '../../format/proof.ts'
import type { RecordedRun, RecordHeader } from '../../format/record.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { Check, type CheckResult } from '../verify/check.ts'
import type { RevokedJson } from '../verify/keys.ts'
import { LedgerLog } from '../verify/ledger-log.ts'
import { LogWalk } from '../verify/log.ts'
import { type LogRole, WHOLE_RUN } from '../verify/log-role.ts'
import { ProgressCheck } from '../verify/progress.ts'
import { RunFold } from '../verify/run-fold.ts'
import type { Shelf } from '../verify/shelf.ts'
import { ChecksOfSplits, SplitRun } from '../verify/split-run.ts'
import { headIn } from './log-part.ts'
import { type DisclosedFiles, disclosedFiles, recordClaims, unproven } from './record-claims.ts'
import { parseHeader, parseValue, RecordLines, unreadable } from './record-lines.ts'
import { type Lines, recordPages } from './record-pages.ts'
import { RecordValues } from './record-values.ts'
import {
  type CheckOptions,
  type Claim,
  checkWord,
  type TrustKind,
  type Word,
  type WordChecks,
  wordChecks,
  wordJson,
} from './word.ts'

export interface CheckedRecord {
  readonly ok: boolean
  readonly trust: TrustKind
  readonly head: { readonly ledger: string; readonly size: number; readonly root: string } | null
  /** By when the head existed, as others say whom the reader trusts, and who they are; absent if nobody does. ISO 8601, UTC. */
  readonly as_of?: string
  readonly as_of_by?: readonly string[]
  /** Keys that were revoked, on which alone it rests whose word this is; absent if there are others. */
  readonly rests_on?: readonly RevokedJson[]
  readonly kind: 'record'
  /** Absent if it is the record of the ledger's own log alone. */
  readonly run?: string
  readonly proven: readonly Claim[]
  readonly not_proven: readonly string[]
  /** Values of the run that are neither disclosed nor erased. */
  readonly withheld: number
  readonly checks: readonly CheckResult[]
  /** The keys in force that have signed, as `name+hash`, whether or not they are trusted. */
  readonly signed_by: readonly string[]
  /** What it discloses of files that were read and written: nothing, unless all checks hold. */
  readonly files: DisclosedFiles
}

export interface RecordOptions extends CheckOptions {
  /** Where is put what is known of rows that wait for long; absent: it stays in memory. */
  readonly newShelf?: (() => Shelf) | undefined
  /** Called now and then with how many of the run's entries have been read. */
  readonly onProgress?: (progress: { readonly entries: number; readonly of: number }) => void
}

/** What was found of the ledger's own log. */
export interface RecordedLedger {
  readonly log: LedgerLog
  readonly head: { readonly size: number; readonly root: string }
  /** null: nothing can be built on the head. */
  readonly word: Word | null
}

/** And of the run. */
export interface FoldedRun {
  readonly of: RecordedRun
  /** Of its own log; of a run with splits its coordinator's, which has what they add up to. */
  readonly fold: RunFold
  readonly values: RecordValues
  /** Of all its logs. */
  readonly all_entries: number
  /** Values to which entries of all its logs commit, but for those that are erased. */
  readonly all_values: number
}

/**
 * @param pieces the text of the record, unpacked, wherever it may be cut
 * @throws CustodyError CUSTODY_PROOF_UNREADABLE
 */
export async function checkRecord(pieces: AsyncIterable<string>, options: RecordOptions): Promise<CheckedRecord> {
  const lines = new RecordLines(pieces)
  const header = parseHeader(await lines.one())
  const { since = null } = options
  const checks = {
    ...{ log: new Check('log'), signatures: new Check('signatures'), witnesses: new Check('witnesses') },
    ...{ trust: new Check('trust'), timestamps: new Check('timestamps'), since: new Check('since') },
  }
  const ledger = await ledgerIn(lines, header, options, checks)
  const run = header.run === undefined ? null : await runIn(lines, header, header.run, ledger.log, options)
  await lines.end()
  const { head, word } = ledger
  const results = [
    ...[checks.log, ...wordChecks(checks, word, header.timestamps ?? [], options)],
    ...[...(since === null ? [] : [checks.since]), ...(run?.checks ?? [])],
  ].map(each => each.result())
  const ok = results.every(each => each.ok)
  return {
    ok,
    ...wordJson(word, ok),
    head: { ledger: ledger.log.id, ...head },
    kind: 'record',
    ...(header.run === undefined ? {} : { run: header.run.run }),
    proven: ok && word !== null ? recordClaims(ledger, word, run) : [],
    not_proven: unproven(ok, word, run),
    withheld: run === null ? 0 : run.all_values - run.values.fitting.size - run.values.altered,
    checks: results,
    signed_by: word?.signed_by ?? [],
    files: ok && run !== null ? disclosedFiles(run) : { sources: [], outputs: [] },
  }
}

async function ledgerIn(
  lines: RecordLines,
  { ledger, ledger_entries, checkpoint, timestamps = [] }: RecordHeader,
  options: RecordOptions,
  checks: WordChecks & { readonly log: Check; readonly since: Check },
): Promise<RecordedLedger> {
  const { since = null } = options
  const log = new LedgerLog(checks.log, { keys: 'any', remembered: null })
  const walk = new LogWalk({ entries: checks.log })
  for (let seq = 0; seq < ledger_entries; )
    for (const body of await lines.some(ledger_entries - seq)) {
      walk.takeText(body, leafHash(body))
      log.take(seq++, body, walk)
      if (seq === since?.size && walk.tree.root() !== since.root)
        checks.since.add('it has another history than the head that you have')
    }
  const { size, root } = walk.head()
  const head = headIn(checkpoint, checks.log)
  const origin = log.origin(0)
  if (since !== null && since.origin !== origin)
    checks.since.add(`the head that you have is that of ${since.origin}, not of ${origin}`)
  if (since !== null && since.size > size)
    checks.since.add(
      `it has ${counted(size, 'entry', 'entries')}, and the head that you have ${grouped(since.size)}: it is older, or was cut`,
    )
  if (log.id !== ledger) checks.log.add(`it is the log of ledger ${log.id}, not of ${ledger}`)
  if (head !== null && head.origin !== origin)
    checks.log.add(`its checkpoint is that of ${head.origin}, not of ${origin}`)
  if (head !== null && (head.size !== size || head.root !== root))
    checks.log.add(
      `its checkpoint is of ${counted(head.size, 'entry', 'entries')} with another root than the ${grouped(size)} that are in it`,
    )
  const signed = { note: checkpoint, good: log.keysOf(0, size).good, keys: log.keys }
  const word = head === null ? null : checkWord(signed, timestamps, options, checks)
  return { log, head: { size, root }, word }
}

/** A log that is folded. */
interface RecordedLog {
  readonly lines: Lines
  readonly entries: number
  readonly role: LogRole
  readonly values: RecordValues
  readonly progress: ProgressCheck
  /** Whether values of it were erased. */
  readonly has_erased: boolean
}

async function runIn(
  lines: RecordLines,
  header: RecordHeader,
  of: RecordedRun,
  ledger: LedgerLog,
  options: RecordOptions,
): Promise<FoldedRun & { readonly checks: readonly Check[] }> {
  const { run, log, splits = [] } = of
  const { erasures } = ledger
  const erasedIn = (part: number) => ({
    values: new RecordValues(part === 0 ? disclosed : [], (seq, place) => erasures.has(log + part, seq, place)),
    has_erased: erasures.hasAny(log + part),
  })
  const disclosed = await valuesIn(lines, header.values ?? 0)
  const registered = new Check('run')
  const on_record = ledger.known(log)?.splits ?? 0
  if (on_record !== splits.length)
    registered.add(`log 0 says that it has ${counted(on_record, 'split')}, and the record has ${splits.length}`)
  let [entries, values] = [0, 0]
  const all = splits.reduce((sum, size) => sum + size, of.entries)
  const foldLog = async (each: RecordedLog) => {
    const found = await folded(run, each, options, read => options.onProgress?.({ entries: entries + read, of: all }))
    entries += each.entries
    values += found.fold.values_checked
    return found
  }
  const split_run = splits.length === 0 ? null : new SplitRun(run, splits.length)
  const own = split_run === null ? lines : await ownLines(lines, of.entries, split_run)
  const of_splits = new ChecksOfSplits()
  for (const [i, size] of splits.entries()) {
    const part = i + 1
    if (split_run === null) break
    const looks = split_run.ofSplit(part, size)
    const { fold, found } = await foldLog({ lines, entries: size, ...looks, ...erasedIn(part) })
    split_run.take(part, { ...found, complete: true }, looks.progress)
    of_splits.add(part, checksOf(fold))
  }
  const progress = new ProgressCheck(ledger.progressOf(log))
  const role = split_run?.coordinator() ?? WHOLE_RUN
  const coordinator = { lines: own, entries: of.entries, role, progress, ...erasedIn(0) }
  const { fold, found } = await foldLog(coordinator)
  ledger.checkRun({ run, log, ...found, registered })
  for (const problem of progress.finish(found.entries, found.readable)) registered.add(problem)
  if (!found.sealed || ledger.known(log)?.sealed === null)
    registered.add('it isn’t sealed, and a record is of a run that is')
  for (const number of coordinator.values.left)
    fold.checks.values.add(`no entry of the run commits to value ${grouped(number)}, which is disclosed`)
  const checks = [registered, ...of_splits.with(checksOf(fold)), ...(split_run === null ? [] : [split_run.check])]
  return { of, fold, values: coordinator.values, all_entries: entries, all_values: values, checks }
}

/** Those of a coordinator stand first, and are looked at last. */
async function ownLines(lines: RecordLines, count: number, split_run: SplitRun): Promise<Lines> {
  const bodies: string[] = []
  while (bodies.length < count) bodies.push(...(await lines.some(count - bodies.length)))
  for (const [seq, body] of bodies.entries()) split_run.ofCoordinator(seq, body)
  return { some: async wanted => bodies.splice(0, wanted) }
}

async function folded(
  run: string,
  { lines, entries, role, values, progress, has_erased }: RecordedLog,
  { newShelf }: RecordOptions,
  onEntries: (entries: number) => void,
) {
  const fold = new RunFold({
    ...{ run, role, values, progress, projections: null, findRepeated: null, decisions: null, newShelf },
  })
  const walk = new LogWalk(fold.checks, progress)
  try {
    for await (const { page, again } of recordPages(lines, entries, !has_erased, role.topology)) {
      await fold.takePage(page, walk, again)
      onEntries(walk.tree.size)
    }
    await fold.finish(walk.tiles())
  } finally {
    fold.close()
  }
  return { fold, found: fold.found(walk) }
}

function checksOf({ checks: { entries, values, tokens, groups, totals, seal } }: RunFold): readonly Check[] {
  return [entries, values, tokens, groups, totals, seal]
}

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
async function valuesIn(lines: RecordLines, count: number): Promise<readonly ShownValue[]> {
  const values: ShownValue[] = []
  while (values.length < count) {
    const value = parseValue(await lines.one())
    if (value.number <= (values.at(-1)?.number ?? 0)) throw unreadable('values in it aren’t in order')
    values.push(value)
  }
  return values
}
