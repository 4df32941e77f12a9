/**
 * One random run that several machines work on, and what happens to them. What is random follows from a seed, but not when things happen.
 *
 * RANDOM-HOSTS-RUN-1. Every wait is for a condition, and ends with what all processes have printed when that can't come to be any more, or when
 *     the whole has taken too long.
 * RANDOM-HOSTS-RUN-2. When all faults are over there is a machine that has none, so that the run can come to its end.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { StoredLease } from '../../src/ledger/read-port.ts'
import type { Program } from '../crash/place.ts'
import { STRIKES } from '../postgres/strikes.ts'
import type { Random } from '../simulation/random.ts'
import { ANSWER_USD, type FarSide, MOST_USD } from './far-side.ts'
import { type Account, accountOf, callsOnRecord, type Disturbance } from './far-side-account.ts'
import { clockOff, heldBy, reading } from './hosts-at-work.ts'
import type { HostsServer } from './hosts-server.ts'
import { HostsStage, undisturbed } from './hosts-stage.ts'
import { isReplayed, isWhole } from './racing-run.ts'
import type { RandomPipeline } from './random-hosts-pipeline.ts'

/** All that one run takes, on a machine that has much else to do: whoever takes it up when its limits are by the minute waits for one. */
const AT_MOST_MS = 480_000
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
/** What leaves calls of which nobody knows: of workers, or of the coordinator, where it asks by itself. */
const LOSSES = ['kill_worker', 'suspend_worker', 'silence'] as const
const LOSSES_ALONE = ['kill_coordinator', 'suspend_coordinator', 'replace_coordinator'] as const

/** A machine that works, and the process that does. */
interface Machine {
  readonly name: string
  readonly program: Program
}

export interface Played {
  /** What happened to it, for people. */
  readonly happened: readonly string[]
  /** Null: its nodes ask nobody. */
  readonly account: Account | null
}

export interface RandomRunParts {
  readonly server: HostsServer
  readonly far_side: FarSide
  readonly pipeline: RandomPipeline
  readonly random: Random
}

/** @throws Error with what was awaited or is wrong, and what all processes have printed */
export async function playRandomRun(parts: RandomRunParts): Promise<Played> {
  const { server, far_side, pipeline } = parts
  await undisturbed(pipeline)
  far_side.forget()
  const stage = new HostsStage(server.cluster.url(), pipeline)
  const run = new RandomHostsRun(stage, parts)
  try {
    return { happened: run.happened, account: await run.play() }
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
  readonly #far_side: FarSide
  readonly #pipeline: RandomPipeline
  readonly #workers: Machine[] = []
  readonly #disturbances: Disturbance[] = []
  /** Machines whose way to the database is the network. */
  readonly #far = new Set<string>()
  readonly #until_ms = performance.now() + AT_MOST_MS
  #coordinator: Machine
  #hosts = 0
  /** What the run may spend; null: as much as it likes. */
  #budget_usd: number | null

  constructor(stage: HostsStage, { server, random, far_side, pipeline }: RandomRunParts) {
    this.#stage = stage
    this.#server = server
    this.#random = random
    this.#far_side = far_side
    this.#pipeline = pipeline
    this.#budget_usd = pipeline.spend_usd
    this.#coordinator = this.#begin(['run', 'p.yaml', '--distributed', '--json', ...this.#budget])
  }

  async play(): Promise<Account | null> {
    await this.#begun()
    for (let i = this.#random.between(2, 4); i > 0; i--) this.#more()
    // Most that happens before somebody works on a split happens to a run that can't be disturbed much.
    if (this.#random.chance(0.8)) await this.#worked()
    for (let i = this.#random.between(1, 3); i > 0; i--) {
      // What is asked is soon answered.
      await sleep(this.#random.below(this.#pipeline.asks === null ? 2_500 : 600))
      const loses = this.#pipeline.asks !== null && this.#random.chance(0.5)
      await this.#strike(this.#random.pick(!loses ? FAULTS : this.#asksAlone ? LOSSES_ALONE : LOSSES))
    }
    this.#healed()
    this.#workers.push(this.#begin(['worker'], {}))
    await this.#sealed()
    await this.#stopped()
    return await this.#held()
  }

  /** Some come to the database by a network that fails, and some have a clock that is wrong. */
  #machine(): Env {
    const { network } = this.#server
    const far = this.#random.chance(0.5) ? { CUSTODY_LEDGER: network.url(this.#stage.url) } : {}
    return { ...far, ...(this.#random.chance(0.2) ? clockOff(this.#random.pick([HOUR_MS, -HOUR_MS])) : {}) }
  }

  /** A process on a machine of its own. */
  #begin(words: readonly string[], env = this.#machine()): Machine {
    const name = `host-${++this.#hosts}`
    if (env.CUSTODY_LEDGER !== undefined) this.#far.add(name)
    return { name, program: this.#stage.begin(name, words, env) }
  }

  #more(): void {
    this.#workers.push(this.#begin(['worker', '--threads', `${this.#random.between(1, 3)}`]))
  }

  get #budget(): readonly string[] {
    return this.#budget_usd === null ? [] : ['--set', `limits.spend.usd=${this.#budget_usd}`]
  }

  /** Something happens to these machines, null: to all, until what is given back is called. */
  #disturb(machines: Iterable<string | null>, how: Disturbance['how'] = 'other'): () => void {
    const from_ms = performance.now()
    const all = Array.from(machines, who => ({ who, from_ms, to_ms: Number.POSITIVE_INFINITY, how }))
    this.#disturbances.push(...all)
    return () => {
      for (const each of all) each.to_ms = performance.now()
    }
  }

  #healed(): void {
    this.#server.network.heal()
    for (const each of this.#disturbances) each.to_ms = Math.min(each.to_ms, performance.now())
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
    const { pid = 0 } = this.#coordinator.program.process
    return this.#until('the run was begun', async () => {
      if (heldBy(await this.#leases(), { pid }).length > 0) return true
      if (this.#coordinator.program.is_over) throw new Error('its coordinator ended before it had begun')
      return false
    })
  }

  #worked(): Promise<void> {
    const { asks, records } = this.#pipeline
    const asked = asks === null ? 0 : this.#random.between(1, Math.ceil(records / 2))
    return this.#until('somebody worked on a split', async () => {
      if (this.#far_side.heard.length < asked) return this.#coordinator.program.is_over
      const held = (await this.#leases()).filter(({ holder }) => holder !== '')
      return this.#coordinator.program.is_over || held.length > 1
    })
  }

  async #strike(fault: Fault): Promise<void> {
    this.happened.push(this.#coordinator.program.is_over ? `${fault} (when the run was over)` : fault)
    switch (fault) {
      case 'kill_worker':
      case 'stop_worker':
        this.#end(await this.#worker(), fault === 'kill_worker')
        return this.#more()
      case 'kill_coordinator':
      case 'stop_coordinator':
        this.#end(this.#coordinator, fault === 'kill_coordinator')
        return this.#resumed()
      case 'replace_coordinator':
        return this.#replaced()
      case 'suspend_worker':
        return this.#suspended(await this.#worker())
      case 'suspend_coordinator':
        return this.#suspended(this.#coordinator)
      case 'silence':
      case 'deafness':
      case 'muteness':
      case 'slowness':
      case 'cut':
      case 'cut_within':
        return this.#cutOff(fault)
      case 'restart':
      case 'crash':
      case 'end_backends':
      case 'kill_backend': {
        const over = this.#disturb([null])
        await STRIKES[fault](this.#server.cluster, this.#random)
        return over()
      }
    }
  }

  /** A sink that sends has the coordinator work alone. */
  get #asksAlone(): boolean {
    return this.#pipeline.asks?.desk !== undefined
  }

  /** Where workers ask services, one that waits for an answer, until the run is over; else any. */
  async #worker(): Promise<Machine> {
    let asking: readonly Machine[] = []
    if (this.#pipeline.asks !== null && !this.#asksAlone)
      await this.#until('a worker asked', () => {
        const open = this.#far_side.heard.filter(({ ended_ms }) => ended_ms === Number.POSITIVE_INFINITY)
        asking = this.#workers.filter(({ name }) => open.some(({ who }) => who === name))
        return asking.length > 0 || this.#coordinator.program.is_over
      })
    return this.#random.pick(asking.length === 0 ? this.#workers : asking)
  }

  /** Whoever is killed has something happen to him; whoever is stopped ends well. */
  #end({ name, program }: Machine, is_killed: boolean): void {
    if (is_killed) this.#disturb([name])()
    program.process.kill(is_killed ? 'SIGKILL' : 'SIGINT')
  }

  async #suspended({ name, program }: Machine): Promise<void> {
    const over = this.#disturb([name], 'asleep')
    program.process.kill('SIGSTOP')
    await sleep(this.#random.between(100, 2_500))
    program.process.kill('SIGCONT')
    over()
  }

  async #cutOff(fault: 'silence' | 'deafness' | 'muteness' | 'slowness' | 'cut' | 'cut_within'): Promise<void> {
    const { network } = this.#server
    const is_silent = fault === 'silence' || fault === 'deafness' || fault === 'muteness'
    const over = this.#disturb(this.#far, is_silent ? 'cut_off' : 'other')
    switch (fault) {
      case 'cut':
        network.cut()
        return over()
      case 'cut_within':
        // Whenever so many bytes have passed.
        return network.after(this.#random.pick(['to_client', 'to_server']), this.#random.below(100_000), 'cut')
      case 'slowness':
        network.slow(this.#random.between(20, 200))
        break
      default:
        network.hush(fault === 'silence' ? undefined : [fault === 'deafness' ? 'to_client' : 'to_server'])
    }
    await sleep(this.#random.between(100, 2_500))
    this.#healed()
  }

  /** Its coordinator is stopped, or is gone: somebody else takes the run up. */
  async #resumed(): Promise<void> {
    await this.#until('the coordinator ended', () => this.#coordinator.program.is_over)
    this.#resume()
  }

  /** Its coordinator sleeps until somebody else has the run. */
  async #replaced(): Promise<void> {
    const { program: former, name } = this.#coordinator
    const over = this.#disturb([name], 'asleep')
    former.process.kill('SIGSTOP')
    const is_over = await this.#runsOut()
    if (!is_over) this.#resume()
    const { pid = 0 } = this.#coordinator.program.process
    if (!is_over)
      await this.#until('another process had the run, or found why it can’t', async () => {
        return this.#coordinator.program.is_over || heldBy(await this.#leases(), { pid }).length > 0
      })
    former.process.kill('SIGCONT')
    over()
    await this.#until('the former coordinator ended', () => is_over || former.is_over)
  }

  /** Waits until the coordinator's lease has run out. @returns whether the run is sealed instead */
  async #runsOut(): Promise<boolean> {
    const { pid = 0 } = this.#coordinator.program.process
    let sealed = false
    await this.#until('the lease of a process that is suspended had run out', async () => {
      const leases = await reading(this.#stage, reader => reader.leases()).catch(() => null)
      sealed = leases?.length === 0
      return leases !== null && heldBy(leases, { pid }).every(each => each.expires_us < Date.now() * 1000)
    })
    return sealed
  }

  #resume(): void {
    const distributed = this.#random.chance(0.8) ? ['--distributed'] : []
    this.#coordinator = this.#begin(['resume', 'latest', '--json', ...distributed, ...this.#budget])
  }

  /** Whoever coordinates it may have lost the run, found it held, or lost the database; or all is spent that may be. */
  async #sealed(): Promise<void> {
    for (;;) {
      await this.#until('the run was sealed', () => this.#coordinator.program.is_over)
      const { code, stdout } = await this.#coordinator.program.exit
      if (code === 0) return
      // One that Ctrl-C has stopped ends with 130.
      if (this.#budget_usd !== null && code === 1 && stdout.includes('"status":"cancelled"')) {
        this.happened.push('budget')
        expect(await this.#spent_usd()).toBeLessThanOrEqual(this.#budget_usd)
        this.#budget_usd += this.#random.between(MOST_USD * 5, MOST_USD * 20)
      }
      await sleep(500)
      this.#resume()
    }
  }

  async #spent_usd(): Promise<number> {
    return JSON.parse(await this.#stage.done('other', ['show', 'latest', '--json'])).calls.cost_usd
  }

  /** All others end well, and nothing that shouldn't happen has happened to any. */
  async #stopped(): Promise<void> {
    for (const { program } of this.#workers) program.process.kill('SIGINT')
    await this.#until('all workers had ended', () => this.#workers.every(({ program }) => program.is_over))
    const wrong =
      /CUSTODY_(?:ENGINE_DEFECT|INTERNAL|LEDGER_ALTERED|LEDGER_CUT|OUTPUT_CHANGED|VERIFY_FAILED)|Uncaught|Unhandled/
    const found = wrong.exec(this.#stage.said)
    if (found !== null) throw new Error(`a process said ${found[0]}`)
  }

  /** A machine that has too much else to do to renew a lease of a second in its time has lost it, as one that is suspended. */
  #starved(): void {
    for (const who of this.#stage.whoSaid(/CUSTODY_RUN_LOST/)) {
      const is_known = this.#disturbances.some(each => each.who === who && each.how === 'asleep')
      if (!is_known) this.happened.push(`${who} lost its lease`)
      this.#disturbances.push({ who, from_ms: 0, to_ms: Number.POSITIVE_INFINITY, how: 'other' })
    }
  }

  /** What the run came to is what it should be, and so is what was asked for it. */
  async #held(): Promise<Account | null> {
    const { asks, races, records } = this.#pipeline
    if (!races) await this.#stage.isAsUndisturbed(this.#coordinator.program)
    await isWhole(this.#stage, records)
    if (asks === null) return null
    await this.#far_side.idle()
    this.#starved()
    const { heard } = this.#far_side
    const account = accountOf(heard, await reading(this.#stage, callsOnRecord), asks, this.#disturbances)
    expect(account.problems).toEqual([])
    if (this.#budget_usd !== null) {
      const paid = heard.filter(each => each.service === 'model' && each.met === 'answer').length * ANSWER_USD
      const unknown = (account.under_way + account.not_durable) * ANSWER_USD
      expect(await this.#spent_usd()).toBeLessThanOrEqual(this.#budget_usd)
      expect(paid).toBeLessThanOrEqual(this.#budget_usd + unknown)
    }
    if (races) await isReplayed(this.#stage)
    expect(this.#far_side.heard.length).toBe(account.requests)
    return account
  }
}
