/** Which code the plugins of a run have on record: as it was opened, and as it was when somebody resumed it. */
import type { PluginCode } from '../format/plugin-code.ts'
import type { LedgerReader } from '../ledger/read-port.ts'
import { partOf } from '../model/part-ids.ts'
import { decodeRunEntry } from './decode.ts'
import { readable } from './runs/damaged.ts'
import { openingOf } from './runs/run-log.ts'

export interface CodeOnRecord {
  /** As it was last, by kind and name. */
  readonly plugins: readonly PluginCode[]
  /** Those of them that had other code before. */
  readonly changed: readonly PluginCode[]
}

export async function codeOnRecord(reader: LedgerReader, log: number): Promise<CodeOnRecord> {
  const keyOf = ({ kind, name }: PluginCode) => `${kind} ${name}`
  const plugins = new Map((await openingOf(reader, log)).plugins.map(each => [keyOf(each), each]))
  const changed = new Map<string, PluginCode>()
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    // Splits are worked on with the code that their coordinator has, and come after it: very many needn't be looked at.
    if (partOf(seq) > 0) break
    if (!body.includes('"k":"resume"') || !body.includes('"plugins":')) continue
    const { facts } = readable(log, () => decodeRunEntry(seq, body))
    for (const each of facts.k === 'resume' ? (facts.plugins ?? []) : []) {
      plugins.set(keyOf(each), each)
      changed.set(keyOf(each), each)
    }
  }
  return { plugins: [...plugins.values()], changed: [...changed.values()] }
}
