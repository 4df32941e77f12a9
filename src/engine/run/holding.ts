/** A run is held by whoever is at work on it, however long that takes. */
import { RENEW_EVERY_US } from '../../ledger/write/lease.ts'
import type { Clock } from '../ports/ports.ts'

/**
 * Waits for what is under way, and renews the lease meanwhile.
 * @throws what it throws; else what kept the lease from being renewed, when it is over.
 */
export async function holding<T>(work: Promise<T>, clock: Pick<Clock, 'wake'>, renew: () => Promise<void>): Promise<T> {
  const over = work.then(
    () => true,
    () => true,
  )
  let lost: { readonly thrown: unknown } | null = null
  for (;;) {
    const { later, callOff } = pause(clock)
    if (await Promise.race([over, later]).finally(callOff)) break
    lost ??= await renew().then(
      () => null,
      (thrown: unknown) => ({ thrown }),
    )
  }
  const result = await work
  if (lost !== null) throw lost.thrown
  return result
}

function pause(clock: Pick<Clock, 'wake'>): { readonly later: Promise<false>; readonly callOff: () => void } {
  let callOff = (): void => undefined
  const later = new Promise<false>(resolve => {
    callOff = clock.wake(RENEW_EVERY_US, () => resolve(false))
  })
  return { later, callOff }
}
