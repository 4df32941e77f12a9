/**
 * One random run that several machines work on, and what happens to them. What is random follows from a seed, but not when things happen.
 *
 * RANDOM-HOSTS-RUN-1. Every wait is for a condition, and ends with what all processes have printed when that can't come to be any more, or when
 *     the whole has taken too long.
 * RANDOM-HOSTS-RUN-2. When all faults are over there is a machine that has none, so that the run can come to its end.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoredLease } from '../../src/ledger/read-port.ts'
import type { Program } from '../crash/place.ts'
import { STRIKES } from '../postgres/strikes.ts'
import type { Random } from '../simulation/random.ts'
import { clockOff, heldBy, reading } from './hosts-at-work.ts'
import type { HostsServer } from './hosts-server.ts'
import { HostsStage, undisturbed } from './hosts-stage.ts'
import type { HostsPipeline } from './waiting-pipeline.ts'

/** All that one run takes, on a machine that has much else to do. */
const AT_MOST_MS = 240_000
const LOOK_EVERY_MS = 50
const HOUR_MS = 3_600_000

type Env = { readonly [name: string]: string }

const FAULTS = [
  ...['kill_worker', 'suspend_worker', 'stop_worker'],
  ...['kill_coordinator', 'suspend_coordinator', 'stop_coordinator', 'replace_coordinator'],
  ...['silence', 'deafness', 'muteness', 'slowness', 'cut', 'cut_within'],
  ...['restart', 'crash', 'end_backends', 'kill_backend'],
] as const
type Fault = (typeof FAULTS)[number]

/** @throws Error with what was awaited or is wrong, and what all processes have printed */
export async function playRandomRun(server: HostsServer, pipeline: HostsPipeline, random: Random): Promise<void> {
  await undisturbed(pipeline)
  const stage = new HostsStage(server.cluster.url(), pipeline)
  const run = new RandomHostsRun(stage, server, random)
  try {
    await run.play()
  } catch (cause) {
    throw new Error(`${String(cause)}\n\n${run.happened.join(', ')}\n\n${stage.said}`, { cause })
  } finally {
    server.network.heal()
    await stage.close()
  }
}

class RandomHostsRun {
  /** For people. */
  readonly happened: string[] = []
  readonly #stage: HostsStage
  readonly #server: HostsServer
  readonly #random: Random
  readonly #workers: Program[] = []
  readonly #until_ms = performance.now() + AT_MOST_MS
  #coordinator: Program
  #hosts = 0

  constructor(stage: HostsStage, server: HostsServer, random: Random) {
    this.#stage = stage
    this.#server = server
    this.#random = random
    this.#coordinator = stage.coordinate(this.#machine())
  }

  async play(): Promise<void> {
    await this.#begun()
    for (let i = this.#random.between(2, 4); i > 0; i--) this.#more(this.#machine())
    // Most that happens before somebody works on a split happens to a run that can't be disturbed much.
    if (this.#random.chance(0.8)) await this.#worked()
    for (let i = this.#random.between(1, 3); i > 0; i--) {
      await sleep(this.#random.below(2_500))
      await this.#strike(this.#random.pick(FAULTS))
    }
    this.#server.network.heal()
    this.#more({})
    await this.#sealed()
    await this.#stopped()
    await this.#stage.isAsUndisturbed(this.#coordinator)
  }

  /** Some come to the database by a network that fails, and some have a clock that is wrong. */
  #machine(): Env {
    const { network } = this.#server
    const far = this.#random.chance(0.5) ? { CUSTODY_LEDGER: network.url(this.#stage.url) } : {}
    return { ...far, ...(this.#random.chance(0.2) ? clockOff(this.#random.pick([HOUR_MS, -HOUR_MS])) : {}) }
  }

  #more(env: Env): void {
    const threads = ['--threads', `${this.#random.between(1, 3)}`]
    this.#workers.push(this.#stage.worker(`host-${++this.#hosts}`, threads, env))
  }

  /** Waits until `is` holds. @throws if the time is over */
  async #until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await is())) {
      if (performance.now() > this.#until_ms) throw new Error(`it took too long until ${what}`)
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** Of the newest run; none while the database can't be asked. */
  #leases(): Promise<readonly StoredLease[]> {
    return reading(this.#stage, reader => reader.leases()).catch(() => [])
  }

  #begun(): Promise<void> {
    const { pid = 0 } = this.#coordinator.process
    return this.#until('the run was begun', async () => {
      if (heldBy(await this.#leases(), { pid }).length > 0) return true
      if (this.#coordinator.is_over) throw new Error('its coordinator ended before it had begun')
      return false
    })
  }

  #worked(): Promise<void> {
    return this.#until('somebody worked on a split', async () => {
      const held = (await this.#leases()).filter(({ holder }) => holder !== '')
      return this.#coordinator.is_over || held.length > 1
    })
  }

  async #strike(fault: Fault): Promise<void> {
    this.happened.push(this.#coordinator.is_over ? `${fault} (when the run was over)` : fault)
    const { network, cluster } = this.#server
    const worker = this.#random.pick(this.#workers)
    const past_lease_ms = this.#random.between(100, 2_500)
    switch (fault) {
      case 'kill_worker':
      case 'stop_worker':
        worker.process.kill(fault === 'kill_worker' ? 'SIGKILL' : 'SIGINT')
        return this.#more(this.#machine())
      case 'kill_coordinator':
      case 'stop_coordinator':
        this.#coordinator.process.kill(fault === 'kill_coordinator' ? 'SIGKILL' : 'SIGINT')
        return this.#resumed()
      case 'replace_coordinator':
        return this.#replaced()
      case 'suspend_worker':
      case 'suspend_coordinator': {
        const { process } = fault === 'suspend_worker' ? worker : this.#coordinator
        process.kill('SIGSTOP')
        await sleep(past_lease_ms)
        return void process.kill('SIGCONT')
      }
      case 'silence':
      case 'deafness':
      case 'muteness':
        network.hush(fault === 'silence' ? undefined : [fault === 'deafness' ? 'to_client' : 'to_server'])
        await sleep(past_lease_ms)
        return network.heal()
      case 'slowness':
        network.slow(this.#random.between(20, 200))
        await sleep(past_lease_ms)
        return network.heal()
      case 'cut':
        return network.cut()
      case 'cut_within':
        return network.after(this.#random.pick(['to_client', 'to_server']), this.#random.below(100_000), 'cut')
      case 'kill_backend':
        return STRIKES.kill_backend(cluster, this.#random)
      case 'restart':
      case 'crash':
      case 'end_backends':
        await STRIKES[fault](cluster)
    }
  }

  /** Its coordinator is stopped, or is gone: somebody else takes the run up. */
  async #resumed(): Promise<void> {
    await this.#until('the coordinator ended', () => this.#coordinator.is_over)
    this.#resume()
  }

  /** Its coordinator sleeps until somebody else has the run. */
  async #replaced(): Promise<void> {
    const former = this.#coordinator
    former.process.kill('SIGSTOP')
    const is_over = await this.#runsOut()
    if (!is_over) this.#resume()
    const { pid = 0 } = this.#coordinator.process
    if (!is_over)
      await this.#until('another process had the run, or found why it can’t', async () => {
        return this.#coordinator.is_over || heldBy(await this.#leases(), { pid }).length > 0
      })
    former.process.kill('SIGCONT')
    await this.#until('the former coordinator ended', () => is_over || former.is_over)
  }

  /** Waits until the coordinator's lease has run out. @returns whether the run is sealed instead */
  async #runsOut(): Promise<boolean> {
    const { pid = 0 } = this.#coordinator.process
    let sealed = false
    await this.#until('the lease of a process that is suspended had run out', async () => {
      const leases = await reading(this.#stage, reader => reader.leases()).catch(() => null)
      sealed = leases?.length === 0
      return leases !== null && heldBy(leases, { pid }).every(each => each.expires_us < Date.now() * 1000)
    })
    return sealed
  }

  #resume(): void {
    const words = ['resume', 'latest', '--json', ...(this.#random.chance(0.8) ? ['--distributed'] : [])]
    this.#coordinator = this.#stage.begin(`host-${++this.#hosts}`, words, this.#machine())
  }

  /** Whoever coordinates it may have lost the run, found it held, or lost the database. */
  async #sealed(): Promise<void> {
    for (;;) {
      await this.#until('the run was sealed', () => this.#coordinator.is_over)
      if ((await this.#coordinator.exit).code === 0) return
      await sleep(500)
      this.#resume()
    }
  }

  /** All others end well, and nothing that shouldn't happen has happened to any. */
  async #stopped(): Promise<void> {
    for (const { process } of this.#workers) process.kill('SIGINT')
    await this.#until('all workers had ended', () => this.#workers.every(({ is_over }) => is_over))
    const wrong =
      /CUSTODY_(?:ENGINE_DEFECT|INTERNAL|LEDGER_ALTERED|LEDGER_CUT|OUTPUT_CHANGED|VERIFY_FAILED)|Uncaught|Unhandled/
    const found = wrong.exec(this.#stage.said)
    if (found !== null) throw new Error(`a process said ${found[0]}`)
  }
}
