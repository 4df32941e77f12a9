/**
 * Records in their order, in a file, block by block.
 *
 *   block: length of what follows the tag (4 bytes) · tag (32 bytes) · records
 *   record: length of its key (4 bytes), of its body (4 bytes) · key, one byte a character · body in UTF-8
 *
 * RUN-FILE-1. (I13) Nothing is used of a block before its tag was checked: an HMAC over its place and its records with a secret that only
 *     this process knows. What somebody else wrote into the file is refused.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { CustodyError } from '../../../model/error.ts'
import type { Spill, SpillFile } from '../../ports/spill.ts'

/** Something to be put in order: `key` has characters up to U+00FF only, and no other record has the same. */
export interface SortRecord {
  readonly key: string
  readonly body: string
}

const LENGTH_BYTES = 4
const TAG_BYTES = 32
const HEAD_BYTES = LENGTH_BYTES + TAG_BYTES
/** As large as reading it takes no longer than asking for it, and as small as a hundred of them are little. */
const BLOCK_BYTES = 65_536
const secret = randomBytes(32)

function tagOf(file: number, place: number, records: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${file}:${place}:`).update(records).digest()
}

/** Files of this process, so that no block passes for one of another file. */
let files = 0

export class RunWriter {
  readonly #file: SpillFile
  readonly #number = ++files
  #parts: Buffer[] = []
  #size = 0
  #blocks = 0
  #bytes = 0

  /** @throws CustodyError CUSTODY_SPILL. */
  constructor(spill: Spill) {
    this.#file = spill.create()
  }

  /** @throws CustodyError CUSTODY_SPILL. */
  add({ key, body }: SortRecord): void {
    const text = Buffer.from(body, 'utf8')
    const head = Buffer.allocUnsafe(2 * LENGTH_BYTES + key.length)
    head.writeUInt32LE(key.length, 0)
    head.writeUInt32LE(text.length, LENGTH_BYTES)
    head.write(key, 2 * LENGTH_BYTES, 'latin1')
    this.#parts.push(head, text)
    this.#size += head.length + text.length
    if (this.#size >= BLOCK_BYTES) this.#writeBlock()
  }

  /** @throws CustodyError CUSTODY_SPILL. */
  finish(): RunFile {
    if (this.#size > 0) this.#writeBlock()
    return new RunFile(this.#file, this.#number, this.#blocks, this.#bytes)
  }

  close(): void {
    this.#file.close()
  }

  #writeBlock(): void {
    const records = Buffer.concat(this.#parts, this.#size)
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    head.writeUInt32LE(records.length, 0)
    tagOf(this.#number, this.#blocks++, records).copy(head, LENGTH_BYTES)
    this.#file.append(Buffer.concat([head, records]))
    this.#bytes += HEAD_BYTES + records.length
    this.#parts = []
    this.#size = 0
  }
}

/** Gives its records in order, once. */
export class RunFile {
  readonly #file: SpillFile
  readonly #number: number
  readonly #blocks: number
  readonly #bytes: number
  #place = 0
  #position = 0
  #block = Buffer.alloc(0)
  #at = 0

  constructor(file: SpillFile, number: number, blocks: number, bytes: number) {
    this.#file = file
    this.#number = number
    this.#blocks = blocks
    this.#bytes = bytes
  }

  /** null at its end. @throws CustodyError CUSTODY_SPILL. */
  next(): SortRecord | null {
    if (this.#at === this.#block.length && !this.#readBlock()) return null
    const block = this.#block
    const key_at = this.#at + 2 * LENGTH_BYTES
    const body_at = key_at + block.readUInt32LE(this.#at)
    const end = body_at + block.readUInt32LE(this.#at + LENGTH_BYTES)
    this.#at = end
    return { key: block.toString('latin1', key_at, body_at), body: block.toString('utf8', body_at, end) }
  }

  close(): void {
    this.#file.close()
  }

  #readBlock(): boolean {
    if (this.#place === this.#blocks) return false
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    this.#file.read(this.#position, head)
    const length = head.readUInt32LE(0)
    if (this.#position + HEAD_BYTES + length > this.#bytes) throw altered()
    const records = Buffer.allocUnsafe(length)
    this.#file.read(this.#position + HEAD_BYTES, records)
    if (!timingSafeEqual(tagOf(this.#number, this.#place, records), head.subarray(LENGTH_BYTES))) throw altered()
    this.#place++
    this.#position += HEAD_BYTES + length
    this.#block = records
    this.#at = 0
    return true
  }
}

function altered(): CustodyError {
  return new CustodyError('CUSTODY_SPILL', 'a file in which a sort or a join kept rows isn’t what was written', {
    hint: 'resume the run: what it holds is read from the ledger again',
  })
}
