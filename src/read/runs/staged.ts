/** What a run that isn't over keeps beside its outputs, under hidden names, until they come into their places. */
import { existsSync } from 'node:fs'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { intentsOf } from './opening-values.ts'
import type { Closing } from './run-log.ts'

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
  return Object.entries(await intentsOf(reader, log)).flatMap(([sink, { path, staged }]) =>
    path !== null && staged !== null && existsSync(staged) ? [{ sink, staged, path }] : [],
  )
}
