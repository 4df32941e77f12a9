/**
 * Verifies a run with splits: each split's log like that of a run by itself, and then its coordinator's, whose totals are what they add
 * up to, and whose seal commits to the last entry of each. Records that splits read are those that the input was cut to, without gaps.
 */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { PartHead, RangeFact } from '../../format/split-entry.ts'
import { Frontier } from '../../format/tree.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { DecodeError, decodeRunEntry } from '../decode.ts'
import { Check, entryName } from './check.ts'
import type { LogRole } from './log-role.ts'
import { ProgressCheck, type Said } from './progress.ts'
import { Recount } from './recount.ts'
import { CoordinatorRole, SplitRole } from './split-role.ts'
import type { WalkedRun } from './walked-run.ts'

/** What a coordinator says of its splits. */
interface Coordination {
  /** Leaf hash and facts of its entry 0; null if that can't be read. */
  readonly opening: { readonly leaf: string; readonly facts: Extract<RunEntry, { k: 'open' }> } | null
  readonly cuts: readonly Extract<RunEntry, { k: 'cut' }>[]
  /** By part, with ascending sizes. */
  readonly heads: ReadonlyMap<number, readonly Said[]>
}

export interface SplitLog {
  readonly log: number
  readonly role: LogRole
  readonly progress: ProgressCheck
}

/** `verifyLog` looks at one of its logs; `progress` of the coordinator's is what log 0 has. */
export async function verifySplitRun(
  reader: LedgerReader,
  {
    log,
    run,
    splits,
    progress,
  }: {
    readonly run: string
    readonly log: number
    readonly splits: number
    readonly progress: ProgressCheck
  },
  verifyLog: (of: SplitLog) => Promise<WalkedRun>,
): Promise<WalkedRun> {
  const check = new Check('splits')
  const coordination = await readCoordinator(reader, log, check)
  const sum = new Recount()
  const records = new Map<number, number>()
  const tree = new Frontier()
  const walked: WalkedRun[] = []
  let open = 0
  for (let part = 1; part <= splits; part++) {
    const said = coordination.heads.get(part) ?? []
    const end = await closeOf(reader, log + part)
    const size = await reader.size(log + part)
    if (size === 0) {
      open++
      if (said.length > 0) check.add(`split ${part}: its coordinator knows of entries, and there are none`)
      continue
    }
    const bounds = end === null ? said : [...said, { seq: size - 1, size: end.size, root: end.root, t: end.t }]
    const within = new ProgressCheck(bounds, 'its coordinator’s log')
    const found = await verifyLog({ log: log + part, role: roleOf(run, part, coordination), progress: within })
    walked.push(found)
    if (found.complete)
      for (const problem of within.finish(found.entries, found.readable)) check.add(`split ${part}: ${problem}`)
    sum.addSplit(found.recount)
    for (const [source, count] of found.records) records.set(source, (records.get(source) ?? 0) + count)
    if (end === null) open++
    else {
      tree.append(end.leaf)
      if (end.size !== size - 1)
        check.add(`split ${part}: its last entry says that ${grouped(end.size)} come before it`)
    }
  }
  checkCuts(coordination.cuts, splits, check)
  const root = open === 0 ? tree.root() : null
  const role = new CoordinatorRole(splits, sum, records, root)
  const coordinator = await verifyLog({ log, role, progress })
  return together(coordinator, walked, splits, check)
}

async function readCoordinator(reader: LedgerReader, log: number, check: Check): Promise<Coordination> {
  let opening: Coordination['opening'] = null
  const cuts: Extract<RunEntry, { k: 'cut' }>[] = []
  const heads = new Map<number, Said[]>()
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    let facts: RunEntry
    try {
      ;({ facts } = decodeRunEntry(seq, body))
    } catch (error) {
      // The coordinator's own entries are looked at afterwards.
      if (error instanceof DecodeError) continue
      throw error
    }
    if (facts.k === 'open' && seq === 0) opening = { leaf: leafHash(body), facts }
    if (facts.k === 'cut') cuts.push(facts)
    if (facts.k !== 'parts') continue
    for (const head of facts.heads) takeHead(heads, head, seq, facts.t, check)
  }
  return { opening, cuts, heads }
}

function takeHead(
  heads: Map<number, Said[]>,
  { part, size, root }: PartHead,
  seq: number,
  t: number,
  check: Check,
): void {
  const before = heads.get(part) ?? []
  if (size <= (before.at(-1)?.size ?? 0))
    check.add(
      `${entryName(seq)} says that split ${part} has ${counted(size, 'entry', 'entries')}, and it had as many before`,
    )
  heads.set(part, [...before, { seq, size, root, t }])
}

/** The last entry of a split that is closed, and its leaf; null of one that isn't. */
async function closeOf(reader: LedgerReader, log: number) {
  const size = await reader.size(log)
  const last = size === 0 ? null : await reader.entry(log, size - 1)
  if (last === null || !last.body.includes('"k":"close"')) return null
  try {
    const { facts } = decodeRunEntry(last.seq, last.body)
    return facts.k === 'close' ? { ...facts, leaf: leafHash(last.body) } : null
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

function roleOf(run: string, part: number, { opening, cuts }: Coordination): SplitRole {
  const ranges = new Map<number, RangeFact>()
  const whole = new Set<number>()
  for (const cut of cuts) {
    if (cut.whole === part) whole.add(cut.source)
    for (const range of cut.ranges) if (range.part === part) ranges.set(cut.source, range)
  }
  const topology = opening?.facts.topology ?? { nodes: [], edges: [] }
  return new SplitRole({ run, part, opening: opening?.leaf ?? '', topology, ranges, whole })
}

/** Ranges of a source follow each other without gaps, in order of their splits. */
function checkCuts(cuts: Coordination['cuts'], splits: number, check: Check): void {
  const seen = new Set<number>()
  for (const { source, ranges, whole } of cuts) {
    if (seen.has(source)) check.add(`node ${source} was cut twice`)
    seen.add(source)
    if (whole !== undefined && (ranges.length > 0 || whole > splits)) check.add(`node ${source} is whole, and was cut`)
    let before = 0
    let part = 0
    for (const range of ranges) {
      if (range.part <= part || range.part > splits)
        check.add(`the ranges of node ${source} are not in order of splits`)
      if (range.before !== before)
        check.add(
          `the range of node ${source} in split ${range.part} begins behind ${counted(range.before, 'record')}, and ${grouped(before)} come before it`,
        )
      part = range.part
      before = range.before + range.records
    }
  }
}

/** What was found of all of them, as of one run; problems of splits say which it is. What was counted is in the coordinator's. */
function together(coordinator: WalkedRun, walked: readonly WalkedRun[], splits: number, check: Check): WalkedRun {
  const checks = coordinator.checks.map(own => {
    for (const [i, split] of walked.entries()) {
      const other = split.checks.find(({ name }) => name === own.name)
      if (other !== undefined) own.take(other, `split ${i + 1}`)
    }
    return own
  })
  if (coordinator.sealed && walked.length < splits) check.add('the run is sealed, and not all of its splits were begun')
  const sum = (of: (each: WalkedRun) => number) => [coordinator, ...walked].reduce((all, each) => all + of(each), 0)
  return {
    ...coordinator,
    all_entries: sum(each => each.entries),
    values: sum(each => each.values),
    erased: sum(each => each.erased),
    unread: sum(each => each.unread),
    checks: [...checks, check],
  }
}
