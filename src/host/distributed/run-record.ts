/** What whoever coordinates a run shares with its workers, beside what its log says: in the ledger's database (shared-record.ts), as JSON. */
import { z } from 'zod'
import { openLedgerReader } from '../../ledger/open.ts'
import { SharedRecord } from '../../ledger/postgres/shared-record.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { concernsWork } from '../resume-sets.ts'

const RECORD = z.strictObject({
  /** Of the offer: of another one a worker heeds nothing. */
  token: z.string(),
  /** The `--set` that the run was given when it was resumed. */
  sets: z.array(z.string()),
})

export type RunRecord = Readonly<z.infer<typeof RECORD>>

/** @throws CustodyError CUSTODY_LEDGER_FORMAT if nothing can be made of it */
export function recordIn(text: string): RunRecord {
  const { success, data } = RECORD.safeParse(parseJson(text))
  if (success) return data
  throw new CustodyError('CUSTODY_LEDGER_FORMAT', 'what the run’s coordinator says to workers can’t be read', {
    hint: 'Use the same version of Custody on all machines.',
  })
}

/** Of the run of that number; whoever asked closes it. @throws CustodyError CUSTODY_RUN_UNKNOWN */
export async function shareOf(url: string, run: string): Promise<SharedRecord> {
  const reader = await openLedgerReader(url)
  try {
    const log = await reader.logOf(run)
    if (log === null) throw new CustodyError('CUSTODY_RUN_UNKNOWN', `the ledger has no run ${run}`)
    return await SharedRecord.open(url, log)
  } finally {
    await reader.close()
  }
}

/** Before workers are invited. `sets`: those that a resumed run was given. */
export async function offerRecord(url: string, run: string, token: string, sets: readonly string[]): Promise<void> {
  const record: RunRecord = { token, sets: sets.filter(concernsWork) }
  const share = await shareOf(url, run)
  try {
    await share.change(() => ({ text: JSON.stringify(record), answer: null }))
  } finally {
    await share.close()
  }
}

/** What is there for workers of an offer; null: nothing, or it is for those of another. */
export async function readRecord(url: string, run: string, token: string): Promise<RunRecord | null> {
  const share = await shareOf(url, run)
  try {
    const text = await share.read()
    const record = text === null ? null : recordIn(text)
    return record?.token === token ? record : null
  } finally {
    await share.close()
  }
}

/** Nobody works on the run elsewhere. */
export async function removeRecord(url: string, run: string): Promise<void> {
  const share = await shareOf(url, run)
  try {
    await share.change(() => ({ text: null, answer: null }))
  } finally {
    await share.close()
  }
}
