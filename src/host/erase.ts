/**
 * Erases values, and says so to others: rows of a run, or all of runs that are old.
 *
 * HOST-ERASE-1. What is erased is decided from the record as it was signed, in the same moment in which it goes.
 * HOST-ERASE-2. A certificate is given for what is gone from the file, and for nothing else.
 */
import type { AtErasePoint, ErasingLedger, Scrubbed } from '../ledger/erase-port.ts'
import type { Environment } from '../ledger/keys/config-folder.ts'
import { openLedger } from '../ledger/open.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { isCustodyError } from '../model/error.ts'
import { type Certified, certify } from '../read/erase/certificate.ts'
import { type ErasePlan, planErasure } from '../read/erase/plan.ts'
import { type PurgePlan, type PurgeRule, planPurge } from '../read/erase/purge.ts'
import { CheckedReader } from '../read/evidence/checked-reader.ts'
import { JoinedReader } from '../read/evidence/joined-reader.ts'
import type { RunReader } from '../read/evidence/run-reader.ts'
import { type NamedRow, numberOfRow } from '../read/recorded/named-row.ts'
import { findRun } from '../read/runs/list.ts'
import type { RerunLog } from '../read/runs/reruns.ts'
import { closingOf } from '../read/runs/run-log.ts'
import { forgetRuns } from '../search/index/index-folder.ts'
import { rememberedOf } from './ledger.ts'
import { ledgerPorts } from './ledger-ports.ts'
import { rowPredicate } from './row-predicate.ts'
import { searchRows } from './row-search.ts'
import { removeSpill } from './spill-folder.ts'
import { usersAuthorities, usersPolicy } from './witnessing/settings.ts'

/** Which rows of a run. */
export type Chosen =
  | { readonly kind: 'rows'; readonly rows: readonly NamedRow[] }
  | { readonly kind: 'where'; readonly where: string }
  /** None: what was begun before is brought to its end. */
  | { readonly kind: 'none' }

export interface ErasePorts {
  readonly env: Environment
  readonly onForgetful: (why: string) => void
  /** For how long others are waited for who use the file. */
  readonly wait_ms: number
  readonly atPoint: AtErasePoint
}

/** `certified` is null exactly if something is `pending`, or nothing was erased. */
export interface Outcome<Plan> {
  readonly plan: Plan
  readonly certified: Certified | null
  /** Why the file has still something of what was erased; null if it hasn't. */
  readonly pending: string | null
}

export interface EraseRows {
  readonly url: string
  readonly run: string
  readonly chosen: Chosen
  readonly derived: boolean
  /** Asked before anything is erased; false: nothing is. Null: nobody is asked. */
  readonly confirm: ((plan: ErasePlan) => Promise<boolean>) | null
}

/** What `--where` found. */
export interface Search {
  readonly rows: readonly number[]
  /** Why the expression was an error for each row; null if it wasn't, or nothing was evaluated. */
  readonly trouble: string | null
  /** Records that were rejected: they have no fields, and fit nothing. */
  readonly rejected: number
}

export type EraseResult =
  | { readonly kind: 'done'; readonly outcome: Outcome<ErasePlan>; readonly search: Search | null }
  | { readonly kind: 'nothing_fits'; readonly search: Search }
  /** Whoever was asked said no. */
  | { readonly kind: 'refused' }

const NOTHING: ErasePlan = { erasures: [], erased: [], derived: [], elsewhere: [] }

/** @throws CustodyError as `planErasure` and opening for writing; DiagnosticsError if the expression is wrong. */
export function eraseRows(request: EraseRows, ports: ErasePorts): Promise<EraseResult> {
  const { chosen, derived, confirm } = request
  return erasing(request.url, ports, async (ledger): Promise<EraseResult> => {
    const { reader } = ledger
    const of = await reader.snapshot(() => findRun(reader, request.run))
    const search =
      chosen.kind === 'where'
        ? await reader.snapshot(async () => searched(await checked(reader, ports.env), of, chosen.where))
        : null
    if (search?.rows.length === 0) return { kind: 'nothing_fits', search }
    const rows =
      search?.rows ?? (await reader.snapshot(async () => numbersOf(await checked(reader, ports.env), of, chosen)))
    const decide = async (inner: LedgerReader): Promise<ErasePlan> =>
      rows.length === 0 ? NOTHING : planErasure(await checked(inner, ports.env), inner, { of, rows, derived })
    if (confirm !== null && !(await confirm(await reader.snapshot(() => decide(reader))))) return { kind: 'refused' }
    const runs = (plan: ErasePlan) => new Set([of, ...plan.erased, ...plan.derived].map(({ run }) => run))
    return { kind: 'done', outcome: await carriedOut(ledger, ports, decide, runs), search }
  })
}

/** Values of runs that are due. @throws CustodyError as opening for writing; CUSTODY_POLICY. */
export async function purgeRuns(url: string, rule: PurgeRule, ports: ErasePorts): Promise<Outcome<PurgePlan>> {
  const clocks = { policy: usersPolicy(ports.env), authorities: usersAuthorities(ports.env) }
  return erasing(url, ports, ledger =>
    carriedOut(
      ledger,
      ports,
      async inner => planPurge(await checked(inner, ports.env), inner, rule, clocks),
      ({ purged }) => new Set(purged.map(({ run }) => run)),
    ),
  )
}

async function erasing<T>(url: string, ports: ErasePorts, work: (ledger: ErasingLedger) => Promise<T>): Promise<T> {
  const ledger = await openLedger(url, ledgerPorts(ports.env, ports.onForgetful), { create: false })
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}

/** `runsOf`: whose erasures are certified where nothing new was to go. */
async function carriedOut<Plan extends { readonly erasures: ErasePlan['erasures'] }>(
  ledger: ErasingLedger,
  { wait_ms, atPoint }: ErasePorts,
  decide: (reader: LedgerReader) => Promise<Plan>,
  runsOf: (plan: Plan) => ReadonlySet<string>,
): Promise<Outcome<Plan>> {
  let before = 0
  const plan = await ledger.erase(async reader => {
    before = await reader.size(0)
    return decide(reader)
  }, atPoint)
  const runs = runsOf(plan)
  const is_new = plan.erasures.length > 0
  const certified = await ledger.reader.snapshot(() =>
    certify(ledger.reader, ({ run }, seq) => runs.has(run) && (!is_new || seq >= before)),
  )
  if (certified === null) return { plan, certified, pending: null }
  for (const run of runs) removeSpill(ledger.url, run)
  const scrubbed = await scrub(ledger, runs, wait_ms, atPoint)
  return scrubbed.done ? { plan, certified, pending: null } : { plan, certified: null, pending: scrubbed.why }
}

/** The values are erased, and that is on record: what fails now leaves that as it is. */
async function scrub(
  ledger: ErasingLedger,
  runs: Iterable<string>,
  wait_ms: number,
  atPoint: AtErasePoint,
): Promise<Scrubbed> {
  try {
    forgetRuns(ledger.url, runs)
    return await ledger.scrub(wait_ms, atPoint)
  } catch (error) {
    if (isCustodyError(error)) return { done: false, why: error.message }
    throw error
  }
}

async function checked(reader: LedgerReader, env: Environment): Promise<RunReader> {
  return new JoinedReader(new CheckedReader(reader, { remembered: await rememberedOf(reader, env) }))
}

async function numbersOf(reader: RunReader, { log }: RerunLog, chosen: Chosen): Promise<readonly number[]> {
  const rows = new Set<number>()
  if (chosen.kind === 'rows') for (const row of chosen.rows) rows.add(await numberOfRow(reader, log, row))
  return [...rows]
}

async function searched(reader: RunReader, { log }: RerunLog, where: string): Promise<Search> {
  const predicate = rowPredicate(where)
  const rows: number[] = []
  for await (const row of searchRows(reader, log, where, predicate)) rows.push(row)
  const { rejected } = (await closingOf(reader, log)).totals.rows
  return { rows, trouble: predicate.trouble, rejected }
}
