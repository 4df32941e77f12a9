/** A batch as the parameters of `write_batch` (functions.ts), in their order. */
import { hexToBytes } from '../../format/hash.ts'
import { CustodyError } from '../../model/error.ts'
import type { SealedChunk, StoredEnding, StoredOpenToken } from '../read-port.ts'
import type { LeaseChange, LogZeroBatch, NewEntry, NewPayload, TileDraft, WriteBatch } from '../write-port.ts'
import { byteaArray, int8Array, textArray } from './binary-array.ts'
import type { Value } from './connection.ts'
import { BATCH_PARAMETERS, ZERO_PARAMETERS } from './functions.ts'

type Values<Parameters> = { readonly [name in keyof Parameters]: Value }

/** A batch that is ready to be sent, as often as it takes. */
export interface SentBatch {
  readonly values: readonly Value[]
  /** An entry that is there exactly if the batch is, since nobody else makes its bytes: salts and nonces are in it. Null: the batch has none. */
  readonly witness: SentEntry | null
}
export interface SentEntry {
  readonly log: number
  readonly seq: number
  readonly body: Buffer
}

/** `chunks`: payloads that are encrypted, in the place of those of the batch. */
export function sentBatch(batch: WriteBatch, chunks: readonly SealedChunk[] | null): SentBatch {
  const { log, ledger } = batch
  const entries = [...batch.entries]
  const zero = ledger === null ? null : [...ledger.entries]
  const values: Values<typeof BATCH_PARAMETERS> = {
    ...leaseValues(log, batch.lease),
    ...entryValues(entries),
    ...payloadValues(chunks === null ? [...batch.payloads] : []),
    ...chunkValues([...(chunks ?? []), ...(batch.chunks ?? [])]),
    ...endingValues([...batch.endings]),
    c_token: int8Array(batch.closed_tokens),
    ...openValues(batch.open_tokens),
    t_tree: int8Array(batch.tiles.map(each => each.tree)),
    ...tileValues('t', batch.tiles),
    p_head: batch.head,
    ...zeroValues(ledger, zero),
  }
  return { values: inOrder(BATCH_PARAMETERS, values), witness: witnessOf(log, entries) ?? witnessOf(0, zero ?? []) }
}

/** Of `append_log_zero`. */
export function sentLogZero(ledger: LogZeroBatch): SentBatch {
  const entries = [...ledger.entries]
  return { values: inOrder(ZERO_PARAMETERS, zeroValues(ledger, entries)), witness: witnessOf(0, entries) }
}

function inOrder(parameters: object, values: { readonly [name: string]: Value }): readonly Value[] {
  return Object.keys(parameters).map(name => values[name] ?? null)
}

function witnessOf(log: number, [first]: readonly NewEntry[]): SentEntry | null {
  return first === undefined ? null : { log, seq: first.seq, body: Buffer.from(first.body) }
}

function leaseValues(log: number, lease: LeaseChange | null) {
  const nothing = {
    p_run: null,
    p_splits: null,
    p_size: null,
    p_epoch: null,
    p_from: null,
    p_holder: null,
    p_expires: null,
  }
  const named = { ...nothing, p_log: log, p_change: lease?.kind ?? null }
  if (lease === null) return named
  switch (lease.kind) {
    case 'open':
      return { ...named, p_run: lease.run, p_splits: lease.splits, p_holder: lease.holder, p_expires: lease.expires_us }
    case 'take': {
      const { size, from_epoch, epoch, holder, expires_us } = lease
      return { ...named, p_size: size, p_from: from_epoch, p_epoch: epoch, p_holder: holder, p_expires: expires_us }
    }
    case 'keep':
      return { ...named, p_from: lease.epoch, p_expires: lease.expires_us }
    default:
      return { ...named, p_from: lease.epoch }
  }
}

function entryValues(entries: readonly NewEntry[]) {
  mustFollow(entries)
  return {
    p_first: entries[0]?.seq ?? null,
    e_row: int8Array(entries.map(each => each.row)),
    e_batch: int8Array(entries.map(each => each.batch)),
    e_body: textArray(entries.map(each => each.body)),
  }
}

function payloadValues(payloads: readonly NewPayload[]) {
  return {
    p_seq: int8Array(payloads.map(each => each.seq)),
    p_salts: byteaArray(payloads.map(each => each.salts)),
    p_body: textArray(payloads.map(each => each.body)),
  }
}

function chunkValues(chunks: readonly SealedChunk[]) {
  return {
    s_first: int8Array(chunks.map(each => each.first)),
    s_last: int8Array(chunks.map(each => each.last)),
    s_entries: textArray(chunks.map(each => each.entries)),
    s_key: textArray(chunks.map(each => each.key_id)),
    s_wrapped: byteaArray(chunks.map(each => each.data_key)),
    s_message: byteaArray(chunks.map(each => each.message)),
  }
}

function endingValues(endings: readonly StoredEnding[]) {
  const numbers = (of: (each: StoredEnding) => number | null) => int8Array(endings.map(of))
  return {
    d_token: numbers(each => each.token),
    d_seq: numbers(each => each.seq),
    d_row: numbers(each => each.row),
    d_batch: numbers(each => each.batch),
    d_fate: numbers(each => each.fate),
    d_node: numbers(each => each.node),
    d_sink: numbers(each => each.sink),
    d_grp: numbers(each => each.grp),
    d_code: textArray(endings.map(each => each.error_code)),
    d_hash: byteaArray(endings.map(each => each.error_hash)),
    d_us: numbers(each => each.recorded_us),
  }
}

function openValues(open: readonly StoredOpenToken[]) {
  return {
    o_token: int8Array(open.map(each => each.token)),
    o_row: int8Array(open.map(each => each.row)),
    o_batch: int8Array(open.map(each => each.batch)),
    o_node: int8Array(open.map(each => each.node)),
    o_seq: int8Array(open.map(each => each.seq)),
  }
}

function tileValues<Of extends 't' | 'z'>(of: Of, tiles: readonly TileDraft[]) {
  const values = {
    level: int8Array(tiles.map(each => each.level)),
    idx: int8Array(tiles.map(each => each.index)),
    hash: byteaArray(tiles.map(each => hexToBytes(each.root))),
  }
  // cast: so the names are made.
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${of}_${name}`, value])) as {
    readonly [name in keyof typeof values as `${Of}_${name}`]: Buffer
  }
}

function zeroValues(ledger: LogZeroBatch | null, entries: readonly NewEntry[] | null) {
  mustFollow(entries ?? [])
  return {
    z_first: entries?.[0]?.seq ?? null,
    z_body: textArray((entries ?? []).map(each => each.body)),
    ...tileValues('z', ledger?.tiles ?? []),
    z_head: ledger?.head ?? null,
  }
}

function mustFollow(entries: readonly NewEntry[]): void {
  for (const [i, { seq }] of entries.entries()) {
    const before = entries[i - 1]?.seq
    if (before !== undefined && seq !== before + 1)
      throw new CustodyError('CUSTODY_ENGINE_DEFECT', `entry ${seq} follows ${before}`)
  }
}
