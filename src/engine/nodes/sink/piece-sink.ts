/**
 * What a split has in the place of a sink: it keeps rows, as texts or as they are, until the run's coordinator puts together what all
 * splits have written (split/assembly.ts).
 *
 * PIECE-SINK-1. A row that the sink would refuse is refused here, by a rehearsal of the sink: behind this nothing can go wrong with a row.
 * PIECE-SINK-2. Its receipt says which piece it speaks of; of that it counts bytes and their hash, and nothing else is ever read.
 */
import { createHash, type Hash } from 'node:crypto'
import { ByteText } from '../../../model/byte-text.ts'
import { CustodyError } from '../../../model/error.ts'
import { isObject, type Row } from '../../../model/row.ts'
import type { SinkNode } from '../../../plan/plan.ts'
import type { Discarded, Receipt, Rehearsal, RowError, Sink, SinkContext, SinkIntent } from '../../../sdk/spec.ts'
import type { PieceFile, PieceName, Pieces } from '../../ports/pieces.ts'
import { notOnRecord } from '../../record/on-record.ts'

/** Texts of rows that its sink appends as they are; null: the sink takes rows. */
export type RowTexts = ((row: Row) => string | RowError) | null

/** How rows of a sink are kept. */
export function textsOf({ plugin }: SinkNode, context: SinkContext): RowTexts {
  const { spec, options } = plugin
  return spec.delivery === 'outbound' ? null : (spec.texts?.(options, context) ?? null)
}

/** A type, not an interface, so that it is Json. */
type PieceState = { readonly epoch: number }

/** The piece that a receipt speaks of. */
export function pieceOf(receipt: Receipt, part: number, sink: number): PieceName {
  const epoch = isObject(receipt.state) ? receipt.state.epoch : null
  return typeof epoch === 'number' ? { part, sink, epoch } : notOnRecord(`piece of split ${part}`)
}

/** Of a split's sinks: nothing is there before, and nothing is published. */
export const PIECE_INTENT: SinkIntent = {
  path: null,
  mode: 'piece',
  prior_bytes: 0,
  prior_sha256: null,
  staged: null,
  replaced: null,
}

export class PieceSink implements Sink {
  readonly #pieces: Pieces
  readonly #name: PieceName
  readonly #node: string
  readonly #texts: RowTexts
  readonly #rehearsal: Rehearsal | null
  /** Null while nothing is to be in it: a split may have no rows for a sink. */
  #file: PieceFile | null = null
  /** Since the last flush. */
  #text = new ByteText()
  /** Empty, but while it is written. */
  #other = new ByteText()
  #rows = 0
  #bytes = 0
  #hash: Hash = createHash('sha256')

  constructor(
    pieces: Pieces,
    name: PieceName,
    {
      node,
      texts,
      rehearsal,
    }: { readonly node: string; readonly texts: RowTexts; readonly rehearsal: Rehearsal | null },
  ) {
    this.#pieces = pieces
    this.#name = name
    this.#node = node
    this.#texts = texts
    this.#rehearsal = rehearsal
  }

  async prepare(): Promise<SinkIntent> {
    return PIECE_INTENT
  }

  async open(_intent: SinkIntent, receipt: Receipt | null): Promise<void> {
    this.#text.clear()
    this.#rows = receipt?.rows ?? 0
    this.#bytes = receipt?.bytes ?? 0
    const { part, sink, epoch } = this.#name
    const from = receipt === null ? null : pieceOf(receipt, part, sink)
    const own = from?.epoch === epoch && this.#file !== null
    if (!own) {
      await this.#file?.close()
      this.#file = null
    }
    this.#hash = createHash('sha256')
    if (from === null || receipt === null) return
    if (own) await this.#file?.cut(this.#bytes)
    for await (const bytes of this.#pieces.read(from, this.#bytes)) {
      this.#hash.update(bytes)
      if (!own) await this.#append(bytes)
    }
    if (this.#sha256() !== receipt.sha256) throw pieceChanged(this.#node, part)
  }

  write(row: Row): RowError | null {
    const text = this.#texts === null ? this.#line(row) : this.#texts(row)
    if (typeof text !== 'string') return text
    this.#text.text(text)
    this.#rows += 1
    return null
  }

  #line(row: Row): string | RowError {
    const answer = this.#rehearsal?.row(row)
    return answer?.kind === 'error' ? answer : `${JSON.stringify(row)}\n`
  }

  async flush(): Promise<Receipt> {
    const full = this.#text
    if (full.at > 0) {
      this.#text = this.#other
      this.#other = full
      await this.#append(full.written)
      this.#hash.update(full.written)
      this.#bytes += full.at
      full.clear()
    }
    const state: PieceState = { epoch: this.#name.epoch }
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#sha256(), state }
  }

  finish(): Promise<Receipt> {
    return this.flush()
  }

  async publish(): Promise<null> {
    return null
  }

  async discard(): Promise<Discarded> {
    return { kind: 'dropped' }
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  #sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#file ??= await this.#pieces.create(this.#name)
    await this.#file.append(bytes)
  }
}

/** Others have touched what a split had written. */
export function pieceChanged(node: string, part: number): CustodyError {
  const message = `what split ${part} had written for sink \`${node}\` isn’t there as it was left`
  return new CustodyError('CUSTODY_OUTPUT_CHANGED', message, {
    where: { node },
    hint: 'Give the run up with `custody abandon`, and run again.',
  })
}
