/**
 * `custody verify`: recomputes from the stored bytes all that a ledger says, and names what doesn't hold.
 *
 * It shares types and the primitives of src/format with the writer, and none of its code: entries are decoded, stories
 * folded, totals counted and trees built here once more.
 */
import type { Policy } from '../../format/policy.ts'
import type { TreeHead } from '../../format/standing.ts'
import type { VerifierKey } from '../../format/verifier-key.ts'
import type { LedgerReader, StoredLog } from '../../ledger/read-port.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { boundOf } from './bound.ts'
import { Check, type CheckResult, noting } from './check.ts'
import { Decisions } from './decisions.ts'
import { type RevokedJson, revokedJson } from './keys.ts'
import type { KnownLedger, LedgerLog } from './ledger-log.ts'
import { checkTables } from './ledger-tables.ts'
import { checkFile, checkIntegrity, checkObjects, checkStrays } from './objects.ts'
import { type PageSource, pagesHere } from './page.ts'
import { ProgressCheck } from './progress.ts'
import { readLedgerLog } from './read-ledger-log.ts'
import { verifyRun } from './run.ts'
import type { Shelf } from './shelf.ts'
import { checkSince, type Kept } from './since.ts'
import { type SplitLog, verifySplitRun } from './stored-splits.ts'
import type { WalkedRun } from './walked-run.ts'
import { checkTimestamps, checkWitnessed, type DatedHead, type WitnessedHead, witnessedSizes } from './witnessed.ts'

export interface VerifyOptions {
  /** Id of the run to be verified; all runs if absent. Log 0 and the database are always looked at. */
  readonly run?: string | undefined
  /** Keys that are trusted to sign checkpoints. 'any': for readers who say whose word it is that they pass on. */
  readonly keys: readonly VerifierKey[] | 'any'
  /** Witnesses whose cosignatures are known, and how many must have signed; absent: what is stored of them is of heads of this log. */
  readonly policy?: Policy | null
  /** Whether decisions of gates are evaluated again, and rows held against the keys of their batches. */
  readonly decisions?: boolean
  /** What the verifier knows of the ledger from before. */
  readonly remembered?: KnownLedger | null
  /** A checkpoint of log 0 that it must continue. */
  readonly since?: Kept | null
  /** Who reads the pages of logs; absent: that is done here. */
  readonly pages?: PageSource
  /** Asks the database whether it finds itself in order; absent: that is done here. */
  readonly integrity?: () => Promise<readonly string[] | null>
  /** Of how many open rows more than a text is kept in memory; absent: of some thousands. */
  readonly kept_whole?: number
  /** Makes a place for what is known of the others; absent: that stays in memory. */
  readonly newShelf?: () => Shelf
  /** Called now and then while entries are read, with how many there are. */
  readonly onProgress?: (progress: { readonly run: string; readonly entries: number; readonly of: number }) => void
}

export interface VerifiedRun {
  readonly run: string
  readonly ok: boolean
  readonly entries: number
  readonly tokens: number
  /** Values that were there to be checked against their commitments. */
  readonly values: number
  /** Values that an erasure on record has taken away; absent if there are none. */
  readonly erased?: number
  /** Values that are encrypted with a key that isn't at hand; absent if there are none. */
  readonly unread?: number
  readonly sealed: boolean
  /** Of a run that isn't sealed: how many of its entries the ledger's own log binds. What came later can be cut off unnoticed. */
  readonly bound?: number
  /** Its own checks, then those of the ledger as a whole. */
  readonly checks: readonly CheckResult[]
}

export interface ComparedWith {
  readonly size: number
  readonly root: string
  readonly from: 'checkpoint' | 'memory'
}

/**
 * The shape of `verify --json`, and `ledger` beside it: the checks that all runs share. Of very many
 * runs only some are listed one by one, those that don't hold before others; `left_out` counts the rest.
 */
export interface VerifyResult {
  readonly ok: boolean
  /** Of log 0, as its stored entries give it. */
  readonly head: { readonly ledger: string; readonly size: number; readonly root: string }
  /** A head that it was compared with: of the checkpoint that was given, or the newest that is remembered; absent if there was neither. */
  readonly compared_with?: ComparedWith
  /** The ledger is older than what the verifier remembers: numbers of entries of log 0. */
  readonly rolled_back?: { readonly seen: number; readonly now: number }
  /** Revoked keys on which alone rests that the verifier trusts it: another history could have been begun with them before. Absent if there are others. */
  readonly rests_on?: readonly RevokedJson[]
  /** The largest head that as many witnesses have cosigned as the policy demands; absent without a policy, or if there is none. */
  readonly witnessed?: WitnessedHead
  /** The largest head that a timestamp authority has dated; absent if there is none. */
  readonly timestamped?: DatedHead
  readonly runs: readonly VerifiedRun[]
  readonly left_out?: { readonly runs: number; readonly not_ok: number }
  readonly ledger: { readonly ok: boolean; readonly entries: number; readonly checks: readonly CheckResult[] }
}

/** So many runs are listed one by one, and so many that don't hold. */
const MAX_RUNS = 10_000
const MAX_FAILED = 1_000

/**
 * All that is read is of one moment, so that a run that is written meanwhile holds.
 * @throws CustodyError CUSTODY_RUN_UNKNOWN if neither the ledger's list of logs nor log 0 knows the run.
 */
export function verifyLedger(reader: LedgerReader, options: VerifyOptions): Promise<VerifyResult> {
  return reader.snapshot(() => verify(reader, options))
}

async function verify(reader: LedgerReader, options: VerifyOptions): Promise<VerifyResult> {
  const shared = { schema: new Check('schema'), database: new Check('database'), ledger: new Check('ledger') }
  await noting(shared.schema, () => checkObjects(reader, shared.schema))
  await noting(shared.database, () => checkFile(reader, shared.database))
  const integrity = options.integrity ?? (() => reader.integrity())
  const [{ log_zero, listed, witnessed, dated }] = await Promise.all([
    verifyLogs(reader, options, shared.ledger),
    noting(shared.database, () => checkIntegrity(integrity, shared.database)),
  ])
  await noting(shared.database, () => checkStrays(reader, shared.database))
  const { remembered = null, since = null } = options
  const since_check = since === null ? [] : [checkSince(since, log_zero)]
  const checks = [...Object.values(shared), ...since_check].map(each => each.result())
  const ok = checks.every(each => each.ok)
  const { runs, left_out } = listed
  const boundIn = ({ log, boundWith }: WalkedRun) => {
    const bound = boundOf(log_zero.known(log))
    return bound === null ? null : bound.entries + (boundWith?.(bound.entries) ?? 0)
  }
  const known = remembered?.heads.at(-1)
  const compared_with = comparedWith(since, known)
  const older = known !== undefined && log_zero.entries < known.size
  return {
    ok: ok && listed.ok,
    head: { ledger: log_zero.id, size: log_zero.entries, root: log_zero.root },
    ...(compared_with === null ? {} : { compared_with }),
    ...(older ? { rolled_back: { seen: known.size, now: log_zero.entries } } : {}),
    ...(log_zero.keys.resting.length === 0 ? {} : { rests_on: log_zero.keys.resting.map(revokedJson) }),
    ...(witnessed === null ? {} : { witnessed }),
    ...(dated === null ? {} : { timestamped: dated }),
    runs: runs.map(each => resultOf(each, boundIn(each), checks)),
    ...(left_out.runs === 0 ? {} : { left_out }),
    ledger: { ok, entries: log_zero.entries, checks },
  }
}

function comparedWith(since: Kept | null, known: TreeHead | undefined): ComparedWith | null {
  if (since !== null) return { size: since.checkpoint.size, root: since.checkpoint.root, from: 'checkpoint' }
  return known === undefined ? null : { size: known.size, root: known.root, from: 'memory' }
}

async function verifyLogs(reader: LedgerReader, options: VerifyOptions, check: Check) {
  const { keys, remembered = null, since = null, policy = null } = options
  let sizes: ReadonlySet<number> = new Set(since === null ? [] : [since.checkpoint.size])
  await noting(check, async () => {
    sizes = new Set([...(await witnessedSizes(reader)), ...sizes])
  })
  const log_zero = await readLedgerLog(reader, { keys, remembered, sizes }, check)
  const others: { witnessed: WitnessedHead | null; dated: DatedHead | null } = { witnessed: null, dated: null }
  const zero = {
    origin: log_zero.origin(0),
    own: log_zero.keys.all,
    rootAt: (size: number) => log_zero.roots.get(size),
    keys: (size: number) => log_zero.keysOf(0, size),
  }
  await noting(check, async () => {
    others.witnessed = await checkWitnessed(reader, zero, policy, check)
    others.dated = await checkTimestamps(reader, zero, check)
  })
  let logs: readonly StoredLog[] = []
  await noting(check, async () => {
    logs = await reader.allLogs()
    checkTables({ logs, heads: await reader.heads(), leases: await reader.leases() }, log_zero, check)
  })
  const wanted = [...runsOf(logs, log_zero)].filter(([run]) => options.run === undefined || run === options.run)
  if (options.run !== undefined && wanted.length === 0) {
    throw new CustodyError('CUSTODY_RUN_UNKNOWN', `${reader.url} has no run ${options.run}`)
  }
  const listed = new ListedRuns()
  for (const [run, log] of wanted) {
    const progress = new ProgressCheck(log_zero.progressOf(log))
    const looks = new LooksOf(reader, { run, log }, log_zero, options)
    const splits = log_zero.known(log)?.splits ?? 0
    const found = await (splits === 0
      ? looks.at({ log, progress })
      : verifySplitRun(reader, { run, log, splits, progress }, of => looks.at(of)))
    if (found.complete) {
      log_zero.checkRun(found)
      for (const each of progress.finish(found.entries, found.readable)) found.registered.add(each)
    } else found.registered.leave()
    listed.add(found)
  }
  return { log_zero, listed, ...others }
}

/** How logs of a run are looked at. */
class LooksOf {
  readonly #reader: LedgerReader
  readonly #run: string
  /** Which has the plan. */
  readonly #first_log: number
  readonly #log_zero: LedgerLog
  readonly #options: VerifyOptions
  /** Entries of logs that were read. */
  #before = 0
  /** Of the log that was looked at last; null: they aren't. */
  #decisions: Decisions | null = null

  constructor(
    reader: LedgerReader,
    { run, log }: { readonly run: string; readonly log: number },
    log_zero: LedgerLog,
    options: VerifyOptions,
  ) {
    this.#reader = reader
    this.#run = run
    this.#first_log = log
    this.#log_zero = log_zero
    this.#options = options
  }

  async at({ log, role, progress }: Omit<SplitLog, 'role'> & Partial<Pick<SplitLog, 'role'>>): Promise<WalkedRun> {
    const { kept_whole, newShelf, pages, decisions, onProgress } = this.#options
    const [reader, run] = [this.#reader, this.#run]
    const { erasures } = this.#log_zero
    const size = await sizeOf(reader, log)
    const before = this.#before
    const onEntries = (entries: number) =>
      onProgress?.({ run, entries: before + entries, of: before + Math.max(size, entries) })
    if (decisions === true) this.#decisions = await Decisions.of(reader, this.#first_log, role, this.#decisions)
    const found = await verifyRun(
      reader,
      {
        ...{ log, run, role, origin: this.#log_zero.origin(log), progress, kept_whole, newShelf },
        isErased: (seq, place) => erasures.has(log, seq, place),
        has_erased: erasures.hasAny(log),
      },
      this.#log_zero.keysOf(log, size),
      {
        pages: pages ?? pagesHere(reader),
        onProgress: onEntries,
        decisions: this.#decisions,
      },
    )
    this.#before += found.entries
    return found
  }
}

/** For progress only: what is wrong with it is found on the way. */
async function sizeOf(reader: LedgerReader, log: number): Promise<number> {
  try {
    return await reader.size(log)
  } catch (error) {
    if (!isCustodyError(error)) throw error
    return 0
  }
}

/** Results as they are found; of very many, counts. */
class ListedRuns {
  ok = true
  readonly runs: WalkedRun[] = []
  readonly left_out = { runs: 0, not_ok: 0 }
  #failed = 0

  add(walked: WalkedRun): void {
    const ok = [...walked.checks, walked.registered].every(each => each.ok)
    if (!ok) this.ok = false
    const is_listed = ok ? this.runs.length < MAX_RUNS : this.#failed++ < MAX_FAILED
    if (is_listed) this.runs.push(walked)
    else {
      this.left_out.runs++
      if (!ok) this.left_out.not_ok++
    }
  }
}

/** Runs that the list of logs has, and those that log 0 has: a run that vanished has a result, too. */
function runsOf(
  logs: ReadonlyArray<{ readonly log: number; readonly run: string | null }>,
  log_zero: LedgerLog,
): ReadonlyMap<string, number> {
  const runs = new Map<string, number>()
  for (const { log, run } of log_zero.registered) runs.set(run, log)
  for (const { log, run } of logs) if (run !== null && !runs.has(run)) runs.set(run, log)
  return runs
}

function resultOf(walked: WalkedRun, bound: number | null, shared: readonly CheckResult[]): VerifiedRun {
  const { run, tokens, values, erased, unread, sealed } = walked
  const checks = [...walked.checks, walked.registered].map(each => each.result()).concat(shared)
  const ok = checks.every(each => each.ok)
  const absent = { ...(erased > 0 ? { erased } : {}), ...(unread > 0 ? { unread } : {}) }
  const entries = walked.all_entries ?? walked.entries
  const facts = { run, ok, entries, tokens, values, ...absent, sealed }
  return { ...facts, ...(bound === null || sealed ? {} : { bound }), checks }
}
