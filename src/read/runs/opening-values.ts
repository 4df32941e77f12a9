/** The values that a run's first entry names: its plan, and what its sinks were about to do. */
import type { RunEntry } from '../../format/entry.ts'
import type { FilesRead } from '../../format/files-read.ts'
import { byNode } from '../../format/node-values.ts'
import type { NodeValues, PlanValue, SinkIntents } from '../../format/run-values.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { newRow } from '../../model/row.ts'
import { openingOf } from './run-log.ts'
import type { RunValue } from './run-values.ts'
import { type ValueReader, ValuesOnRecord } from './values-on-record.ts'

/** What is on record of a plan. Of nodes, what is erased is left out. */
export interface RecordedPlan extends Omit<PlanValue, 'text' | 'file' | 'folder' | 'closes'> {
  /** null: it is erased. */
  readonly text: string | null
  readonly file: string | null
  readonly folder: string | null
  readonly closes: NonNullable<PlanValue['closes']>
}

export type OpeningReader = ValueReader & Pick<LedgerReader, 'url'>

/** @throws CustodyError CUSTODY_VERIFY_FAILED if it isn't as it should be. */
export async function planOf(reader: OpeningReader, log: number): Promise<RecordedPlan> {
  const opening = await openingOf(reader, log)
  const values = new ValuesOnRecord(reader, log)
  const { text = null, file = null } = (await values.get(0, opening.values, 'plan')) ?? {}
  return {
    ...{ text, file, folder: await values.get(0, opening.values, 'folder') },
    ...(await values.get(0, opening.values, 'arguments')),
    fields: byName(await ofNodes(opening, values, 'fields')),
    expressions: byName(await ofNodes(opening, values, 'expressions')),
    options: byName(await ofNodes(opening, values, 'options')),
    closes: byName(await ofNodes(opening, values, 'closes')),
  }
}

/** Files that nodes read beside their rows; of those that are erased nothing. @throws CustodyError CUSTODY_VERIFY_FAILED. */
export async function filesReadIn(reader: OpeningReader, log: number): Promise<FilesRead> {
  return ofNodes(await openingOf(reader, log), new ValuesOnRecord(reader, log), 'reads')
}

/** By sink; one of which something is erased is left out. @throws CustodyError CUSTODY_VERIFY_FAILED. */
export async function intentsOf(reader: OpeningReader, log: number): Promise<SinkIntents> {
  const opening = await openingOf(reader, log)
  const values = new ValuesOnRecord(reader, log)
  const intents = await ofNodes(opening, values, 'intent')
  const paths = await ofNodes(opening, values, 'path')
  const has_path = byNode(opening, 'path', () => true)
  const known = new Map<string, SinkIntents[string]>()
  for (const [sink, intent] of intents) {
    const path = paths.get(sink) ?? { path: null, staged: null }
    if (!has_path.has(sink) || paths.has(sink)) known.set(sink, { ...path, ...intent })
  }
  return byName(known)
}

/** By node, what is on record under this key; nodes that have nothing there, or of which it is erased, are left out. */
export async function ofNodes<K extends keyof NodeValues>(
  opening: Extract<RunEntry, { k: 'open' }>,
  values: ValuesOnRecord,
  key: K,
): Promise<ReadonlyMap<string, RunValue<K>>> {
  const found = new Map<string, RunValue<K>>()
  for (const [i, { name }] of opening.topology.nodes.entries()) {
    const numbers: { readonly [key in K]?: number } = opening.values.nodes[i] ?? {}
    const value = await values.get(0, numbers, key)
    if (value !== null) found.set(name, value)
  }
  return found
}

/** Without a prototype: a node may have the name of what all objects have. */
export function byName<T>(values: ReadonlyMap<string, T>): { readonly [node: string]: T } {
  // cast: no key of it is anything else.
  return Object.assign(newRow(), Object.fromEntries(values)) as { readonly [node: string]: T }
}
