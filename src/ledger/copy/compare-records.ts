/** Whether a copy holds what its original holds, record by record, and whether that is what the heads signed. */
import { headIn } from '../../format/checkpoint.ts'
import { bytesToHex, leafHash } from '../../format/hash.ts'
import { Frontier } from '../../format/tree.ts'
import { CustodyError } from '../../model/error.ts'
import type { LedgerReader } from '../read-port.ts'

/** What was compared, and found the same. */
export interface Compared {
  readonly runs: number
  readonly entries: number
  readonly payloads: number
}

const AT_ONCE = 500

/** @throws CustodyError CUSTODY_LEDGER_ALTERED with the first place that differs, or that isn't what its head signed. */
export async function compareRecords(from: LedgerReader, to: LedgerReader): Promise<Compared> {
  const logs = await from.allLogs()
  await same(listed(logs), listed(await to.allLogs()), `${to.url}, logs`)
  let [entries, payloads] = [0, 0]
  for (const { log } of logs) {
    const where = `${to.url}, log ${log}`
    const found = await compareEntries(from, to, log, where)
    entries += found.entries
    payloads += found.payloads
    await same(from.chunks(log), to.chunks(log), `${where}, sealed`)
    await same(from.endings(log), to.endings(log), `${where}, endings`)
    await same(from.openTokens(log), to.openTokens(log), `${where}, open_tokens`)
    await same(from.tiles(log), to.tiles(log), `${where}, tiles`)
    const epochs = [await from.lease(log), await to.lease(log)].map(each => each?.epoch ?? 0)
    if (epochs[0] !== epochs[1]) throw different(`${where}, leases`)
  }
  await same(from.witnessed(), to.witnessed(), `${to.url}, witnessed`)
  await same(from.timestamps(), to.timestamps(), `${to.url}, timestamps`)
  return { runs: logs.length - 1, entries, payloads }
}

/** The two logs have the same entries and payloads and the same head, which signs the root of these entries. */
async function compareEntries(from: LedgerReader, to: LedgerReader, log: number, where: string) {
  const tree = new Frontier()
  let payloads = 0
  const size = await from.size(log)
  for (let at = 0; at < size; at += AT_ONCE) {
    const [original, copy] = await Promise.all([from.page(log, at, at + AT_ONCE), to.page(log, at, at + AT_ONCE)])
    await same(listed(original), listed(copy), `${where}, entries`)
    for (const { body, payload } of copy) {
      tree.append(leafHash(body))
      if (payload !== null) payloads++
    }
  }
  if ((await to.size(log)) !== size) throw different(`${where}, entries`)
  if ((await to.count(log, 'payloads')) !== payloads) throw different(`${where}, payloads`)
  const note = await to.head(log)
  const head = note === null ? null : headIn(note)
  if (note !== (await from.head(log))) throw different(`${where}, heads`)
  if (head === null || head.size !== size || head.root !== tree.root())
    throw new CustodyError('CUSTODY_LEDGER_ALTERED', `the head of log ${log} of ${from.url} isn’t that of its entries`)
  return { entries: size, payloads }
}

async function* listed<T>(records: readonly T[]): AsyncIterable<T> {
  yield* records
}

async function same(from: AsyncIterable<object>, to: AsyncIterable<object>, where: string): Promise<void> {
  const copy = to[Symbol.asyncIterator]()
  for await (const each of from) {
    const { done = false, value } = await copy.next()
    if (done || textOf(each) !== textOf(value)) throw different(where)
  }
  if ((await copy.next()).done !== true) throw different(where)
}

function textOf(record: object): string {
  return JSON.stringify(record, (_key, value: unknown) => (value instanceof Uint8Array ? bytesToHex(value) : value))
}

function different(where: string): CustodyError {
  return new CustodyError('CUSTODY_LEDGER_ALTERED', 'the copy isn’t what it was copied from', {
    where: { path: where },
    hint: 'Nothing was changed where it was copied from. Check the disk, and copy it again.',
  })
}
