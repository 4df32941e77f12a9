/** A run's own entries, as far as a proof has them: its opening, what it published and its seal, in the tree that the ledger's own log names. */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { LedgerEntry } from '../../format/ledger-entry.ts'
import type { ProvenEntry, RowProof } from '../../format/proof.ts'
import { checkInclusion } from '../../format/tree.ts'
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
    const problem = entry.k === 'erase' ? erasures.add(entry.log, entry.values, sealed.size) : null
    if (problem !== null) checks.run.add(`${entryName(index)} of log 0: ${problem}`)
  }
  const isErased: IsErased = (seq, place) => erasures.has(proof.log, seq, place)
  const entries = decodedEntries(proof, isErased, checks)
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
  if (!checks.run.ok) return null
  return {
    ...{ run: proof.run, tree, opening, seal, publish: publish?.k === 'publish' ? publish : null },
    opening_values: first.shown,
    isErased,
  }
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
  for (const { index, entry } of entries) {
    const name = `${entryName(index)} of log 0`
    if (entry.k === 'birth' || entry.k === 'key' || entry.k === 'moved') continue
    if (entry.log !== log || entry.run !== run) check.add(`${name} is of another run`)
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
