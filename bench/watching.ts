/**
 * What it takes to watch a run. W1 is made alone, with `custody serve` and a listener who follows it, and with the run's page in Chromium, in
 * turns, on this machine.
 *
 * WATCHING-1. CPU time counts from when the page has been shown for a while until the run ends: to open a page takes what it takes.
 * WATCHING-2. The page is drawn as it is where there is no graphics card, and nothing asks it not to move.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { cpuSeconds, descendantsOf } from './cpu-time.ts'
import { measure, PROGRAM, type Start } from './start.ts'
import { median } from './statistics.ts'
import type { RunSample } from './task.ts'

export interface WatchingOptions {
  readonly rows: number
  /** How often each of the three is made. */
  readonly repeat: number
  /** Where `data.csv` lies. */
  readonly folder: string
  readonly start: Start
  readonly onStep: (what: string) => void
}

/** Medians of the turns. */
export interface WatchingResult {
  readonly rows: number
  readonly turns: number
  readonly listener: Watched
  readonly page: Watched
}

export interface Watched {
  /** Time of the run / of the one that was made alone in the same turn. */
  readonly wall: number
  /** The same of its CPU time. */
  readonly cpu: number
  /** CPU time of the server, as a share of what all processors of the machine have. */
  readonly server: number
  /** The same of all processes of the browser; 0 without one. */
  readonly browser: number
  /** What the server reported, or how often the page was laid out, for each second. */
  readonly changes_per_second: number
}

type Way = 'alone' | 'listener' | 'page'

interface Turn {
  readonly run: RunSample
  readonly server: number
  readonly browser: number
  readonly changes_per_second: number
}

/** Until what a page takes to open is over. */
const OPENED_MS = 2_000
const RUN_POLL_MS = 100

/** @throws Error where there is no /proc, or Chromium doesn't start. */
export async function measureWatching(options: WatchingOptions): Promise<WatchingResult> {
  const { rows, repeat, onStep } = options
  const turns: { readonly [way in Way]: Turn }[] = []
  for (let i = 1; i <= repeat; i++) {
    const made = async (way: Way) => {
      onStep(`watching a run: ${rows.toLocaleString('en')} rows, ${way}, ${i} of ${repeat}`)
      return turnOf(options, way)
    }
    turns.push({ alone: await made('alone'), listener: await made('listener'), page: await made('page') })
  }
  const watched = (way: 'listener' | 'page'): Watched => {
    const of = (get: (turn: Turn) => number) => median(turns.map(each => get(each[way])))
    const ratio = (get: (run: RunSample) => number) =>
      median(turns.map(each => get(each[way].run) / get(each.alone.run)))
    return {
      wall: ratio(run => run.seconds),
      cpu: ratio(run => run.cpu_us_per_row),
      server: of(turn => turn.server),
      browser: of(turn => turn.browser),
      changes_per_second: of(turn => turn.changes_per_second),
    }
  }
  return { rows, turns: turns.length, listener: watched('listener'), page: watched('page') }
}

async function turnOf({ rows, folder: parent, start }: WatchingOptions, way: Way): Promise<Turn> {
  const folder = join(parent, 'run')
  mkdirSync(folder)
  const task = { kind: 'run', workload: 'w1', evidence: true, folder } as const
  try {
    // There is a ledger before it is served.
    await measure({ ...task, rows: 10 }, start)
    rmSync(join(folder, 'out'), { recursive: true })
    const run = () => measure({ ...task, rows }, start)
    if (way === 'alone') return { run: await run(), server: 0, browser: 0, changes_per_second: 0 }
    const server = await Server.begin(folder, start)
    try {
      return await (way === 'listener' ? listenedTo(server, run) : looked(server, run))
    } finally {
      await server.end()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function listenedTo(server: Server, run: () => Promise<RunSample>): Promise<Turn> {
  const sample = run()
  const ending = new AbortController()
  const counter = { events: 0 }
  const over = server.listen(await server.newRun(), ending.signal, () => counter.events++)
  await sleep(OPENED_MS)
  const spent = spending([server.pid], [])
  const before = counter.events
  const done = await sample
  const { seconds, ...shares } = spent()
  ending.abort()
  await over
  return { run: done, ...shares, changes_per_second: (counter.events - before) / seconds }
}

async function looked(server: Server, run: () => Promise<RunSample>): Promise<Turn> {
  const own = new Set(descendantsOf(process.pid))
  const browser = await chromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
    await page.goto(server.page_url)
    await page.getByRole('navigation', { name: 'Main' }).waitFor()
    const of_browser = descendantsOf(process.pid).filter(pid => !own.has(pid))
    const sample = run()
    await page.goto(`${server.origin}/runs/${await server.newRun()}`)
    await page.locator('.react-flow__node').first().waitFor()
    await sleep(OPENED_MS)
    const layouts = await layoutsOf(page)
    // Processes of its own for a page are begun as it is opened.
    const all = new Set([...of_browser, ...of_browser.flatMap(descendantsOf)])
    const spent = spending([server.pid], [...all])
    const before = await layouts()
    const done = await sample
    const { seconds, ...shares } = spent()
    return { run: done, ...shares, changes_per_second: ((await layouts()) - before) / seconds }
  } finally {
    await browser.close()
  }
}

/** Shares of the machine that were spent since. */
function spending(server: readonly number[], browser: readonly number[]) {
  const begun = performance.now()
  const before = { server: cpuSeconds(server), browser: cpuSeconds(browser) }
  return () => {
    const seconds = (performance.now() - begun) / 1000
    const share = (now: number, then: number) => (now - then) / (seconds * availableParallelism())
    return {
      seconds,
      server: share(cpuSeconds(server), before.server),
      browser: share(cpuSeconds(browser), before.browser),
    }
  }
}

async function chromium(): Promise<Browser> {
  const [{ chromium }, { default: packed }] = await Promise.all([
    import('playwright-core'),
    import('@sparticuz/chromium'),
  ])
  return chromium.launch({ executablePath: await packed.executablePath(), args: ['--no-sandbox', '--disable-gpu'] })
}

/** How often a page was laid out until now. */
async function layoutsOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(each => each.name === 'LayoutCount')?.value ?? 0
  }
}

/** `custody serve`, in a process of its own. */
class Server {
  readonly page_url: string
  readonly origin: string
  readonly #token: string
  readonly #process: ChildProcess
  readonly #runs = new Set<string>()

  private constructor(process: ChildProcess, { url, token }: { readonly url: string; readonly token: string }) {
    this.#process = process
    this.#token = token
    this.page_url = url
    this.origin = new URL(url).origin
  }

  static async begin(folder: string, { key }: Start): Promise<Server> {
    const words = [PROGRAM, 'serve', '--json', '--ledger', `sqlite:${join(folder, 'custody.db')}`]
    const env = { ...process.env, CUSTODY_KEY: key, XDG_CONFIG_HOME: join(folder, 'home') }
    const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    for await (const chunk of child.stdout) {
      said += String(chunk)
      if (said.includes('\n')) break
    }
    const server = new Server(child, JSON.parse(said))
    await server.newRun()
    return server
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** The next one that begins, or is there already. */
  async newRun(): Promise<string> {
    for (;;) {
      const runs = (await (await this.#get('/runs?limit=1')).json()) as ReadonlyArray<{ readonly run: string }>
      const run = runs[0]?.run
      if (run !== undefined && !this.#runs.has(run)) {
        this.#runs.add(run)
        return run
      }
      await sleep(RUN_POLL_MS)
    }
  }

  /** Until the signal is aborted. */
  async listen(run: string, signal: AbortSignal, onEvent: () => void): Promise<void> {
    try {
      const { body } = await this.#get(`/runs/${run}/live`, signal)
      for await (const chunk of body ?? [])
        for (const _ of Buffer.from(chunk)
          .toString()
          .matchAll(/^event: counts$/gm))
          onEvent()
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  #get(path: string, signal?: AbortSignal): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}` }
    return fetch(`${this.origin}/api/v1${path}`, { headers, ...(signal === undefined ? {} : { signal }) })
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return
    this.#process.kill('SIGINT')
    await once(this.#process, 'exit')
  }
}
