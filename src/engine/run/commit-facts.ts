/** What commits, and what is about to be published, say of outputs; and what is recorded of a file that was read, and of an error. */
import type { PublishedFact, ReceiptFact } from '../../format/entry.ts'
import type { Artifact } from '../../format/run-values.ts'
import type { CustodyError } from '../../model/error.ts'
import type { Json } from '../../model/row.ts'
import type { Receipt } from '../../sdk/spec.ts'
import type { Output, Receipts } from '../nodes/sink/sink-set.ts'
import { isKept, receiptOf } from '../nodes/sink/sinks.ts'
import type { FileToRecord } from '../nodes/source/read-files.ts'
import type { CommitValues, EntryValues } from '../record/run-values.ts'

export function receiptFact(
  { number }: Output['node'],
  { rows, bytes, sha256, state }: Receipt,
  values: CommitValues,
): ReceiptFact {
  return { sink: number, rows, bytes, ...values.again('hash', number, sha256), ...values.again('state', number, state) }
}

/** But for its time. `source`: number of its node. */
export function fileEntry(source: number, { name, position, sha256, ...fact }: FileToRecord, values: EntryValues) {
  const numbers = {
    name: values.add(name),
    ...values.numbered('position', position),
    ...values.numbered('hash', sha256),
  }
  return { k: 'file', source, ...fact, ...numbers } as const
}

/** What will be in its place at the end. */
export function publishedFact(output: Output, receipts: Receipts, values: EntryValues): PublishedFact {
  const { rows, bytes, files } = receiptOf(receipts, output)
  const fact = { sink: output.node.number, rows, bytes, ...filesOf(output, receipts, values) }
  if (files === undefined) return fact
  return { ...fact, bytes: files.reduce((sum, each) => sum + each.bytes, 0), files: files.length }
}

/** Where files are is a value, what they hold another: each can be shown without the other. */
function filesOf(output: Output, receipts: Receipts, values: EntryValues): Pick<PublishedFact, 'paths' | 'contents'> {
  const all = filesIn(output, receipts)
  if (all === null) return {}
  return {
    paths: values.add(all.map(each => each.path)),
    contents: values.add(all.map(each => ({ rows: each.rows, bytes: each.bytes, sha256: each.sha256 }))),
  }
}

/** The files that a sink publishes, in their order; null if it has none. */
export function filesIn(output: Output, receipts: Receipts): readonly Artifact[] | null {
  if (!isKept(output)) return null
  const { path } = output.intent
  const { rows, bytes, sha256, files } = receiptOf(receipts, output)
  return files ?? (path === null || sha256 === null ? null : [{ path, rows, bytes, sha256 }])
}

/** What is recorded of an error that stopped the run. */
export function reasonValue({ code, message, where }: CustodyError): Json {
  const node = where?.node
  return { code, message: message.toWellFormed(), ...(node === undefined ? {} : { node }) }
}
