/**
 * How sources begin, looked at before anything is written: what can't be read as it is stops the run with its outputs as they
 * were. Waits as long as the first source does, and holds the run meanwhile.
 */
import { RENEW_EVERY_US } from '../../ledger/write/lease.ts'
import type { SourceReader } from '../nodes/source/source-reader.ts'
import type { Clock } from '../ports/ports.ts'

export interface Beginning {
  readonly readers: readonly SourceReader[]
  readonly clock: Pick<Clock, 'wake'>
  /** Aborted to stop. */
  readonly signal: AbortSignal
  readonly renew: () => Promise<void>
}

/**
 * The source that is read first begins, and of the others those that can without waiting; the rest begin in their turn.
 * @returns false if the run was stopped meanwhile. @throws CustodyError of the first that can't.
 */
export async function beginSources({ readers, clock, signal, renew }: Beginning): Promise<boolean> {
  const [first, ...others] = readers.filter(reader => !reader.done)
  if (first === undefined) return true
  const all = first.begin().then(async () => {
    for (const reader of others) if (await reader.isOpen()) await reader.begin()
    return true
  })
  // If nobody waits for it any more, that it fails is no failure of the process.
  void Promise.allSettled([all])
  const { stopped, off } = stopOf(signal)
  try {
    for (;;) {
      const { over, callOff } = pause(clock)
      const came = await Promise.race([all, stopped, over]).finally(callOff)
      if (came !== null) return came
      await renew()
    }
  } finally {
    off()
  }
}

function stopOf(signal: AbortSignal): { readonly stopped: Promise<false>; readonly off: () => void } {
  let stop = (): void => undefined
  const stopped = new Promise<false>(resolve => {
    stop = () => resolve(false)
  })
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  return { stopped, off: () => signal.removeEventListener('abort', stop) }
}

function pause(clock: Pick<Clock, 'wake'>): { readonly over: Promise<null>; readonly callOff: () => void } {
  let callOff = (): void => undefined
  const over = new Promise<null>(resolve => {
    callOff = clock.wake(RENEW_EVERY_US, () => resolve(null))
  })
  return { over, callOff }
}
