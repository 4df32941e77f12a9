/**
 * The explorer as people have it: `custody serve` of the program as it is shipped, in a process of its own, over a ledger that its commands
 * wrote; and a real Chromium that looks at it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { inject } from 'vitest'
import { type ProgramResult, runProgram } from '../support/built-cli.ts'

/** Only ends what hangs. */
const HANGING_MS = 300_000

export type Scheme = 'light' | 'dark'
type Process = ChildProcessByStdio<Writable, Readable, null>

/** A folder with files, a user's configuration of its own, and a ledger. */
export class Place {
  readonly folder: string
  readonly env: { readonly XDG_CONFIG_HOME: string; readonly CUSTODY_LEDGER: string }

  /** `name`: of the folder. `files`: texts by path. */
  constructor(files: { readonly [path: string]: string }, name = 'work') {
    this.folder = join(mkdtempSync(join(tmpdir(), 'custody-explorer-')), name)
    mkdirSync(this.folder)
    const ledger = `sqlite:${join(this.folder, 'custody.db')}`
    this.env = { XDG_CONFIG_HOME: join(this.folder, 'home'), CUSTODY_LEDGER: ledger }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(this.folder, path, '..'), { recursive: true })
      writeFileSync(join(this.folder, path), text)
    }
  }

  custody(...words: readonly string[]): Promise<ProgramResult> {
    return runProgram(inject('bin'), 'custody', words, this.folder, this.env)
  }

  /** Runs a pipeline file, and returns the run's id. */
  async run(...words: readonly string[]): Promise<string> {
    const { stdout, stderr } = await this.custody('run', ...words, '--json')
    const { run } = JSON.parse(stdout)
    if (typeof run !== 'string') throw new Error(stdout + stderr)
    return run
  }

  /** A process beside the test, with its input to be written. */
  begin(...words: readonly string[]): Process {
    const env = { ...process.env, ...this.env }
    return spawn(join(inject('bin'), 'custody'), words, { cwd: this.folder, env, stdio: ['pipe', 'pipe', 'ignore'] })
  }

  remove(): void {
    rmSync(join(this.folder, '..'), { recursive: true, force: true })
  }
}

/** A server, as those see it who look at it in a browser. */
export class Explorer {
  readonly browser: Browser
  readonly url: string
  readonly #server: Process
  /** By scheme and width: the first page of one takes twice as long as any that follows. */
  readonly #contexts = new Map<string, Promise<BrowserContext>>()
  #signedIn: Awaited<ReturnType<BrowserContext['storageState']>> | null = null

  private constructor(browser: Browser, server: Process, url: string) {
    this.browser = browser
    this.#server = server
    this.url = url
  }

  /** `words`: more options of `custody serve`. */
  static async start(browser: Browser, place: Place, words: readonly string[] = []): Promise<Explorer> {
    const server = place.begin('serve', '--json', ...words)
    const { url } = JSON.parse(await firstLine(server))
    if (typeof url !== 'string') throw new Error('the server didn’t begin')
    const explorer = new Explorer(browser, server, url.replace(/\/#.*/, ''))
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(url)
    await page.getByRole('navigation', { name: 'Main' }).waitFor()
    explorer.#signedIn = await context.storageState()
    await context.close()
    return explorer
  }

  /** Signed in, unless `signedIn` is false. What a page keeps, others find, unless it is of a `newcomer`. */
  async look(path: string, { newcomer = false, ...options }: LookOptions = {}): Promise<Looked> {
    const { scheme = 'light', width = 1280, signedIn = true } = options
    if (newcomer || !signedIn) {
      const context = await this.#context(scheme, width, signedIn)
      return Looked.at(await context.newPage(), this.url, path, () => context.close())
    }
    const key = `${scheme} ${width}`
    const context = this.#contexts.get(key) ?? this.#context(scheme, width, true)
    this.#contexts.set(key, context)
    const page = await (await context).newPage()
    return Looked.at(page, this.url, path, () => page.close())
  }

  async #context(scheme: Scheme, width: number, signedIn: boolean): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      viewport: { width, height: width < 500 ? 844 : 860 },
      colorScheme: scheme,
      reducedMotion: 'reduce',
      hasTouch: width < 500,
      ...(signedIn && this.#signedIn !== null ? { storageState: this.#signedIn } : {}),
    })
    context.setDefaultTimeout(HANGING_MS)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: this.url })
    return context
  }

  /** The browser stays. */
  async close(): Promise<void> {
    for (const context of this.#contexts.values()) await (await context).close()
    this.#server.kill('SIGINT')
    if (this.#server.exitCode === null) await once(this.#server, 'exit')
  }
}

interface LookOptions {
  readonly scheme?: Scheme
  readonly width?: number
  readonly signedIn?: boolean
  readonly newcomer?: boolean
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Somebody who looks, and what went wrong meanwhile. */
export class Looked {
  readonly page: Page
  /** Addresses elsewhere that were asked for, what was said on the console or thrown, dialogs that came up. */
  readonly faults: string[] = []
  readonly close: () => Promise<void>

  private constructor(page: Page, origin: string, close: () => Promise<void>) {
    this.page = page
    this.close = close
    page.on('request', request => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
        this.faults.push(`asks for ${request.url()}`)
    })
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') this.faults.push(`says ${message.text()}`)
    })
    page.on('pageerror', error => this.faults.push(`throws ${error.message}`))
    page.on('dialog', dialog => {
      this.faults.push(`asks ${dialog.message()}`)
      void dialog.dismiss()
    })
  }

  static async at(page: Page, origin: string, path: string, close: () => Promise<void>): Promise<Looked> {
    const looked = new Looked(page, origin, close)
    await page.goto(`${origin}${path}`)
    return looked
  }

  /** What axe finds wrong on what is shown now, by WCAG 2.2 AA and its best practices. */
  async problems(): Promise<readonly string[]> {
    await this.page.evaluate(AXE)
    const found = await this.page.evaluate(
      'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`))',
    )
    return Array.isArray(found) ? found.map(String) : ['axe found nothing to look at']
  }

  /** One after the other, without a wait between them in which they would no longer be one. */
  async pressTogether(...keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map(key => this.page.keyboard.press(key)))
  }

  /** What has the focus: its accessible text. */
  async focused(): Promise<string> {
    const text: unknown = await this.page.evaluate(
      `(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()`,
    )
    return String(text)
  }

  /** Whether nothing is wider than the page. */
  async fits(): Promise<boolean> {
    return (await this.page.evaluate('document.documentElement.scrollWidth <= innerWidth')) === true
  }
}

async function firstLine(process: Process): Promise<string> {
  let said = ''
  process.stdout.on('data', chunk => {
    said += String(chunk)
  })
  while (!said.includes('\n') && process.exitCode === null)
    await Promise.race([once(process.stdout, 'data'), once(process, 'exit')])
  return said
}
