/** What a run that isn't over keeps beside its outputs, under hidden names, until they come into their places. */
import { existsSync } from 'node:fs'
import type { SinkIntents } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { type Closing, intentsOf } from './run-log.ts'

export interface StagedOutput {
  readonly sink: string
  /** Absolute. */
  readonly staged: string
  /** Where it is to stand at the end, absolute. */
  readonly path: string
}

/** Those that are there now; none of a run that is sealed. */
export async function stagedOf(
  reader: LedgerReader,
  log: number,
  { last }: Pick<Closing, 'last'>,
): Promise<readonly StagedOutput[]> {
  if (last?.k === 'seal') return []
  // What stands there isn't checked: that is for `verify`.
  const intents: { readonly [sink: string]: Partial<SinkIntents[string]> | null } = (await intentsOf(reader, log)) ?? {}
  return Object.entries(intents).flatMap(([sink, intent]) => {
    const { path, staged } = intent ?? {}
    return typeof path === 'string' && typeof staged === 'string' && existsSync(staged) ? [{ sink, staged, path }] : []
  })
}
