/**
 * A run's own entries, as far as a proof has them: its opening, what it published and its seal, in the tree that the ledger's own log names. Of
 * a run with splits these are its coordinator's, and the seal leads to the end of the split that the proof is of.
 */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { ProvenEntry, ProvenSplit, RowProof } from '../../format/proof.ts'
import { checkInclusion } from '../../format/tree.ts'
import type { SubjectTrees } from '../../format/trees.ts'
import { counted } from '../../model/number-text.ts'
import type { Json } from '../../model/row.ts'
import { DecodeError, decodeRunEntry } from '../decode.ts'
import { Erasures } from '../erasures.ts'
import { type Check, entryName } from '../verify/check.ts'
import type { LogPart } from './log-part.ts'
import { type IsErased, shownValues } from './shown-values.ts'

type Logged<K extends LedgerEntry['k']> = Extract<LedgerEntry, { readonly k: K }>
type OfRun<K extends RunEntry['k']> = Extract<RunEntry, { readonly k: K }>

/** The tree of the run's finished log, as the ledger's own log has it. */
export interface RunTree {
  readonly size: number
  readonly root: string
}

export interface RunPart {
  readonly run: string
  readonly tree: RunTree
  readonly opening: OfRun<'open'>
  /** null if nothing was published, or the proof doesn't say it. */
  readonly publish: OfRun<'publish'> | null
  readonly seal: OfRun<'seal'>
  /** Values of the opening that are shown, and what was committed to, by number. */
  readonly opening_values: ReadonlyMap<number, Json>
  readonly rows: RowsPart
}

/** Of the log in which the rows are: the run's, or that of a split. */
export interface RowsPart {
  /** 0: the run has no splits. */
  readonly part: number
  /** Of all its entries, or of those before its close. */
  readonly tree: RunTree
  readonly subjects: SubjectTrees
  /** As far as the proof says it. */
  readonly isErased: IsErased
}

export interface RunChecks {
  readonly run: Check
  readonly values: Check
}

/** @returns null if nothing can be built on it. */
export function checkRunPart(proof: RowProof['run'], log: LogPart, checks: RunChecks): RunPart | null {
  const said = whatLogSays(proof, log, checks.run)
  if (said === null) return null
  const { opened, sealed } = said
  const tree = { size: sealed.size, root: sealed.root }
  for (const entry of proof.entries)
    if (!isIn(tree, entry)) checks.run.add(`${entryName(entry.seq)} isn’t in the tree of the run’s entries`)
  const erasures = new Erasures()
  for (const { index, entry } of log.entries) {
    // How many entries a split has, the proof of one of them needn't say.
    const size = entry.k === 'erase' && entry.log === proof.log ? sealed.size : Number.MAX_SAFE_INTEGER
    const problem = entry.k === 'erase' ? erasures.add(entry.log, entry.values, size) : null
    if (problem !== null) checks.run.add(`${entryName(index)} of log 0: ${problem}`)
  }
  const entries = decodedEntries(proof, (seq, place) => erasures.has(proof.log, seq, place), checks)
  const [first, last] = [entries[0], entries.at(-1)]
  const between = entries.slice(1, -1)
  const [publish = null] = between.map(each => each.facts)
  if (first?.facts.k !== 'open' || first.seq !== 0) checks.run.add('its first entry isn’t there')
  if (last?.facts.k !== 'seal' || last.seq !== tree.size - 1) checks.run.add('its seal isn’t there')
  if (between.length > 1 || (publish !== null && publish.k !== 'publish'))
    checks.run.add('there are other entries than its first, what it published, and its seal')
  if (first?.facts.k !== 'open' || last?.facts.k !== 'seal' || !checks.run.ok) return null
  const [opening, seal] = [first.facts, last.facts]
  if (opening.run !== proof.run) checks.run.add(`its first entry is that of run ${opening.run}`)
  if (leafHash(proof.entries[0]?.body ?? '') !== opened.root) checks.run.add('it was opened with another first entry')
  if (opening.t !== opened.t) checks.run.add('its first entry tells of another time than the ledger’s own log')
  if (seal.t > sealed.t)
    checks.run.add('its seal tells of a time after that at which the ledger’s own log says it was sealed')
  const { splits = 0 } = opened
  if ((opening.splits ?? 0) !== splits || (seal.parts?.size ?? 0) !== splits)
    checks.run.add(`it was opened with ${counted(splits, 'split')}, and its own entries tell of another number`)
  const end = endOf(proof.split, seal, splits, checks.run)
  if (end === null || !checks.run.ok) return null
  const part = proof.split?.part ?? 0
  const isErased: IsErased = (seq, place) => erasures.has(proof.log + part, seq, place)
  return {
    ...{ run: proof.run, tree, opening, seal, publish: publish?.k === 'publish' ? publish : null },
    opening_values: first.shown,
    rows: { part, tree: end.k === 'seal' ? tree : end, subjects: end.subjects, isErased },
  }
}

/** What ends the log in which the rows are: the seal, or the close of a split. Null if that isn't one of the run. */
function endOf(
  split: ProvenSplit | undefined,
  seal: OfRun<'seal'>,
  splits: number,
  check: Check,
): OfRun<'seal' | 'close'> | null {
  if (split === undefined && splits === 0) return seal
  const { part, close, path } = split ?? { part: 0, close: '', path: [] }
  const { size, root } = seal.parts ?? { size: 0, root: '' }
  try {
    if (!checkInclusion(leafHash(close), part - 1, size, path, root))
      check.add(
        split === undefined
          ? `it doesn’t say in which of ${counted(splits, 'split')} the row is`
          : `what it has as the end of split ${part} isn’t that`,
      )
    else {
      // A split has as many entries before its last one as that says.
      const { facts } = decodeRunEntry(0, close)
      if (facts.k === 'close') return facts
      check.add(`split ${part} isn’t closed with its last entry`)
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    check.add(`the end of split ${part}: ${error.message}`)
  }
  return null
}

/** Whether an entry is in a run's tree. */
export function isIn({ size, root }: RunTree, { seq, body, path }: ProvenEntry): boolean {
  return checkInclusion(leafHash(body), seq, size, path, root)
}

function whatLogSays(
  { run, log }: RowProof['run'],
  { entries }: LogPart,
  check: Check,
): { readonly opened: Logged<'opened'>; readonly sealed: Logged<'sealed'> } | null {
  let [opened, sealed]: [Logged<'opened'> | null, Logged<'sealed'> | null] = [null, null]
  // An erasure can be of values of a split.
  const isOf = (entry: Logged<'erase'>) => entry.log >= log && entry.log <= log + (opened?.splits ?? 0)
  for (const { index, entry } of entries) {
    const name = `${entryName(index)} of log 0`
    if (entry.k === 'birth' || entry.k === 'key' || entry.k === 'moved') continue
    if (entry.run !== run || (entry.k === 'erase' ? !isOf(entry) : entry.log !== log))
      check.add(`${name} is of another run`)
    else if (entry.k === 'taken_over' || entry.k === 'progress')
      check.add(`${name} says how the run went on, which no proof needs`)
    else if (entry.k === 'opened' && opened === null && sealed === null) opened = entry
    else if (entry.k === 'sealed' && opened !== null && sealed === null) sealed = entry
    else if (entry.k !== 'erase' || sealed === null)
      check.add(`${name} says once more, or too early, what became of the run`)
  }
  if (opened === null) check.add('the ledger’s own log doesn’t say that it was opened')
  if (sealed === null) check.add('the ledger’s own log doesn’t say that it was sealed')
  return opened === null || sealed === null || !check.ok ? null : { opened, sealed }
}

interface Decoded {
  readonly seq: number
  readonly facts: RunEntry
  readonly shown: ReadonlyMap<number, Json>
}

function decodedEntries(
  { entries }: RowProof['run'],
  isErased: IsErased,
  { run, values }: RunChecks,
): readonly Decoded[] {
  const decoded: Decoded[] = []
  for (const entry of entries) {
    try {
      const { facts, ...commits } = decodeRunEntry(entry.seq, entry.body)
      decoded.push({ seq: entry.seq, facts, shown: shownValues(entry, commits, isErased, values).fitting })
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      run.add(`${entryName(entry.seq)}: ${error.message}`)
    }
  }
  return decoded
}
