/**
 * Records in their order, in a file, block by block.
 *
 *   block: length of what follows the tag (4 bytes) · tag (16 bytes) · records, encrypted
 *   record: length of its key (4 bytes), of its body (4 bytes) · key, one byte a character · body in UTF-8
 *
 * RUN-FILE-1. (I13) Blocks are encrypted and authenticated (AES-256-GCM) with a key that only this process knows, each for its place.
 *     What somebody else wrote into the file is refused, and nothing of it can be read when the process is gone.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { CustodyError } from '../../../model/error.ts'
import type { Spill, SpillFile } from '../../ports/spill.ts'

/** Something to be put in order: `key` has characters up to U+00FF only, and no other record has the same. */
export interface SortRecord {
  readonly key: string
  readonly body: string
}

const LENGTH_BYTES = 4
const TAG_BYTES = 16
const HEAD_BYTES = LENGTH_BYTES + TAG_BYTES
/** As large as reading it takes no longer than asking for it, and as small as a hundred of them are little. */
const BLOCK_BYTES = 65_536
const CIPHER = 'aes-256-gcm'
const secret = createSecretKey(randomBytes(32))

/** No two blocks of a process have the same one. */
function nonceOf(file: number, place: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(file, 0, 6)
  nonce.writeUIntBE(place, 6, 6)
  return nonce
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
    const cipher = createCipheriv(CIPHER, secret, nonceOf(this.#number, this.#blocks++))
    const encrypted = cipher.update(records)
    cipher.final()
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    head.writeUInt32LE(encrypted.length, 0)
    cipher.getAuthTag().copy(head, LENGTH_BYTES)
    this.#file.append(Buffer.concat([head, encrypted]))
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
    const encrypted = Buffer.allocUnsafe(length)
    this.#file.read(this.#position + HEAD_BYTES, encrypted)
    const decipher = createDecipheriv(CIPHER, secret, nonceOf(this.#number, this.#place), { authTagLength: TAG_BYTES })
    decipher.setAuthTag(head.subarray(LENGTH_BYTES))
    const records = decipher.update(encrypted)
    try {
      decipher.final()
    } catch {
      throw altered()
    }
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
