/**
 * A run's log as it must be for somebody to resume it: its entries are what its last head signed, each is found where its row is
 * looked for, and the table of open tokens is what the last commit says of it (I13).
 */
import type { RunEntry } from '../format/entry.ts'
import { leafHash } from '../format/hash.ts'
import { Frontier, type FrontierState } from '../format/tree.ts'
import { CustodyError } from '../model/error.ts'
import { originOf } from './appender.ts'
import type { LogZero } from './log-zero.ts'
import { OpenTokens } from './open-tokens.ts'
import type { LedgerReader } from './read-port.ts'
import { altered, checkSignedHead } from './signed-head.ts'

export interface CheckedRun {
  readonly frontier: FrontierState
  /** The head that it was checked against. */
  readonly note: string
  readonly open: OpenTokens
}

/**
 * Reads all of its entries. `log_zero` is as it was last brought up to date.
 * @throws CustodyError CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT, CUSTODY_OPEN_TOKENS_ALTERED, CUSTODY_KEY_UNKNOWN.
 */
export async function checkedRun(
  reader: LedgerReader,
  log_zero: LogZero,
  { log, run }: { readonly log: number; readonly run: string },
): Promise<CheckedRun> {
  const place = { url: reader.url, log, run }
  const known = log_zero.runs.get(log)
  if (known?.run !== run) throw altered(place, 'is listed, and log 0 has it sealed or never opened it')
  const note = await reader.head(log)
  const tree = new Frontier()
  let commit: string | null = null
  for await (const { seq, row, body } of reader.entries(log)) {
    if (seq !== tree.size)
      throw new CustodyError('CUSTODY_LEDGER_CUT', `run ${run} has lost entry ${tree.size}`, {
        where: { path: `${reader.url}, log ${log}, entry ${tree.size}` },
      })
    if (!isOfRow(body, row)) throw altered(place, `has an entry ${seq} that is listed as one of another row`)
    if (row === null && body.includes('"k":"commit"')) commit = body
    tree.append(leafHash(body))
  }
  const origin = originOf(log_zero.id, log)
  const extent = { ...place, origin, size: tree.size, root: tree.root(), note }
  checkSignedHead(extent, () => log_zero.keys.goodForRun(known.told_at, false))
  const open = OpenTokens.from(await reader.openTokens(log))
  checkOpen(place, open, commit)
  return { frontier: tree.state(), note: note as string, open }
}

/** Whether an entry is in its row's column: that is how its row is found, and no hash has it. */
function isOfRow(body: string, row: number | null): boolean {
  return row === null ? body.startsWith('{"b":') || body.includes('"k":"') : body.includes(`,"r":${row},`)
}

/** `commit` is the body of the last commit; without one nothing is open. */
function checkOpen(
  { url, log, run }: { readonly url: string; readonly log: number; readonly run: string },
  open: OpenTokens,
  commit: string | null,
): void {
  const told =
    commit === null ? new OpenTokens().fact() : (JSON.parse(commit) as Extract<RunEntry, { k: 'commit' }>).open
  const { count, hash } = open.fact()
  if (count === told.count && hash === told.hash) return
  const what = count === told.count ? 'others than' : `${count}, and not`
  throw new CustodyError(
    'CUSTODY_OPEN_TOKENS_ALTERED',
    `the table of open rows has ${what} the ${told.count} that run ${run} had at its last commit`,
    { where: { path: `${url}, table open_tokens, log ${log}` } },
  )
}
