/**
 * Time as a case has it: it stands still while anything is at work, and where only time can help it jumps to what is due. So no case waits
 * for a timeout, an age or a pause, and none comes to something else on a slower machine.
 *
 * CASE-CLOCK-1. Time passes by what was asked for with `wake`, in order, and by nothing else, but for CASE-CLOCK-2.
 * CASE-CLOCK-2. What is silent for SILENCE_MS has its real time counted: a plugin that never answers is found out, and a process that has
 *     nothing else to do isn't taken for done.
 */
import type { Clock } from '../../engine/ports/ports.ts'

const SILENCE_MS = 3000

interface Alarm {
  readonly at_us: number
  readonly ring: () => void
}

export class CaseClock implements Clock {
  readonly #start_us: number
  #passed_us = 0
  /** The earliest first; of those due at one time, the one that was set first. */
  readonly #alarms: Alarm[] = []
  #silence: NodeJS.Timeout | null = null

  /** `start_us`: the time of day as it begins. */
  constructor(start_us: number) {
    this.#start_us = start_us
  }

  /** The time of day. */
  now_us(): number {
    return this.#start_us + this.#passed_us
  }

  monotonic_us(): number {
    return this.#passed_us
  }

  wake(delay_us: number, callback: () => void): () => void {
    if (delay_us <= 0) {
      const soon = setImmediate(callback)
      return () => clearImmediate(soon)
    }
    const alarm: Alarm = { at_us: this.#passed_us + delay_us, ring: callback }
    const later = this.#alarms.findIndex(({ at_us }) => at_us > alarm.at_us)
    this.#alarms.splice(later === -1 ? this.#alarms.length : later, 0, alarm)
    this.#listen()
    return () => {
      const index = this.#alarms.indexOf(alarm)
      if (index !== -1) this.#alarms.splice(index, 1)
      if (this.#alarms.length === 0) this.#stopListening()
    }
  }

  /** The next alarm rings, as soon as what called this waits. */
  idle(): void {
    setImmediate(() => this.#ringNext())
  }

  #ringNext(): void {
    const next = this.#alarms.shift()
    if (next === undefined) return
    this.#passed_us = next.at_us
    this.#listen()
    next.ring()
  }

  /** (CASE-CLOCK-2) */
  #listen(): void {
    if (this.#alarms.length === 0) return this.#stopListening()
    if (this.#silence !== null) return void this.#silence.refresh()
    this.#silence = setTimeout(() => {
      this.#silence = null
      const until_us = this.#passed_us + SILENCE_MS * 1000
      while ((this.#alarms[0]?.at_us ?? Number.POSITIVE_INFINITY) <= until_us) this.#ringNext()
      this.#passed_us = until_us
      this.#listen()
    }, SILENCE_MS)
  }

  #stopListening(): void {
    if (this.#silence !== null) clearTimeout(this.#silence)
    this.#silence = null
  }
}
