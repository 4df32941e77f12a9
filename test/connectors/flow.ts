/**
 * A process of its own that lets rows flow through one connector, as a run does, and says what it took. What to do is JSON in its first
 * argument; what it took is JSON on standard output.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OBSERVED } from '../../src/model/schema.ts'
import type { DatabaseKind } from '../../src/plugins/databases/dialect.ts'
import { jsonlSink } from '../../src/plugins/sinks/jsonl.ts'
import { FILE_TABLE, SERVED_TABLE } from '../../src/plugins/sinks/sql/options.ts'
import { TableWriter } from '../../src/plugins/sinks/sql/table-writer.ts'
import { csvSource } from '../../src/plugins/sources/csv.ts'
import { databaseSources } from '../../src/plugins/sources/databases.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import type { Keyed, Outgoing, Source, SourceSpec } from '../../src/sdk/spec.ts'

export interface FlowTask {
  readonly what: 'table in' | 'table out' | 'object in' | 'object out'
  readonly kind: DatabaseKind
  readonly options: object
  readonly rows: number
}

export interface Flown {
  readonly rows: number
  readonly peak_bytes: number
  /** Of this process, in all. */
  readonly cpu_ms: number
}

const BATCH = 1000
const rowOf = (id: number) => ({ id, subject: `letter ${id} of many`, weight: id % 7, price: (id * 1.25).toFixed(2) })

async function drained(source: Source): Promise<number> {
  let rows = 0
  await source.list?.(null)
  await source.prepare?.()
  await source.begin?.()
  for await (const chunk of source.read(null, NOBODY_TO_ASK)) {
    for (const { kind } of chunk) if (kind === 'row') rows++
    const last = chunk.at(-1)
    // What is on record with each commit.
    if (last !== undefined) source.hashUpTo?.(last.position)
  }
  await source.close()
  return rows
}

async function tableOut({ kind, options, rows }: FlowTask): Promise<number> {
  const given = kind === 'postgres' || kind === 'mysql' ? SERVED_TABLE.parse(options) : FILE_TABLE.parse(options)
  const context = { node: 'table', run: `run-${rows}`, folder: '/', input: OBSERVED, secrets: [], placed: null }
  const writer = new TableWriter(kind, given, { ...context, originalNames: () => ({}) })
  let written = 0
  for (let first = 0; first < rows; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, rows - first) }, (_, i): Keyed<Outgoing> => {
      // cast: without a key no row is refused before it is sent.
      return { outgoing: writer.request(rowOf(first + i)) as Outgoing, key: `${first + i}` }
    })
    const sent = await writer.send(batch as [Keyed<Outgoing>], { signal: new AbortController().signal, epoch: 1 })
    if (sent.kind !== 'accepted' || (sent.refused?.size ?? 0) > 0) throw new Error(JSON.stringify(sent))
    written += batch.length
  }
  await writer.close()
  return written
}

async function objectOut({ options, rows }: FlowTask): Promise<number> {
  const staging = mkdtempSync(join(tmpdir(), 'custody-flow-'))
  const context = { node: 'out', run: `run-${rows}`, folder: '/', input: OBSERVED, secrets: [], placed: null, staging }
  const sink = await jsonlSink.create(jsonlSink.options.parse(options), { ...context, originalNames: () => ({}) })
  if (!('publish' in sink)) throw new Error('it makes no object')
  await sink.open(await sink.prepare(), null)
  for (let id = 0; id < rows; id++) {
    sink.write(rowOf(id))
    if (id % BATCH === 0) await sink.flush()
  }
  await sink.finish()
  await sink.publish()
  await sink.close()
  rmSync(staging, { recursive: true, force: true })
  return rows
}

async function flow(task: FlowTask): Promise<number> {
  const context = { node: 'rows', folder: '/', input: OBSERVED, secrets: [] }
  if (task.what === 'table out') return await tableOut(task)
  if (task.what === 'object out') return await objectOut(task)
  const specs: readonly SourceSpec[] = [...databaseSources, csvSource] as SourceSpec[]
  const name = task.what === 'object in' ? 'csv' : task.kind
  const spec = specs.find(each => each.name === name)
  if (spec === undefined) throw new Error(`there is no source ${name}`)
  return await drained((await spec.create(spec.options.parse(task.options), context)) as Source)
}

const [, , task = ''] = process.argv
const rows = await flow(JSON.parse(task))
const { maxRSS: peak_kib, userCPUTime: user_us, systemCPUTime: system_us } = process.resourceUsage()
const flown: Flown = { rows, peak_bytes: peak_kib * 1024, cpu_ms: (user_us + system_us) / 1000 }
console.log(JSON.stringify(flown))
