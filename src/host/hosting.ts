/** Opens what a run needs beside its plan, new or resumed, and closes it whatever happens. */
import type { SessionRequest } from '../engine/run/session.ts'
import type { SplittingLedger } from '../ledger/write-port.ts'
import type { Plan } from '../plan/plan.ts'
import { Closing } from './closing.ts'
import { contentOf } from './file-content.ts'
import { boundHeap } from './heap.ts'
import { limiterOf } from './limiter.ts'
import { codeOf } from './plugins/plugin-code.ts'
import type { HostPorts, RunObserver } from './ports.ts'
import { watchPlugins } from './strays.ts'
import { observed, telemetryOf } from './telemetry.ts'
import { companionOf } from './witnessing/witnessing.ts'

/** What the engine is given with a run, whichever it is. */
export type Hosted = Pick<
  SessionRequest,
  'plan' | 'codeOf' | 'contentOf' | 'clock' | 'signal' | 'strays' | 'shared' | 'onProgress' | 'onNotice' | 'onService'
>

/** The ledger that a run is recorded in. */
export interface HostedLedger {
  /** Whose heads are given to witnesses; null: it isn't kept. */
  readonly url: string | null
  readonly open: () => SplittingLedger | Promise<SplittingLedger>
}

/** @throws what opening the ledger and `work` throw; CustodyError CUSTODY_LIMITER, CUSTODY_POLICY. */
export async function hosting<T>(
  plan: Plan,
  ports: HostPorts,
  observer: RunObserver,
  { url, open }: HostedLedger,
  work: (ledger: SplittingLedger, hosted: Hosted) => Promise<T>,
): Promise<T> {
  const { custody, clock, signal, env } = ports
  boundHeap()
  const closing = new Closing(why => observer.onTrouble(why))
  try {
    // Closed last: when the ledger is, its head is the run's last one.
    closing.add(url === null ? null : companionOf(env, url, plan, why => observer.onTrouble(why)))
    const telemetry = closing.add(url === null ? null : await telemetryOf(plan, ports, observer))
    const ledger = observed(closing.add(await open()), telemetry)
    const shared = closing.add(limiterOf(plan))
    const strays = closing.add(watchPlugins(plan, what => observer.onLate(what)))
    observer.onOpen()
    return await work(ledger, {
      plan,
      codeOf: spec => codeOf(spec, custody),
      contentOf,
      clock,
      signal,
      strays,
      shared,
      onProgress: each => observer.onProgress(each),
      onNotice: each => observer.onNotice(each),
      onService: each => observer.onService(each),
    })
  } finally {
    observer.onClosing()
    await closing.close()
  }
}
