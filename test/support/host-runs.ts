/** Runs of `p.yaml` in a folder of their own, begun, stopped and resumed as hosts do; for tests that compare what runs leave. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../src/engine/ports/ports.ts'
import type { Progress } from '../../src/engine/run/start.ts'
import { compilePipeline } from '../../src/host/compile.ts'
import type { HostPorts } from '../../src/host/ports.ts'
import type { RerunObserver } from '../../src/host/rerun.ts'
import { type ResumeObserver, resumeStopped } from '../../src/host/resume.ts'
import { type StartRequest, startRun } from '../../src/host/start.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'

const nothing = () => undefined
export const NOBODY: RerunObserver & ResumeObserver = {
  ...{ onChecking: nothing, onChecked: nothing, onWarnings: nothing, onOpen: nothing, onStart: nothing },
  ...{ onProgress: nothing, onService: nothing, onClosing: nothing, onTrouble: nothing, onLate: nothing },
  ...{ onRestored: nothing, onNotice: nothing, onChosen: nothing },
}

const RESUMPTION = { sets: [], from_ledger_only: false, abandon: false, strict: false }

export class HostRuns {
  readonly folder = mkdtempSync(join(tmpdir(), 'custody-host-'))
  readonly url = `sqlite:${join(this.folder, 'custody.db')}`

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.folder, name)), { recursive: true })
    writeFileSync(join(this.folder, name), content)
  }

  remove(name: string): void {
    rmSync(join(this.folder, name), { recursive: true, force: true })
  }

  #ports(signal: AbortSignal): HostPorts {
    const env = { XDG_CONFIG_HOME: join(this.folder, 'config'), XDG_CACHE_HOME: join(this.folder, 'cache') }
    return { cwd: this.folder, env, custody: '0', clock: systemClock(), signal }
  }

  /** `stop_at`: it is stopped when so many rows have been read, or records dealt. */
  async start(
    how: Partial<StartRequest> = {},
    stop_at = Number.POSITIVE_INFINITY,
    tell: (progress: Progress) => void = nothing,
  ) {
    const stop = new AbortController()
    const ports = this.#ports(stop.signal)
    const plan = await compilePipeline(ports.env, join(this.folder, 'p.yaml'), [], nothing)
    const whole = { limit: Number.POSITIVE_INFINITY, dry_run: false, kept: true, strict: false, outputs_folder: null }
    const request = { plan, url: this.url, before_url: this.url, ...whole, ...how }
    const onProgress = (progress: Progress) => {
      tell(progress)
      if (progress.rows_read + (progress.dealing?.records ?? 0) >= stop_at) stop.abort()
    }
    return await startRun(request, null, ports, { ...NOBODY, onProgress })
  }

  resume(run: string, how: Partial<typeof RESUMPTION> = {}) {
    const ports = this.#ports(new AbortController().signal)
    return resumeStopped({ url: this.url, name: run, ...RESUMPTION, ...how }, ports, NOBODY)
  }

  /** By path: what is in `out/`. */
  outputs(): { readonly [path: string]: string } {
    const out = join(this.folder, 'out')
    if (!existsSync(out)) return {}
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
    const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
    return Object.fromEntries(paths.map(path => [path.slice(out.length + 1), readFileSync(path, 'utf8')]))
  }

  async reading<T>(work: (reader: LedgerReader) => Promise<T>): Promise<T> {
    const reader = await openLedgerReader(this.url)
    return await work(reader).finally(() => reader.close())
  }

  /** What `verify` finds. */
  async problems(): Promise<readonly string[]> {
    const { runs } = await this.reading(reader => verifyLedger(reader, { keys: 'any' }))
    return runs.flatMap(({ checks }) => checks.flatMap(({ problems }) => problems))
  }

  close(): void {
    this.remove('')
  }
}
