/** In which of a run's logs a row is, and how its entries are shown to be there. */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { ProvenSplit } from '../../format/proof.ts'
import type { TiledTree } from '../../format/tiled-tree.ts'
import { inclusionProof, rangeRoot } from '../../format/tree.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { idText, numberOf, partOf } from '../../model/part-ids.ts'
import { decodeRunEntry } from '../decode.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { entriesOfRow } from '../explain/explain.ts'
import { readable } from '../runs/damaged.ts'
import { closingOf } from '../runs/run-log.ts'
import { RunTrees } from './trees.ts'

export interface RowPlace {
  /** 0: the run has no splits. */
  readonly part: number
  readonly log: number
  /** Within that. */
  readonly number: number
  readonly trees: RunTrees
  /** What leads from the run's seal to its log; null if that is the run's. */
  readonly split: ProvenSplit | null
}

/** A sealed run. */
export interface SealedRun {
  readonly log: number
  readonly tree: TiledTree
  readonly opening: Extract<RunEntry, { k: 'open' }>
  readonly seal: Extract<RunEntry, { k: 'seal' }>
  readonly treeOf: ((log: number) => Promise<TiledTree>) | undefined
}

/** `row`: as it is known outside. @throws CustodyError CUSTODY_ROW_UNKNOWN; UnsoundRecord */
export async function rowPlace(reader: LedgerReader, run: SealedRun, row: number): Promise<RowPlace> {
  const { splits = 0 } = run.opening
  if (splits > 0) return placeInSplit(reader, run, splits, row)
  await entriesOfRow(reader, run.log, row)
  const trees = new RunTrees(reader, run.log, run.tree, run.seal.subjects)
  return { part: 0, log: run.log, number: row, trees, split: null }
}

async function placeInSplit(reader: LedgerReader, run: SealedRun, splits: number, row: number): Promise<RowPlace> {
  const [part, number] = [partOf(row), numberOf(row)]
  if (part < 1 || part > splits || number < 1)
    throw new CustodyError('CUSTODY_ROW_UNKNOWN', `the run has no row ${idText(row)}`, {
      hint: `Its rows are those of its splits, 1 to ${splits}: 1:17 is the 17th of split 1.`,
    })
  const log = run.log + part
  const tree = await run.treeOf?.(log)
  const last = tree === undefined ? null : await reader.entry(log, tree.size - 1)
  const close = last === null ? null : readable(log, () => decodeRunEntry(last.seq, last.body)).facts
  if (tree === undefined || last === null || close?.k !== 'close')
    throw new UnsoundRecord([`split ${part} isn’t closed`])
  if (close.size !== tree.size - 1 || close.root !== (await tree.rootOf(close.size)))
    throw new UnsoundRecord([`split ${part} was closed with other entries than it has`])
  await mustHaveRow(reader, log, part, number)
  const leaves: string[] = []
  for (let each = 1; each <= splits; each++) leaves.push(await lastLeaf(reader, run.log + each))
  const leafAt = (index: number) => leaves[index] ?? ''
  if (leafAt(part - 1) !== leafHash(last.body) || rangeRoot(leafAt, 0, splits) !== run.seal.parts?.root)
    throw new UnsoundRecord(['the last entries of all splits don’t give the root that the seal names'])
  const split = { part, close: last.body, path: inclusionProof(part - 1, splits, leafAt) }
  return { part, log, number, trees: new RunTrees(reader, log, tree, close.subjects, close.size), split }
}

async function lastLeaf(reader: LedgerReader, log: number): Promise<string> {
  const [leaf] = await reader.leaves(log, (await reader.size(log)) - 1, 1)
  return leaf ?? ''
}

async function mustHaveRow(reader: LedgerReader, log: number, part: number, number: number): Promise<void> {
  if ((await reader.entriesOfRow(log, number)).length > 0) return
  const { read } = (await closingOf(reader, log)).totals.rows
  if (number <= read) throw new UnsoundRecord([`row ${number} of split ${part} isn’t there, and ${read} were read`])
  throw new CustodyError('CUSTODY_ROW_UNKNOWN', `split ${part} of the run has no row ${number}`, {
    hint: read === 0 ? 'It has read no row.' : `Its rows are numbered from 1 to ${read}.`,
  })
}
