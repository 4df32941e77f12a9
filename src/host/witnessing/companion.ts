/**
 * Beside a run: gives the heads of the ledger's own log to those who are named, now and then while it goes, and the last one at its end.
 *
 * COMPANION-1. It reads and writes through connections of its own, and waits for nothing that the run waits for.
 * COMPANION-2. One head is given at a time. A run's end waits for the one that is under way, and for its own last one, and no longer than
 *     their requests take.
 */
import { openLedgerReader, openWitnessing } from '../../ledger/open.ts'
import { isCustodyError } from '../../model/error.ts'
import { giveHead, type HeadGiven, type WitnessingPorts } from './give-head.ts'
import type { WitnessingSettings } from './settings.ts'

export interface CompanionPorts extends WitnessingPorts {
  /** Calls back every so often until what it gives is called; never keeps the process alive. */
  readonly every: (work: () => void) => () => void
  readonly onGiven: (given: HeadGiven) => void
  /** A sentence without its end. */
  readonly onTrouble: (why: string) => void
}

export class Companion {
  readonly #url: string
  readonly #settings: WitnessingSettings
  readonly #ports: CompanionPorts
  readonly #stop: () => void
  /** The head that was given last, or was there when the run began. */
  #known: string | null = null
  #under_way: Promise<void> = Promise.resolve()
  #busy = false

  constructor(url: string, settings: WitnessingSettings, ports: CompanionPorts) {
    this.#url = url
    this.#settings = settings
    this.#ports = ports
    this.#stop = ports.every(() => this.#look())
  }

  /** Gives the last head, if it wasn't yet. What fails is reported. */
  async close(): Promise<void> {
    this.#stop()
    await this.#under_way
    this.#look()
    await this.#under_way
  }

  #look(): void {
    if (this.#busy) return
    this.#busy = true
    this.#under_way = this.#give()
      .catch((error: unknown) => {
        // Who can't begin a run has reported that; without a ledger there is no head.
        if (isCustodyError(error) && error.code === 'CUSTODY_LEDGER_NOT_FOUND') return
        this.#ports.onTrouble(`witnesses weren’t asked: ${error instanceof Error ? error.message : String(error)}`)
      })
      .finally(() => {
        this.#busy = false
      })
  }

  async #give(): Promise<void> {
    const head = await headOf(this.#url)
    if (head === null || head === this.#known) return
    const ledger = await openWitnessing(this.#url)
    try {
      const given = await giveHead(ledger, this.#settings, this.#ports)
      this.#known = head
      this.#ports.onGiven(given)
      for (const trouble of given.troubles) this.#ports.onTrouble(trouble)
    } finally {
      await ledger.close()
    }
  }
}

/** null if it isn't born yet. */
async function headOf(url: string): Promise<string | null> {
  const reader = await openLedgerReader(url, 1)
  try {
    return await reader.head(0)
  } finally {
    await reader.close()
  }
}
