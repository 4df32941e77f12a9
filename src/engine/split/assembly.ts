/**
 * Puts together what splits have written: of each sink the pieces of all splits, in their order, as one run would have written them.
 *
 * ASSEMBLY-1. Only what a split's last receipt speaks of is read, and it must be that.
 * ASSEMBLY-2. A sink that is wound back continues with the first piece that its receipt doesn't have: commits end with pieces.
 */
import { createHash } from 'node:crypto'
import { CustodyError } from '../../model/error.ts'
import { JsonTextError, parseStored } from '../../model/json.ts'
import { isRow, type Row } from '../../model/row.ts'
import type { Receipt } from '../../sdk/spec.ts'
import { pieceChanged, pieceOf } from '../nodes/sink/piece-sink.ts'
import { type Output, SENT } from '../nodes/sink/sink-set.ts'
import type { Pieces } from '../ports/pieces.ts'

/** Bytes of pieces that go to sinks before these are made durable, and before the next commit. */
const AT_ONCE_BYTES = 8 * 1024 * 1024

export interface Assembling {
  readonly outputs: readonly Output[]
  readonly pieces: Pieces
  /** Which sinks take texts. */
  readonly takesTexts: (output: Output) => boolean
  /** By part, from 1, what each split had at last, by the name of the sink. */
  readonly receipts: ReadonlyArray<ReadonlyMap<string, Receipt>>
  /** Makes all durable that came so far. */
  readonly commit: () => Promise<void>
  /** Aborted to stop. */
  readonly signal: AbortSignal
}

/** @returns false if it was stopped meanwhile. @throws CustodyError of sinks, CUSTODY_OUTPUT_CHANGED. */
export async function assemble(assembling: Assembling): Promise<boolean> {
  const { outputs, receipts, signal } = assembling
  const left = new Map(outputs.map(each => [each, each.receipt?.rows ?? 0]))
  let uncommitted = 0
  for (const [i, of_part] of receipts.entries()) {
    if (signal.aborted) return false
    for (const output of outputs) {
      const receipt = of_part.get(output.node.name)
      if (receipt === undefined || receipt.rows === 0) continue
      const had = left.get(output) ?? 0
      if (had > 0) {
        left.set(output, had - receipt.rows)
        continue
      }
      await takePiece(assembling, output, receipt, i + 1)
      uncommitted += receipt.bytes
    }
    if (uncommitted < AT_ONCE_BYTES) continue
    await assembling.commit()
    uncommitted = 0
  }
  return true
}

async function takePiece(
  { pieces, takesTexts }: Assembling,
  output: Output,
  receipt: Receipt,
  part: number,
): Promise<void> {
  const { node, sink, intent } = output
  // Its split has sent them.
  if (intent.mode === SENT.mode) return sink.append?.(NO_BYTES, receipt.rows)
  const hash = createHash('sha256')
  const name = pieceOf(receipt, part, node.number)
  const bytes = hashed(pieces.read(name, receipt.bytes), hash)
  const rows = takesTexts(output) ? await takeTexts(output, bytes, receipt.rows) : await takeRows(output, bytes)
  if (rows !== receipt.rows || hash.digest('hex') !== receipt.sha256) throw pieceChanged(node.name, part)
  if (receipt.bytes >= AT_ONCE_BYTES) await sink.flush()
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>) {
  for await (const each of bytes) {
    hash.update(each)
    yield each
  }
}

async function takeTexts({ sink }: Output, bytes: AsyncIterable<Uint8Array>, rows: number): Promise<number> {
  let waiting = 0
  for await (const each of bytes) {
    sink.append?.(each, 0)
    waiting += each.length
    if (waiting < AT_ONCE_BYTES) continue
    await sink.flush()
    waiting = 0
  }
  sink.append?.(NO_BYTES, rows)
  return rows
}

const NO_BYTES = new Uint8Array()

async function takeRows({ node, sink }: Output, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let rows = 0
  let waiting = 0
  for await (const line of linesOf(bytes)) {
    const row = rowIn(line)
    if (row === null) return rows
    const error = sink.write(row)
    if (error !== null) throw tooMuch(node.name, error.message)
    rows++
    waiting += line.length
    if (waiting < AT_ONCE_BYTES) continue
    await sink.flush()
    waiting = 0
  }
  return rows
}

/** What a split couldn't know: of all splits together there is more than a file can have, or than the options allow. */
function tooMuch(node: string, message: string): CustodyError {
  return new CustodyError('CUSTODY_SINK', `sink \`${node}\` can’t take what all splits have written: ${message}`, {
    where: { node },
    hint: 'Nothing was published. Give the run up with `custody abandon`, and run it without `splits`: such rows go where on_error leads then.',
  })
}

const LINE_BREAK = 0x0a

/** Each with a line feed behind it; what else breaks lines for people stands within texts. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  let rest = Buffer.alloc(0)
  for await (const each of bytes) {
    let from = 0
    for (let end = each.indexOf(LINE_BREAK); end >= 0; end = each.indexOf(LINE_BREAK, from)) {
      yield Buffer.concat([rest, each.subarray(from, end)]).toString('utf8')
      rest = Buffer.alloc(0)
      from = end + 1
    }
    rest = Buffer.concat([rest, each.subarray(from)])
  }
}

/** Null: a split wrote something else, which its hash will show. */
function rowIn(line: string): Row | null {
  try {
    const value = parseStored(line)
    return isRow(value) ? value : null
  } catch (error) {
    if (error instanceof JsonTextError) return null
    throw error
  }
}
