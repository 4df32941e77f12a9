/** The proof of a row: what `prove` writes. */
import { proofText } from '../../format/proof.ts'
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import type { CheckedReader } from '../../read/evidence/checked-reader.ts'
import type { WhichHead } from '../../read/prove/logged.ts'
import { type MadeProof, proveRow } from '../../read/prove/prove.ts'
import type { ProveOptions } from '../../read/prove/selection.ts'
import { type NamedRow, numberOfRow } from '../../read/recorded/named-row.ts'
import { type CheckObserver, checkedRun } from '../checked-run.ts'

export interface ProofWanted {
  /** As it was named. */
  readonly run: string
  readonly row: NamedRow
  readonly options: ProveOptions
  readonly head: WhichHead
}

export interface ProofFound {
  /** Id. */
  readonly run: string
  readonly log: number
  /** Its number. */
  readonly row: number
  /** With which it was read. */
  readonly reader: CheckedReader
  readonly made: MadeProof
  readonly text: string
}

/** @throws UnsoundRecord; CustodyError as `proveRow`, or as `findRun`. */
export async function findProof(
  env: Environment,
  inner: LedgerReader,
  { run: name, row, options, head }: ProofWanted,
  observer: CheckObserver,
): Promise<ProofFound> {
  const { reader: joined, checked: reader, log, run } = await checkedRun(env, inner, name, observer, 'stories')
  const { tree, logged } = await reader.check(log)
  const treeOf = async (split: number) => (await reader.check(split)).tree
  const number = await numberOfRow(joined, log, row)
  const made = await proveRow(reader, { log, run, tree, logged, treeOf }, number, options, head)
  return { run, log, row: number, reader, made, text: proofText(made.proof) }
}
