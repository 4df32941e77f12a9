/** A pipeline laid out in a folder of its own, processes that run it there, and what they leave. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { encodeSigningKeys } from '../../src/format/signing-key.ts'
import { trustedKeys } from '../../src/ledger/keys/known-ledgers.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { isCustodyError } from '../../src/model/error.ts'
import { listRuns } from '../../src/read/runs/list.ts'
import { closingOf } from '../../src/read/runs/run-log.ts'
import { ValuesOnRecord } from '../../src/read/runs/values-on-record.ts'
import { showRun } from '../../src/read/show/show.ts'
import { verifyFiles } from '../../src/read/verify/files.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { built, compiled } from '../support/built.ts'
import type { Order, Report } from './child.ts'
import { onHost } from './hosts.ts'
import { type CrashPipeline, layOut } from './pipelines.ts'

/** The environment of whoever signs here. */
export const SIGNING = { CUSTODY_KEY: encodeSigningKeys('test', new Uint8Array(32).fill(7)) }

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A process, and what it has written so far. */
export class Program {
  readonly process: ChildProcess
  readonly exit: Promise<Exit>
  #stdout = ''
  #stderr = ''

  constructor(words: readonly string[], cwd: string, env: { readonly [name: string]: string } = {}) {
    this.process = spawn(words[0] as string, words.slice(1), {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, ...SIGNING, NODE_COMPILE_CACHE: compiled(), ...env },
    })
    this.process.stdin?.on('error', () => undefined)
    this.process.stdout?.setEncoding('utf8').on('data', text => {
      this.#stdout += text
    })
    this.process.stderr?.setEncoding('utf8').on('data', text => {
      this.#stderr += text
    })
    this.exit = once(this.process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  /** What it has written so far, and how it ended, if it did. */
  get said(): string {
    const { exitCode, signalCode } = this.process
    const end = exitCode === null && signalCode === null ? 'it runs' : `it ended: ${signalCode ?? exitCode}`
    return [this.#stdout, this.#stderr, end].filter(text => text !== '').join('\n')
  }

  get is_over(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  /** Resolves as soon as it has written `text`. @throws if it ends before. */
  async printed(text: string): Promise<void> {
    let ended: Exit | null = null
    void this.exit.then(exit => {
      ended = exit
    })
    while (!`${this.#stdout}${this.#stderr}`.includes(text)) {
      if (ended !== null) throw new Error(`it ended and never said ${text}: ${JSON.stringify(ended)}`)
      await sleep(2)
    }
  }

  /** Resolves as soon as the process is suspended. @throws if it ends before. */
  async suspended(): Promise<void> {
    const stat = `/proc/${this.process.pid}/stat`
    while (existsSync(stat) && !/\) [Tt] /.test(readFileSync(stat, 'utf8'))) await sleep(2)
    if (!existsSync(stat)) throw new Error(`it ended: ${JSON.stringify(await this.exit)}`)
  }
}

/** The result of a run, without what differs from run to run. */
export interface Outcome {
  readonly status: string
  readonly rows: unknown
  readonly tokens: unknown
  readonly endings: unknown
  readonly sinks: unknown
  /** Of what a run with splits came to. */
  readonly digest?: string | null
}

/** Where the ledger of a place is. */
export interface LedgerPlace {
  readonly url: string
  /** How processes come to it, if not directly. */
  readonly way?: string | undefined
  /** Of the ledger key by which values are encrypted; absent: they aren't. */
  readonly key_file?: string | undefined
}

/** Says where, by the folder of the place. */
export type LedgerIn = (folder: string) => LedgerPlace

export const inSqlite: LedgerIn = folder => ({ url: `sqlite:${join(folder, 'custody.db')}` })

export class Place {
  readonly folder: string
  readonly ledger: LedgerPlace
  readonly #splits: number | undefined

  constructor(pipeline: CrashPipeline, ledgerIn: LedgerIn = inSqlite) {
    this.folder = mkdtempSync(join(tmpdir(), `custody-crash-${pipeline.name}-`))
    layOut(pipeline, this.folder)
    this.#splits = pipeline.splits
    this.ledger = ledgerIn(this.folder)
  }

  get url(): string {
    return this.ledger.url
  }

  /** A process of child.ts; `host`: on a machine of that name (hosts.ts). */
  begin(order: Omit<Order, 'folder' | 'url' | 'key_file'>, host?: string): Program {
    const { url, way = url, key_file } = this.ledger
    const whole: Order = { folder: this.folder, url: way, key_file, ...order }
    const words = [process.execPath, built('crash/child'), JSON.stringify(whole)]
    return new Program(host === undefined ? words : onHost(host, words), this.folder)
  }

  /** The command line itself, in this folder. */
  custody(...words: readonly string[]): Program {
    const { url, way = url } = this.ledger
    return new Program([process.execPath, built('crash/custody'), ...words], this.folder, { CUSTODY_LEDGER: way })
  }

  /** Whether the ledger knows a run: else there is nothing to resume, and it begins anew. */
  async hasRun(): Promise<boolean> {
    try {
      return await this.reading(async reader => (await reader.logs()).some(({ run }) => run !== null))
    } catch (error) {
      if (isCustodyError(error) && error.code === 'CUSTODY_LEDGER_NOT_FOUND') return false
      throw error
    }
  }

  async reading<T>(work: (reader: LedgerReader) => Promise<T>): Promise<T> {
    const reader = await openLedgerReader(this.url)
    try {
      return await work(reader)
    } finally {
      await reader.close()
    }
  }

  /** All that `verify` finds wrong; `files`: outputs are compared, too. */
  async problems(files: boolean): Promise<string[]> {
    return this.reading(async reader => {
      const result = await verifyLedger(reader, { keys: trustedKeys(null, SIGNING) })
      const found = result.runs.flatMap(({ checks }) =>
        checks.flatMap(({ name, problems }) => problems.map(each => `${name}: ${each}`)),
      )
      if (!files) return found
      const runs = result.runs.map(({ run }) => run)
      return [...found, ...[...(await verifyFiles(reader, runs)).values()].flatMap(({ problems }) => problems)]
    })
  }

  /** The outcome of the only run. @throws if there isn't exactly one. */
  async outcome(): Promise<Outcome> {
    return this.reading(async reader => {
      const [run, ...more] = (await listRuns(reader, () => false)).runs
      if (run === undefined || more.length > 0) throw new Error(`${more.length + 1} runs`)
      if (this.#splits !== undefined) return await outcomeOfSplits(reader, run.run)
      const { status, rows, tokens, endings, sinks } = await showRun(reader, run.run, () => false)
      const written = Object.entries(sinks).map(([name, sink]) => [name, sink.rows])
      return { status, rows, tokens, endings, sinks: written }
    })
  }

  /** Records that the latest run has durably read; 0 before its first entry. */
  async rowsRead(): Promise<number> {
    if (!(await this.hasRun())) return 0
    return this.reading(async reader => (await listRuns(reader, () => false)).runs[0]?.rows.read ?? 0)
  }

  /** By path: every file in `out/`, hidden ones too; of packed ones what was packed, since commits may divide that elsewhere. */
  outputs(): Map<string, string> {
    const out = join(this.folder, 'out')
    if (!existsSync(out)) return new Map()
    const paths = readdirSync(out, { recursive: true, encoding: 'utf8' }).sort()
    return new Map(
      paths.filter(path => statSync(join(out, path)).isFile()).map(path => [path, contentOf(join(out, path))] as const),
    )
  }

  /** Every byte that the ledger's tables hold, as text. */
  async records(): Promise<string> {
    return this.reading(async reader => {
      const all: unknown[] = [await reader.logs(), await reader.leases(), await reader.heads()]
      for (const { log } of await reader.logs()) {
        for await (const token of reader.openTokens(log)) all.push(token)
        for await (const { seq, body } of reader.entries(log)) all.push([seq, body])
      }
      return JSON.stringify(all)
    })
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What the coordinator's log says at its end. */
async function outcomeOfSplits(reader: LedgerReader, run: string): Promise<Outcome> {
  const log = (await reader.logOf(run)) ?? 0
  const { last, last_seq, totals, publish } = await closingOf(reader, log)
  const { rows, tokens, endings } = totals
  const sinks = (publish?.entry.artifacts ?? []).map(({ sink, rows, bytes }) => [sink, rows, bytes])
  const digest = last?.k === 'seal' ? await new ValuesOnRecord(reader, log).get(last_seq, last, 'digest') : null
  return { status: last?.k === 'seal' ? last.status : 'open', rows, tokens, endings, sinks, digest }
}

/** The Report of a process that finished. */
export function reportOf({ stdout, stderr, code, signal }: Exit): Report {
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  const value: unknown = last.startsWith('{"status"') ? JSON.parse(last) : null
  if (value === null) throw new Error(`no report, exit ${code ?? signal}: ${stdout}${stderr}`)
  return value as Report
}

function contentOf(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}
