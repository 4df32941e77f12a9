/** What a host is given with each run, and the callbacks by which it reports on the run. */
import type { ServiceState } from '../engine/calls/service-state.ts'
import type { Notice } from '../engine/nodes/source/source-reader.ts'
import type { Clock } from '../engine/ports/ports.ts'
import type { Progress } from '../engine/run/start.ts'
import type { CheckObserver } from './checked-run.ts'
import type { CheckedPipeline } from './compile.ts'
import type { ProcessPlace } from './ledger.ts'

export interface HostPorts extends ProcessPlace {
  /** Version of Custody, for the record. */
  readonly custody: string
  readonly clock: Clock
  /** Aborted to stop the run safely. */
  readonly signal: AbortSignal
}

/** Observes a run under way, for people. Nothing that it does changes the run. */
export interface RunObserver extends CheckObserver {
  /** The pipeline is sound, and something is odd about it. */
  onWarnings(checked: CheckedPipeline): void
  /** All that the run needs is open: the signal stops it safely from here on. */
  onOpen(): void
  onProgress(progress: Progress): void
  /** What sources wait for, and what is odd about them. */
  onNotice(notice: Notice): void
  /** A service keeps calls waiting, or is back. */
  onService(state: ServiceState): void
  /** The run is over, or couldn't begin: the signal stops nothing any more, and what was opened is about to be closed. */
  onClosing(): void
  /** What went wrong beside the run, and takes nothing from it; a sentence without its end. */
  onTrouble(why: string): void
  /** What a plugin still did when the run was over; a sentence without its end. */
  onLate(what: string): void
}
