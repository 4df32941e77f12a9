/**
 * A ledger copied to another store, and moved there: of the two exactly one is written (I13 would notice two only when they meet).
 *
 * COPY-1. A copy is nothing to anybody before it is finished, and it is finished when it was compared with its original.
 * COPY-2. Log 0 says where the ledger is written (`moved`), and a store knows its own home. The original's log says it first, and takes no
 *     entry after that; then the copy's.
 * COPY-3. Whatever fails, the same command can be given again. Until the original's log says `moved` it is as before.
 */

import { isAlive } from '../../model/holder.ts'
import { uuidv7 } from '../../model/uuid.ts'
import { createCopy, openLedger, openLedgerReader, unfinishedCopyAt } from '../open.ts'
import type { LedgerReader } from '../read-port.ts'
import type { Store } from '../store.ts'
import { LOG_ZERO, LogZero } from '../write/log-zero.ts'
import type { LedgerPorts } from '../write-port.ts'
import { type Compared, compareRecords } from './compare-records.ts'
import { birthOf, copyGrown, copyRecords } from './copy-records.ts'

export interface Copied extends Compared {
  readonly ledger: string
  readonly from: string
  readonly to: string
  /** Which of the two is written from now on. */
  readonly written: 'from' | 'to'
}

/** The moments of it, by name: tests end the process at each of them. */
export const COPY_POINTS = ['copied', 'moved', 'completed', 'compared'] as const
export type CopyPoint = (typeof COPY_POINTS)[number]

export interface CopyOptions {
  /** The original stays the one that is written; the copy is to read. */
  readonly keep: boolean
  /** Called at each point; does nothing outside of tests. */
  readonly atPoint?: (point: CopyPoint) => void | Promise<void>
}

/**
 * @throws CustodyError CUSTODY_LEDGER_EXISTS if something is at `to` that isn't an unfinished copy; CUSTODY_LEDGER_MOVED if the original is
 * written somewhere else; CUSTODY_RUN_HELD if somebody writes to it; CUSTODY_LEDGER_ALTERED if the two differ, or the original isn't what
 * its heads signed; and those of opening both.
 */
export async function copyLedger(from: string, to: string, ports: LedgerPorts, options: CopyOptions): Promise<Copied> {
  const atPoint = options.atPoint ?? (() => undefined)
  const reader = await openLedgerReader(from)
  try {
    return await (options.keep
      ? reader.snapshot(() => keptCopy(reader, to, ports, atPoint))
      : movedCopy(reader, from, to, ports, atPoint))
  } finally {
    await reader.close()
  }
}

type AtCopyPoint = NonNullable<CopyOptions['atPoint']>

async function keptCopy(reader: LedgerReader, to: string, ports: LedgerPorts, atPoint: AtCopyPoint): Promise<Copied> {
  const { id } = await LogZero.read(reader, ports.trust)
  const copy = await copied(reader, to, newHome(ports))
  try {
    await atPoint('copied')
    return await finished(id, reader, copy, 'from', atPoint)
  } finally {
    await copy.close()
  }
}

async function movedCopy(
  reader: LedgerReader,
  from: string,
  to: string,
  ports: LedgerPorts,
  atPoint: AtCopyPoint,
): Promise<Copied> {
  const before = await standing(reader, to, ports)
  const ledger = before.moved_to === null ? await openLedger(from, ports, { create: false }) : null
  let copy: Store | null = null
  try {
    await ledger?.refuseHeldRuns(isAlive)
    const home = before.moved_to ?? newHome(ports)
    copy = await copied(reader, to, home)
    await atPoint('copied')
    await ledger?.moveTo(home)
    await atPoint('moved')
    const size = await copy.reader.size(LOG_ZERO)
    // Log 0 has its `moved` since. If it has more, others wrote to the ledger before that; nobody does now.
    const grown = (await reader.size(LOG_ZERO)) - size
    if (grown === 1) await copyGrown(reader, copy)
    else if (grown > 1) {
      await copy.close()
      copy = await copied(reader, to, home)
    }
    await atPoint('completed')
    return await finished(before.ledger, reader, copy, 'to', atPoint)
  } finally {
    await copy?.close()
    await ledger?.close()
  }
}

/** `moved_to`: where an earlier attempt said that it goes, and got no further. @throws CustodyError CUSTODY_LEDGER_MOVED */
async function standing(reader: LedgerReader, to: string, ports: LedgerPorts) {
  const log_zero = await reader.snapshot(() => LogZero.read(reader, ports.trust))
  const own = await reader.home()
  const { id: ledger, home } = log_zero
  if (home === own) return { ledger, moved_to: null }
  if (home === null || (await unfinishedCopyAt(to)) !== home) log_zero.mustBeAt(own)
  return { ledger, moved_to: home }
}

function newHome({ now_us, entropy }: LedgerPorts): string {
  return uuidv7(Math.floor(now_us() / 1000), entropy(10))
}

/** All that there is at one moment. */
async function copied(reader: LedgerReader, to: string, home: string): Promise<Store> {
  return reader.snapshot(async () => {
    const copy = await createCopy(to, await birthOf(reader), home)
    try {
      await copyRecords(reader, copy)
      return copy
    } catch (error) {
      await copy.close()
      throw error
    }
  })
}

async function finished(
  ledger: string,
  from: LedgerReader,
  copy: Store,
  written: Copied['written'],
  atPoint: AtCopyPoint,
): Promise<Copied> {
  const compared = await from.snapshot(() => compareRecords(from, copy.reader))
  await atPoint('compared')
  await copy.finishCopy()
  return { ledger, from: from.url, to: copy.reader.url, written, ...compared }
}
