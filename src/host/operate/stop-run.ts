/** Stops a run of a process on this machine, as Ctrl-C does: it finishes the commit in hand. */
import { readFileSync } from 'node:fs'
import { openLedgerReader } from '../../ledger/open.ts'
import { type Holder, livesHere, parseHolder } from '../../model/holder.ts'
import { findRun } from '../../read/runs/list.ts'

/** Processes that had their signal, each for one time that it held a run: a second one would end it at once. */
export class RunStopper {
  private readonly signalled = new Set<string>()

  /**
   * False if no process of this machine holds it, or it can't be seen that the one which has its number is the one that took the lease.
   * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS
   */
  async stop(url: string, name: string): Promise<{ readonly run: string; readonly stopping: boolean }> {
    const reader = await openLedgerReader(url)
    try {
      const { run, log } = await findRun(reader, name)
      const lease = await reader.lease(log)
      const holder = lease === null ? null : holderIn(lease.holder)
      // Only with its start a number of a process is surely that of the same one.
      if (lease === null || holder === null || holder.start === '' || !livesHere(holder) || holder.pid === process.pid)
        return { run, stopping: false }
      const key = `${run} ${lease.epoch} ${holder.pid} ${holder.start}`
      if (!this.signalled.has(key)) {
        process.kill(holder.pid, 'SIGINT')
        this.signalled.add(key)
      }
      return { run, stopping: true }
    } finally {
      await reader.close()
    }
  }
}

/** Leases are signed by nobody: what isn't a process of this program, with a number of its own, has no signal from here. */
function holderIn(text: string): Holder | null {
  try {
    const holder = parseHolder(text)
    const is_process = holder !== null && Number.isSafeInteger(holder.pid) && holder.pid > 1
    return is_process && /custody/i.test(readFileSync(`/proc/${holder.pid}/cmdline`, 'utf8')) ? holder : null
  } catch {
    return null
  }
}
