/** Where simulated sinks send their rows. It outlives processes, and notes rows that come otherwise than they should. */
import type { Row } from '../../src/model/row.ts'
import type { Keyed, Outgoing, Sent, SinkSpec } from '../../src/sdk/spec.ts'
import { PowerLoss } from '../support/power.ts'
import { COMMON, numberOf } from './common.ts'
import type { SinkModel } from './model.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** A request, however often it was made. */
interface Known {
  readonly keys: readonly string[]
  times: number
}

const rowOf = ({ outgoing }: Keyed<Outgoing>) => outgoing.request as Row

export class FarSide {
  readonly #world: World
  readonly #random: Random
  /** Sinks with the keys of rows that were taken. */
  readonly #taken = new Set<string>()
  readonly #requests = new Map<string, Known>()

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
  }

  spec(model: SinkModel): SinkSpec {
    return {
      ...COMMON,
      kind: 'sink',
      name: 'simulated',
      delivery: 'outbound',
      services: () => [model.name],
      idempotent: () => true,
      batch: () => model.batch ?? null,
      create: () => ({
        request: row => ({ kind: 'outgoing', service: model.name, request: row }),
        send: rows => this.#take(model, rows),
      }),
    }
  }

  /**
   * Takes each row once, as soon as it is sent, and answers later. Of several that come together it may not say so the first
   * time.
   */
  async #take(model: SinkModel, rows: readonly Keyed<Outgoing>[]): Promise<Sent> {
    const { power, clock, disk } = this.#world
    if (!power.on) throw new PowerLoss()
    const refused = model.rejects > 0 && rows.some(each => numberOf(rowOf(each)) % model.rejects === 0)
    for (const each of rows) {
      if (!this.#world.isAnnounced(each.key)) throw new Error('it is sent before it is on record that it will be')
      const id = `${model.name} ${each.key}`
      if (refused || this.#taken.has(id)) continue
      this.#taken.add(id)
      disk.set(model.name, [...(disk.get(model.name) ?? []), rowOf(each)])
    }
    const is_first = this.#madeBefore(model, rows) === 0
    const lost = is_first && !refused && model.batch !== undefined && this.#random.chance(0.3)
    await clock.sleep(this.#random.below(50_000))
    if (lost) return { kind: 'in_doubt', message: 'it broke' }
    if (refused) return { kind: 'rejected', code: 'SIM_REJECTED', message: 'refused', retryable: false }
    return { kind: 'accepted', response: null }
  }

  /** How often the request was made before. Each time it has the same rows. */
  #madeBefore({ name, batch }: SinkModel, rows: readonly Keyed<Outgoing>[]): number {
    const { problems } = this.#world.services
    const keys = rows.map(({ key }) => key)
    if (rows.length > (batch?.rows ?? 1)) problems.push(`${name}: ${rows.length} rows in a request`)
    const known = keys.map(key => this.#requests.get(`${name} ${key}`)).find(each => each !== undefined)
    if (known !== undefined && known.keys.join() !== keys.join())
      problems.push(`${name}: ${keys} were sent as ${known.keys} before`)
    const request = known ?? { keys, times: 0 }
    for (const key of keys) this.#requests.set(`${name} ${key}`, request)
    return request.times++
  }
}
