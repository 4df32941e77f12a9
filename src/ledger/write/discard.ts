/** A ledger that keeps nothing, for one use: to measure what evidence costs (bench/). It encodes nothing either. */
import { CustodyError } from '../../model/error.ts'
import type { CheckpointHead, CommitUnderWay, Ledger, RunLedger } from '../write-port.ts'

const NO_ROOT = '0'.repeat(64)

const now_us = () => Date.now() * 1000

export function discardingLedger(): Ledger {
  return {
    url: 'discard:',
    time_us: async () => now_us(),
    openRun: async () => new DiscardingRun(),
    takeOver: async run => {
      throw new CustodyError('CUSTODY_RUN_UNKNOWN', `nothing is kept here: there is no run ${run}`)
    },
    close: async () => undefined,
  }
}

class DiscardingRun implements RunLedger {
  readonly log = 1
  /** Entry 0 opened the run. */
  size = 1
  readonly began_us = 0

  now_us(): number {
    return now_us()
  }

  append(): number {
    return this.size++
  }

  appendRun(): number {
    return this.size++
  }

  async commit(): Promise<CheckpointHead> {
    return { log: this.log, size: this.size, root: NO_ROOT }
  }

  async begin(): Promise<CommitUnderWay> {
    return { durable: this.commit() }
  }

  async seal(): Promise<CheckpointHead> {
    this.size++
    return this.commit()
  }

  async stop(): Promise<CheckpointHead> {
    return this.commit()
  }

  drop(): void {
    // There is nothing to forget.
  }

  async progress(): Promise<void> {
    return undefined
  }

  async renew(): Promise<void> {
    return undefined
  }

  async release(): Promise<void> {
    return undefined
  }
}
