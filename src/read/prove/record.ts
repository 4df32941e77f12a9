/**
 * Makes the completeness record of a sealed run, or of the ledger's own log alone (docs/proof-format.md), piece by piece. What is written is what
 * was signed: its entries give the roots of the signed heads, or it ends with an error.
 */
import { checkpointIn } from '../../format/checkpoint.ts'
import { leafHash } from '../../format/hash.ts'
import { headerLine, RECORD_FORMAT, valueLine } from '../../format/record.ts'
import { Frontier } from '../../format/tree.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { CheckedReader } from '../evidence/checked-reader.ts'
import { UnsoundRecord } from '../evidence/unsound.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { type Disclosure, disclosedValues } from './disclosure.ts'
import { loggedEntries, type WhichHead } from './logged.ts'
import type { GivenHead } from './prove.ts'

/** So many characters are handed over at a time, or a line more. */
const PIECE_UNITS = 128 * 1024

export interface RecordedPieces {
  /** The whole text, in pieces of some lines each. @throws UnsoundRecord where an entry isn't what was signed, at the end of its log. */
  readonly pieces: AsyncIterable<string>
  readonly entries: number
  readonly values: number
  readonly head: GivenHead
}

/**
 * @param reader one that checks
 * @param inner what it reads from
 * @param of the run; null: the ledger's own log alone
 * @throws CustodyError CUSTODY_PROOF_OPEN, CUSTODY_RECORD_VALUE; UnsoundRecord
 */
export async function recordOf(
  reader: CheckedReader,
  inner: Pick<LedgerReader, 'bodies'>,
  of: { readonly run: string; readonly log: number } | null,
  disclose: readonly Disclosure[],
  which: WhichHead = 'last_witnessed',
): Promise<RecordedPieces> {
  const { run, log } = of ?? { run: '', log: 0 }
  const closing = of === null ? null : await closingOf(reader, log)
  if (closing !== null && closing.last?.k !== 'seal')
    throw new CustodyError('CUSTODY_PROOF_OPEN', `run ${run} isn’t sealed yet`)
  const logged = await loggedEntries(reader, (await reader.check(log)).logged, which)
  const { note, timestamps } = logged.head
  const zero = { ...logged.head, root: checkpointIn(note).root }
  const head = of === null ? null : await headOf(reader, log)
  const splits = of === null ? [] : await splitHeads(reader, log)
  const values = closing === null ? [] : await disclosedValues(reader, log, closing, disclose)
  const header = headerLine({
    ...{ format: RECORD_FORMAT, ledger: logged.ledger, ledger_entries: zero.size, checkpoint: note },
    ...(timestamps.length === 0 ? {} : { timestamps }),
    ...(head === null ? {} : { run: { run, log, entries: head.size, ...sizesOf(splits) } }),
    ...(values.length === 0 ? {} : { values: values.length }),
  })
  async function* lines(): AsyncIterable<readonly string[]> {
    yield [header]
    yield* signedBodies(inner, 0, zero)
    yield values.map(valueLine)
    if (head !== null) yield* signedBodies(inner, log, head)
    for (const [i, each] of splits.entries()) yield* signedBodies(inner, log + i + 1, each)
  }
  const sizes = [zero, ...(head === null ? [] : [head]), ...splits].map(each => each.size)
  return {
    ...{ pieces: inPieces(lines()), entries: sizes.reduce((sum, size) => sum + size, 0), values: values.length },
    head: { ...logged.head, latest: logged.latest },
  }
}

interface SignedHead {
  readonly size: number
  readonly root: string
}

async function headOf(reader: Pick<LedgerReader, 'head'>, log: number): Promise<SignedHead> {
  const note = await reader.head(log)
  if (note === null) throw new UnsoundRecord([`log ${log} has no checkpoint`])
  return checkpointIn(note)
}

/** Those of a run's splits, in order. */
async function splitHeads(reader: CheckedReader, log: number): Promise<readonly SignedHead[]> {
  const { splits = 0 } = await openingOf(reader, log)
  const heads: SignedHead[] = []
  for (let part = 1; part <= splits; part++) heads.push(await headOf(reader, log + part))
  return heads
}

function sizesOf(splits: readonly SignedHead[]): { readonly splits?: readonly number[] } {
  return splits.length === 0 ? {} : { splits: splits.map(each => each.size) }
}

/** The first entries of a log, as one of its heads has them. @throws UnsoundRecord */
async function* signedBodies(
  reader: Pick<LedgerReader, 'bodies'>,
  log: number,
  { size, root }: SignedHead,
): AsyncIterable<readonly string[]> {
  const tree = new Frontier()
  for await (const bodies of reader.bodies(log)) {
    const own = bodies.slice(0, size - tree.size)
    for (const body of own) tree.append(leafHash(body))
    yield own
    if (tree.size === size) break
  }
  if (tree.size !== size || tree.root() !== root)
    throw new UnsoundRecord([`the entries of log ${log} aren’t those that its checkpoint is of`])
}

async function* inPieces(pages: AsyncIterable<readonly string[]>): AsyncIterable<string> {
  let piece = ''
  for await (const lines of pages)
    for (const line of lines) {
      piece += `${line}\n`
      if (piece.length < PIECE_UNITS) continue
      yield piece
      piece = ''
    }
  yield piece
}
