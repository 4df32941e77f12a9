/**
 * Random runs that several machines work on, with random faults of machines, of the network and of the database: outputs are byte for byte those of one
 * process. `npm run scale` does 300 of them, `CUSTODY_SCALE=1 CUSTODY_SEED=4711 npm run scale` the one with this seed.
 */
// @module-tag proof
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'vitest'
import { STRIKES } from '../postgres/strikes.ts'
import { Random } from '../simulation/random.ts'
import { hostsServer } from '../support/hosts-server.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import { randomHostsPipeline } from '../support/random-hosts-pipeline.ts'
import type { Program } from './place.ts'

/** None but by that command: what is random about them is also when things happen. */
const RUNS = Number(process.env.CUSTODY_SCALE ?? 0)
const FIRST = Number(process.env.CUSTODY_SEED ?? Math.floor(Date.now() / 1000))
const server = await hostsServer(RUNS > 0)

const FAULTS = [
  'kill_worker',
  'suspend_worker',
  'stop_worker',
  'kill_coordinator',
  'suspend_coordinator',
  'stop_coordinator',
  'silence',
  'cut',
  'restart',
] as const

/** One run, and what happens to it. */
class Scenario {
  readonly #stage: HostsStage
  readonly #random: Random
  readonly #workers: Program[] = []
  #coordinator: Program
  #hosts = 0

  constructor(stage: HostsStage, random: Random) {
    this.#stage = stage
    this.#random = random
    this.#coordinator = stage.coordinate(this.#way())
  }

  async play(): Promise<void> {
    await this.#stage.works('coordinator')
    for (let i = this.#random.between(2, 4); i > 0; i--) this.#more()
    for (let i = this.#random.between(1, 3); i > 0; i--) {
      await sleep(this.#random.below(2_500))
      await this.#strike(this.#random.pick(FAULTS))
    }
    // Somebody is there who can do it.
    this.#more()
    await this.#toItsEnd()
    await this.#stage.isAsUndisturbed(this.#coordinator)
  }

  /** Some come to the database by a network that fails. */
  #way(): { readonly [name: string]: string } {
    return this.#random.chance(0.5) ? { CUSTODY_LEDGER: server.network.url(this.#stage.url) } : {}
  }

  #more(): void {
    const threads = ['--threads', `${this.#random.between(1, 3)}`]
    this.#workers.push(this.#stage.worker(`host-${++this.#hosts}`, threads, this.#way()))
  }

  async #strike(fault: (typeof FAULTS)[number]): Promise<void> {
    const worker = this.#random.pick(this.#workers)
    const past_lease_ms = this.#random.between(100, 2_500)
    switch (fault) {
      case 'kill_worker':
      case 'stop_worker':
        worker.process.kill(fault === 'kill_worker' ? 'SIGKILL' : 'SIGINT')
        return this.#more()
      case 'kill_coordinator':
      case 'stop_coordinator':
        this.#coordinator.process.kill(fault === 'kill_coordinator' ? 'SIGKILL' : 'SIGINT')
        await this.#coordinator.exit
        return this.#resume()
      case 'suspend_worker':
      case 'suspend_coordinator': {
        const { process } = fault === 'suspend_worker' ? worker : this.#coordinator
        process.kill('SIGSTOP')
        await sleep(past_lease_ms)
        return void process.kill('SIGCONT')
      }
      case 'silence':
        server.network.hush()
        await sleep(past_lease_ms)
        return server.network.heal()
      case 'cut':
        return server.network.cut()
      case 'restart':
        return STRIKES.restart(server.cluster)
    }
  }

  #resume(): void {
    const words = ['resume', 'latest', '--json', ...(this.#random.chance(0.8) ? ['--distributed'] : [])]
    this.#coordinator = this.#stage.begin(`host-${++this.#hosts}`, words, this.#way())
  }

  /** Whoever coordinates it may have lost the run, or found it held. */
  async #toItsEnd(): Promise<void> {
    for (let attempt = 1; attempt <= 5; attempt++) {
      if ((await this.#coordinator.exit).code === 0) return
      await sleep(500)
      this.#resume()
    }
  }
}

describe.skipIf(server.why !== '')(`random runs with workers on several machines${server.why}`, () => {
  test.each(Array.from({ length: Math.max(1, RUNS) }, (_, i) => FIRST + i))('seed %i', async seed => {
    const random = new Random(seed)
    const stage = new HostsStage(server.cluster.url(), randomHostsPipeline(random))
    try {
      await new Scenario(stage, random).play()
    } catch (cause) {
      throw new Error(`repeat with: CUSTODY_SCALE=1 CUSTODY_SEED=${seed} npm run scale`, { cause })
    } finally {
      server.network.heal()
      await stage.close()
    }
  })
})
