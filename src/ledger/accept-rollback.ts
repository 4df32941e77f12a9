/**
 * A new ledger in the place of an older copy of one, where the newest copy is lost. The copy is kept aside as it is, and the new ledger's birth
 * names it. Nobody writes to the copy again: to those who saw the lost ledger it stays an older one.
 */
import { existsSync, linkSync, renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Succeeded } from '../format/ledger-entry.ts'
import { CustodyError } from '../model/error.ts'
import { isAlive, parseHolder } from '../model/holder.ts'
import { counted, grouped } from '../model/number-text.ts'
import { newestOf, type Trust } from './keys/trust.ts'
import { openLedger, openLedgerReader } from './open.ts'
import type { LedgerReader } from './read-port.ts'
import { LogZero } from './write/log-zero.ts'
import type { LedgerPorts } from './write-port.ts'

export interface AcceptedRollback {
  /** The new ledger's id. */
  readonly ledger: string
  readonly succeeds: Succeeded
  /** The file that the copy is in now. */
  readonly aside: string
  /** Runs of the copy that aren't sealed: nobody can resume them. */
  readonly open_runs: readonly string[]
}

/**
 * @param path of the SQLite file that has the copy.
 * @param size number of entries that its own log has, as whoever accepts it knows it.
 * @throws CustodyError CUSTODY_ARGUMENT if it has another size, or isn't older than what was seen; CUSTODY_RUN_HELD, CUSTODY_LEDGER_BUSY if
 * somebody uses it; and those of opening for writing. Nothing has changed then.
 */
export async function acceptRollback(path: string, size: number, ports: LedgerPorts): Promise<AcceptedRollback> {
  const reader = await openLedgerReader(`sqlite:${path}`)
  let found: Pick<AcceptedRollback, 'succeeds' | 'open_runs'>
  try {
    found = await reader.snapshot(() => acceptedCopy(reader, size, ports.trust))
  } finally {
    await reader.close()
  }
  mustBeUnused(path)
  const fresh = `${path}.new-${process.pid}`
  const birth = { ...ports.birth, succeeds: found.succeeds }
  const ledger = await openLedger(`sqlite:${fresh}`, { ...ports, birth }, { create: true })
  const { id } = ledger
  await ledger.close()
  const aside = freeName(`${path}.rolled-back-${size}`)
  // At any time there is a ledger at the path: the copy, or the new one.
  linkSync(path, aside)
  renameSync(fresh, path)
  return { ledger: id, aside, ...found }
}

/** Within a snapshot. @throws CustodyError as `acceptRollback`. */
export async function acceptedCopy(
  reader: LedgerReader,
  size: number,
  trust: Trust,
): Promise<Pick<AcceptedRollback, 'succeeds' | 'open_runs'>> {
  const log_zero = await LogZero.read(reader, upTo(size, trust))
  const { url } = reader
  log_zero.mustBeAt(await reader.home())
  if (log_zero.size !== size)
    throw refused(`the own log of ${url} has ${counted(log_zero.size, 'entry', 'entries')}, and not ${grouped(size)}`)
  const remembered = trust.recall(log_zero.id)
  if (remembered === null || newestOf(remembered).size <= size)
    throw refused(`${url} isn’t older than what you saw of it`, 'Leave --accept-rollback away.')
  for (const lease of await reader.leases()) {
    const holder = parseHolder(lease.holder)
    if (holder !== null && isAlive(holder))
      throw new CustodyError('CUSTODY_RUN_HELD', `a run of ${url} is held by process ${holder.pid} on ${holder.host}`)
  }
  const open_runs = [...log_zero.runs.values()].filter(each => each.sealed === null).map(each => each.run)
  return { succeeds: { ledger: log_zero.id, size, root: log_zero.root() }, open_runs }
}

/** As if the user had seen no more than so many entries: another history is refused all the same. */
function upTo(size: number, trust: Trust): Trust {
  const recall: Trust['recall'] = ledger => {
    const remembered = trust.recall(ledger)
    const heads = remembered?.heads.filter(each => each.size <= size) ?? []
    return remembered === null || heads.length === 0 ? null : { ...remembered, heads }
  }
  return { ...trust, recall }
}

/** Whoever has the file open would go on writing beside it. */
function mustBeUnused(path: string): void {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
  if (existsSync(`${path}-wal`))
    throw new CustodyError('CUSTODY_LEDGER_BUSY', `sqlite:${path} can’t be put aside: somebody has it open`)
}

function freeName(path: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? path : `${path}-${n}`
    if (!existsSync(name)) return name
  }
}

function refused(message: string, hint?: string): CustodyError {
  return new CustodyError('CUSTODY_ARGUMENT', message, hint === undefined ? {} : { hint })
}
