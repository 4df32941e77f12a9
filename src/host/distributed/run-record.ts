/** What whoever coordinates a run shares with its workers, beside what its log says: in the ledger's database (shared-record.ts), as JSON. */
import { z } from 'zod'
import { openLedgerReader } from '../../ledger/open.ts'
import { SharedRecord } from '../../ledger/postgres/shared-record.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { concernsWork } from '../resume-sets.ts'
import type { Shares } from './shares.ts'

const number = z.number()
const named = <T extends z.ZodType>(value: T) => z.record(z.string(), value)
const PART = z.strictObject({
  ...{ places: number, starts: number, in_flight: number, waiting: number, since_us: number, served_us: number },
})
const SHARE = z.strictObject({
  ...{ part: number, epoch: number, until_us: number, spent: number, limit: number, short: number, short_us: number },
  services: named(PART),
})
const SHARES: z.ZodType<Shares> = z.strictObject({
  budget: number.nullable(),
  limits: named(z.strictObject({ concurrency: number, per_minute: number.nullable() })),
  ended: named(z.array(z.tuple([number, number]))),
  shares: z.array(SHARE),
  ...{ closed: number, settled: named(z.tuple([number, number])), unpaid: number },
})
const RECORD = z.strictObject({
  /** Of the offer: of another one a worker heeds nothing. */
  token: z.string(),
  /** The `--set` that the run was given when it was resumed. */
  sets: z.array(z.string()),
  /** Of services; null: its nodes call none. */
  shares: SHARES.nullable(),
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

/** Before workers are invited. `sets`: those that a resumed run was given. `shares`: of those who worked on it for another offer, what there is now. */
export async function offerRecord(
  share: SharedRecord,
  { token, sets }: { readonly token: string; readonly sets: readonly string[] },
  shares: (before: Shares | null, now_us: number) => Shares | null,
): Promise<void> {
  const heeded = sets.filter(concernsWork)
  await share.change(({ text, now_us }) => {
    const before = text === null ? null : recordIn(text).shares
    const record: RunRecord = { token, sets: heeded, shares: shares(before, now_us) }
    return { text: JSON.stringify(record), answer: null }
  })
}

/** What is there for workers of an offer; null: nothing, or it is for those of another. */
export async function readRecord(share: SharedRecord, token: string): Promise<RunRecord | null> {
  const text = await share.read()
  const record = text === null ? null : recordIn(text)
  return record?.token === token ? record : null
}

/** `change` gives null if there is nothing to be changed, as where there are no shares any more. */
export function changeShares<T>(
  share: SharedRecord,
  change: (shares: Shares, now_us: number) => { readonly shares: Shares; readonly answer: T } | null,
): Promise<T | null> {
  return share.change<T | null>(({ text, now_us }) => {
    const record = text === null ? null : recordIn(text)
    const changed = record === null || record.shares === null ? null : change(record.shares, now_us)
    if (changed === null) return { text, answer: null }
    return { text: JSON.stringify({ ...record, shares: changed.shares }), answer: changed.answer }
  })
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
