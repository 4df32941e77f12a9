/** Stops a run of a process on this machine, as Ctrl-C does: it finishes the commit in hand. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Stopping } from '../../api/operate.ts'
import { openLedgerReader } from '../../ledger/open.ts'
import { type Holder, livesHere, parseHolder } from '../../model/holder.ts'
import { findRun } from '../../read/runs/list.ts'

/** What the machine tells of processes, and what it can do to them. */
export interface System {
  readonly platform: NodeJS.Platform
  /** Whether a process of this machine has its number, and its start where that is known. */
  lives(holder: Holder): boolean
  /** With which a process was started; empty where that can't be learnt. */
  commandOf(pid: number): Promise<string>
}

const THIS_SYSTEM: System = {
  platform: process.platform,
  lives: livesHere,
  commandOf: pid => (process.platform === 'linux' ? commandInProc(pid) : commandByPs(pid)),
}

interface Held {
  readonly holder: string
  readonly expires_us: number
}

/** Processes that had their signal, each for one time that it held a run: a second one would end it at once. */
export class RunStopper {
  private readonly signalled = new Set<string>()

  /**
   * Doesn't stop it if no process of this machine holds it, if it can't be seen that the one which has its number is the one that took the
   * lease, or if the system can't interrupt another's process.
   * @throws CustodyError CUSTODY_RUN_UNKNOWN, CUSTODY_RUN_AMBIGUOUS
   */
  async stop(url: string, name: string): Promise<Stopping> {
    const reader = await openLedgerReader(url)
    try {
      const { run, log } = await findRun(reader, name)
      const lease = await reader.lease(log)
      const holder = lease === null ? null : await reachedBy(lease, await reader.now_us())
      if (lease === null || holder === null) return { run, stopping: false, why: 'not_here', pid: null }
      const { pid, start } = holder
      if (process.platform === 'win32') return { run, stopping: false, why: 'no_signals', pid }
      const key = `${run} ${lease.epoch} ${pid} ${start}`
      if (!this.signalled.has(key)) {
        process.kill(pid, 'SIGINT')
        this.signalled.add(key)
      }
      return { run, stopping: true, why: null, pid }
    } finally {
      await reader.close()
    }
  }
}

/**
 * The process of this program that holds a lease, if it surely is on this machine. Leases are signed by nobody: whatever else has that number
 * is left alone. Where a process's start isn't known (all but Linux) the number is surely that of the same one only while the lease, which
 * its holder renews, lasts: `now_us`, by the clock that leases go by.
 */
export async function reachedBy(
  { holder: text, expires_us }: Held,
  now_us: number,
  system = THIS_SYSTEM,
): Promise<Holder | null> {
  const holder = holderIn(text)
  if (holder === null || holder.pid === process.pid || !system.lives(holder)) return null
  if (holder.start === '' && expires_us <= now_us) return null
  // Where it gets no signal from here nothing depends on what it is.
  if (system.platform === 'win32') return holder
  return /custody/i.test(await system.commandOf(holder.pid)) ? holder : null
}

function holderIn(text: string): Holder | null {
  try {
    const holder = parseHolder(text)
    return holder !== null && Number.isSafeInteger(holder.pid) && holder.pid > 1 ? holder : null
  } catch {
    return null
  }
}

async function commandInProc(pid: number): Promise<string> {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** As POSIX has it, so that macOS and BSD answer alike; a number that nobody has is an error. */
export async function commandByPs(pid: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'args='])
    return stdout.trim()
  } catch {
    return ''
  }
}
