/** A ledger that is opened, and made if need be, by the first run that it is asked to take: a run that can't begin makes none. */
import { openLedger } from '../ledger/open.ts'
import type { LedgerPorts, SplittingLedger } from '../ledger/write-port.ts'
import type { Holder } from '../model/holder.ts'

/** `holder`: who holds its runs; this process, if absent. */
export function laterLedger(url: string, ports: LedgerPorts, temporary: boolean, holder?: Holder): SplittingLedger {
  let opened: Promise<SplittingLedger> | null = null
  const open = (): Promise<SplittingLedger> => {
    opened ??= openLedger(url, ports, { create: true, temporary, ...(holder === undefined ? {} : { holder }) })
    return opened
  }
  return {
    url,
    time_us: async () => (await open()).time_us(),
    openRun: async (run, draft, splits) => (await open()).openRun(run, draft, splits),
    splitsOf: run => ({
      heads: async past => (await open()).splitsOf(run).heads(past),
      opening: async () => (await open()).splitsOf(run).opening(),
      closed: async () => (await open()).splitsOf(run).closed(),
      isSealed: async () => (await open()).splitsOf(run).isSealed(),
      snapshot: async work => (await open()).splitsOf(run).snapshot(work),
      see: async (part, look) => (await open()).splitsOf(run).see(part, look),
    }),
    takeSplit: async (split, look) => (await open()).takeSplit(split, look),
    takeOver: async (run, look) => (await open()).takeOver(run, look),
    close: async () => {
      const ledger = await opened?.catch(() => null)
      await ledger?.close()
    },
  }
}
