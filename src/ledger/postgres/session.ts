/**
 * A connection that is opened again when it was cut, as by a server that restarts.
 *
 * SESSION-1. Where none can be had it is tried for as long as a lease lasts, and no longer. What was asked is the caller's to ask again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LEASE_US } from '../write/lease.ts'
import { Connection, type Purpose } from './connection.ts'
import { isCut } from './errors.ts'

type OnOpened = (connection: Connection) => Promise<void>

/** (SESSION-1) */
export const TRY_FOR_MS = LEASE_US / 1000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500

export class Session {
  readonly #url: string
  readonly #purpose: Purpose
  readonly #onOpened: OnOpened
  #connection: Connection
  #opening: Promise<Connection> | null = null
  #is_closed = false

  private constructor(url: string, purpose: Purpose, connection: Connection, onOpened: OnOpened) {
    this.#url = url
    this.#purpose = purpose
    this.#connection = connection
    this.#onOpened = onOpened
  }

  /** `onOpened`: looks at each connection before it is used. @throws as `Connection.open`. */
  static async open(url: string, purpose: Purpose, onOpened: OnOpened = async () => undefined): Promise<Session> {
    return new Session(url, purpose, await opened(url, purpose, onOpened), onOpened)
  }

  /** For people. */
  get url(): string {
    return this.#connection.address.shown
  }

  /** As it was given. */
  get place(): string {
    return this.#url
  }

  /** One that isn't lost, as far as is known. @throws as `Connection.open`, after `TRY_FOR_MS` where it is the network's or the server's fault. */
  async connection(): Promise<Connection> {
    if (!this.#connection.isLost || this.#is_closed) return this.#connection
    this.#opening ??= this.#again().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  /** One more, for what nothing else may be under way over; whoever asked closes it. */
  another(): Promise<Connection> {
    return opened(this.#url, this.#purpose, this.#onOpened)
  }

  async close(): Promise<void> {
    this.#is_closed = true
    await this.#connection.close()
  }

  async #again(): Promise<Connection> {
    this.#connection = await persistently(
      () => opened(this.#url, this.#purpose, this.#onOpened),
      TRY_FOR_MS,
      () => this.#is_closed,
    )
    if (this.#is_closed) await this.#connection.close()
    return this.#connection
  }
}

/** Tries again where it is the network's or the server's fault. */
export async function persistently<T>(
  open: () => Promise<T>,
  for_ms: number,
  isOver: () => boolean = () => false,
): Promise<T> {
  const until = performance.now() + for_ms
  for (let pause_ms = FIRST_PAUSE_MS; ; pause_ms = Math.min(2 * pause_ms, LONGEST_PAUSE_MS)) {
    try {
      return await open()
    } catch (error) {
      if (!isCut(error) || isOver() || performance.now() + pause_ms > until) throw error
      await sleep(pause_ms)
    }
  }
}

async function opened(url: string, purpose: Purpose, onOpened: OnOpened): Promise<Connection> {
  const connection = await Connection.open(url, purpose)
  try {
    await onOpened(connection)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}
