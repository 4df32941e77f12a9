/** A folder that several machines see, a pipeline in it, and processes of these machines that work on runs of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { trustedKeys } from '../../src/ledger/keys/known-ledgers.ts'
import type { StoredLease } from '../../src/ledger/read-port.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { type Program, SIGNING } from '../crash/place.ts'
import { type AtWork, heldBy, onMachine, reading, untilLeases } from './hosts-at-work.ts'
import { ROOT } from './source-file.ts'
import { type HostsPipeline, WAITING_PIPELINE } from './waiting-pipeline.ts'

type Env = { readonly [name: string]: string }

let ledgers = 0

export class HostsStage implements AtWork {
  readonly folder: string
  readonly url: string
  readonly pipeline: HostsPipeline
  readonly #programs: Array<{ readonly host: string; readonly words: readonly string[]; readonly program: Program }> =
    []

  /** `server`: URL of a database; the stage has a ledger of its own in it. */
  constructor(server: string, pipeline: HostsPipeline = WAITING_PIPELINE) {
    this.folder = mkdtempSync(join(tmpdir(), 'custody-hosts-'))
    this.url = `${server}?schema=hosts_${process.pid}_${++ledgers}`
    this.pipeline = pipeline
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'))
    for (const [path, text] of Object.entries({ 'p.yaml': pipeline.yaml, ...pipeline.files })) this.put(path, text)
  }

  put(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text)
  }

  /** Rows that wait do so no longer. */
  go(): void {
    this.put('go', '')
  }

  /** Until then they wait again. */
  stay(): void {
    rmSync(join(this.folder, 'go'))
  }

  begin(host: string, words: readonly string[], env: Env = {}): Program {
    const program = onMachine(this, host, words, env)
    this.#programs.push({ host, words, program })
    return program
  }

  coordinate(env: Env = {}, ...words: readonly string[]): Program {
    return this.begin('coordinator', ['run', 'p.yaml', '--distributed', '--json', ...words], env)
  }

  worker(host: string, words: readonly string[] = [], env: Env = {}): Program {
    return this.begin(host, ['worker', ...words], env)
  }

  /** Runs a command to its end. @throws if it ends with another code */
  async done(host: string, words: readonly string[], code = 0, env: Env = {}): Promise<string> {
    const exit = await this.begin(host, words, env).exit
    expect(exit.code, `${words.join(' ')}: ${exit.stderr}`).toBe(code)
    return exit.stdout
  }

  /** Waits until a machine has so many leases. */
  works(host: string, splits = 1): Promise<readonly StoredLease[]> {
    return this.until(leases => heldBy(leases, { host }).length >= splits)
  }

  until(is: (leases: readonly StoredLease[]) => boolean): Promise<readonly StoredLease[]> {
    return untilLeases(this, leases => (is(leases) ? leases : null))
  }

  /** By name. */
  outputs(): { readonly [name: string]: string } {
    const out = join(this.folder, 'out')
    return Object.fromEntries(readdirSync(out).map(name => [name, readFileSync(join(out, name), 'utf8')]))
  }

  /** What is wrong with the ledger. `signing`: of whom the reader trusts. */
  problems(signing: Env = SIGNING): Promise<readonly string[]> {
    return reading(this, async reader => {
      const { runs } = await verifyLedger(reader, { keys: trustedKeys(null, signing) })
      return runs.flatMap(({ checks }) => checks.flatMap(each => each.problems))
    })
  }

  /** That a process ends well, and that its run is what it is without splits. */
  async isAsUndisturbed(coordinator: Program): Promise<void> {
    const { code, stdout, stderr } = await coordinator.exit
    expect(code, stderr).toBe(0)
    const { outputs, digest } = await undisturbed(this.pipeline)
    expect(this.outputs()).toEqual(outputs)
    if (stdout.startsWith('{')) expect(JSON.parse(stdout).result_digest).toBe(digest)
    expect(await this.problems()).toEqual([])
    expect(readdirSync(join(this.folder, 'pieces'))).toEqual([])
  }

  /** What all processes have written so far, in the order in which they were begun. */
  get said(): string {
    return this.#programs.map(({ host, words, program }) => `${host}: ${words.join(' ')}\n${program.said}\n`).join('\n')
  }

  /** Machines of which a process has said that. */
  whoSaid(what: RegExp): ReadonlySet<string> {
    return new Set(this.#programs.filter(({ program }) => what.test(program.said)).map(({ host }) => host))
  }

  async close(): Promise<void> {
    for (const { program } of this.#programs) program.process.kill('SIGKILL')
    await Promise.all(this.#programs.map(({ program }) => program.exit))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

interface Undisturbed {
  readonly outputs: ReturnType<HostsStage['outputs']>
  /** Of the run in splits. */
  readonly digest: string
}

const known = new Map<HostsPipeline, Promise<Undisturbed>>()

/** What a run of it leaves in one process: without splits, unless it is to have some. */
export function undisturbed(pipeline: HostsPipeline): Promise<Undisturbed> {
  const found = known.get(pipeline) ?? alone(pipeline)
  known.set(pipeline, found)
  return found
}

async function alone(pipeline: HostsPipeline): Promise<Undisturbed> {
  const stage = new HostsStage('none', pipeline)
  const run = (...words: readonly string[]) =>
    stage.done('solo', ['run', 'p.yaml', '--json', ...words], 0, {
      CUSTODY_LEDGER: `sqlite:${join(stage.folder, 'custody.db')}`,
    })
  try {
    stage.go()
    const digest: string = JSON.parse(await run('--workers', '1')).result_digest
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    if (pipeline.in_splits === true) return { outputs: stage.outputs(), digest }
    rmSync(join(stage.folder, 'out'), { recursive: true })
    stage.put('p.yaml', pipeline.yaml.replace(/^splits: .*\n/, ''))
    await run()
    return { outputs: stage.outputs(), digest }
  } finally {
    await stage.close()
  }
}
