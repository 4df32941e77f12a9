/** The tables beside entries, against the ledger's own log. */
import type { StoredLease, StoredLog } from '../../ledger/read-port.ts'
import { type Check, entryName } from './check.ts'
import type { LedgerLog } from './ledger-log.ts'

interface Tables {
  readonly logs: readonly StoredLog[]
  readonly heads: ReadonlyArray<{ readonly log: number }>
  readonly leases: readonly StoredLease[]
}

/** Logs, heads and leases are those of the runs that log 0 knows, and no others. */
export function checkTables({ logs, heads, leases }: Tables, log_zero: LedgerLog, check: Check): void {
  const there = new Map(logs.map(each => [each.log, each]))
  const zero = there.get(0)
  if (zero === undefined || zero.run !== null || zero.part !== 0)
    check.add("the ledger's own log isn't listed as log 0")
  for (const { log: first, run, opened_at, splits } of log_zero.registered)
    for (let part = 0; part <= splits; part++) {
      const log = first + part
      const found = there.get(log)
      if (found === undefined)
        check.add(`run ${run} was opened (log 0, ${entryName(opened_at)}), and its log ${log} isn't there`)
      else if (found.run !== run) check.add(`log ${log} is listed as that of run ${found.run}, and log 0 says ${run}`)
      else if (found.part !== part) check.add(`log ${log} of run ${run} is listed as part ${found.part}, not ${part}`)
    }
  for (const { log, run } of logs) {
    if (log !== 0 && log_zero.ofLog(log) === undefined)
      check.add(`log ${log} is listed as that of run ${run}, and log 0 knows nothing of it`)
  }
  for (const { log } of heads) {
    if (log !== 0 && log_zero.ofLog(log) === undefined)
      check.add(`there is a checkpoint of log ${log}, and log 0 knows nothing of it`)
  }
  for (const { log, epoch } of leases) {
    const known = log_zero.ofLog(log)
    if (known === undefined) check.add(`there is a lease of log ${log}, and log 0 knows nothing of it`)
    else if (known.sealed !== null) check.add(`run ${known.run} is sealed, and there is a lease of it`)
    else if (known.log === log && known.epoch !== epoch)
      check.add(`the lease of run ${known.run} has epoch ${epoch}, and log 0 says ${known.epoch}`)
  }
  const leased = new Set(leases.map(each => each.log))
  for (const { log, run, sealed } of log_zero.registered) {
    if (sealed === null && !leased.has(log)) check.add(`run ${run} isn't sealed, and there is no lease of it`)
  }
}
