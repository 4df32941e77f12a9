/** The verifier’s page in a real Chromium, where there can be one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { pageHtml } from '../../scripts/page.js'
import type { CheckedProof } from '../../src/read/check/check-proof.ts'
import { launchChromium } from '../support/browser.ts'

export type Started =
  | {
      readonly ok: true
      readonly browser: Browser
      readonly folder: string
      readonly url: string
      close(): Promise<void>
    }
  /** Why there is none. */
  | { readonly ok: false; readonly why: string }

/** With the page in a file. */
export async function startChromium(): Promise<Started> {
  const launched = await launchChromium()
  if (!launched.ok) return launched
  const { browser } = launched
  const folder = mkdtempSync(join(tmpdir(), 'custody-page-'))
  const file = join(folder, 'verifier.html')
  writeFileSync(file, await pageHtml())
  const close = async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ok: true, browser, folder, url: pathToFileURL(file).href, close }
}

/** The page as somebody has opened it, and what it did that it mustn't. */
export class Opened {
  readonly page: Page
  readonly context: BrowserContext
  /** Addresses that were asked for beside its own, and what was said on the console. */
  readonly faults: string[] = []
  #given = 0

  private constructor(page: Page, context: BrowserContext) {
    this.page = page
    this.context = context
  }

  static async at(browser: Browser, url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Opened> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const opened = new Opened(page, context)
    page.on('request', request => {
      if (request.url() !== url) opened.faults.push(`asks for ${request.url()}`)
    })
    page.on('console', message => opened.faults.push(`says ${message.text()}`))
    page.on('pageerror', error => opened.faults.push(`throws ${error.message}`))
    await page.goto(url)
    return opened
  }

  /** What is pasted; whatever is there is checked anew. */
  async trust(text: string): Promise<void> {
    await this.page.fill('#keys', text)
    await this.page.dispatchEvent('#keys', 'change')
  }

  /** Gives a file, and waits for the result. */
  async give(content: string | Uint8Array, kind = 'json'): Promise<Shown> {
    const name = `file-${++this.#given}.${kind}`
    await this.page.setInputFiles('#file', { name, mimeType: '', buffer: Buffer.from(content) })
    return this.shown(name)
  }

  async shown(name: string): Promise<Shown> {
    await this.page.waitForSelector(`#result[data-checked="${name}"]`)
    const texts = (selector: string) => this.page.locator(selector).allTextContents()
    const [line, status] = [await texts('.verdict .line'), await texts('.status')]
    const verdict = (await this.page.locator('.verdict').getAttribute('class'))?.replace('verdict ', '') ?? ''
    const [proven, problems, nodes] = [
      await texts('.proven li'),
      await texts('.problems li'),
      await texts('.node title'),
    ]
    return {
      verdict,
      proven,
      problems,
      nodes,
      line: line.join(),
      status: status.join(),
      text: (await this.page.textContent('main')) ?? '',
    }
  }

  close(): Promise<void> {
    return this.context.close()
  }
}

export interface Shown {
  /** `holds`, `untrusted`, `broken`. */
  readonly verdict: string
  readonly line: string
  readonly status: string
  readonly proven: readonly string[]
  readonly problems: readonly string[]
  /** Places of the graph, as they are read out. */
  readonly nodes: readonly string[]
  /** All that can be read. */
  readonly text: string
}

/** What the page must show of a result of the library. */
export function expectedOf({
  ok,
  checks,
  proven,
}: Pick<CheckedProof, 'ok' | 'checks' | 'proven'>): Pick<Shown, 'verdict' | 'proven' | 'problems'> {
  const untrusted = checks.every(each => each.ok || each.name === 'trust')
  return {
    verdict: ok ? 'holds' : untrusted ? 'untrusted' : 'broken',
    proven: proven.map(each => each.what),
    problems: checks.flatMap(each => each.problems),
  }
}

/** What is read off the page. */
export type PageAnswer = Pick<Shown, 'verdict' | 'proven' | 'problems'>

/** Drops one file after another on the page, as many as a message can take at once, and reads what it shows of each. */
const DROPPED = `(async texts => {
  const result = document.querySelector('#result')
  const read = selector => [...result.querySelectorAll(selector)].map(each => each.textContent)
  const answers = []
  for (const [i, text] of texts.entries()) {
    const data = new DataTransfer()
    data.items.add(new File([text], 'dropped-' + i))
    const shown = new Promise(resolve => {
      const observer = new MutationObserver(() => {
        if (result.dataset.checked !== 'dropped-' + i) return
        observer.disconnect()
        resolve()
      })
      observer.observe(result, { attributes: true, childList: true })
    })
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    await shown
    const verdict = result.querySelector('.verdict').className.replace('verdict ', '')
    answers.push({ verdict, proven: read('.proven li'), problems: read('.problems li') })
  }
  return answers
})`

/** One page on which many proofs are dropped. `keys`: one a line. */
export async function pageJudge(chromium: Extract<Started, { ok: true }>, keys: string) {
  const opened = await Opened.at(chromium.browser, chromium.url)
  await opened.trust(keys)
  return {
    /** What it shows of each, in their order. */
    async ask(texts: readonly string[]): Promise<readonly PageAnswer[]> {
      const answers = await opened.page.evaluate<readonly PageAnswer[], readonly string[]>(DROPPED, texts)
      if (opened.faults.length > 0) throw new Error(`the page does what it mustn't: ${opened.faults.join('; ')}`)
      return answers
    },
    close: () => opened.close(),
  }
}

/** What the page must show of what the library says. */
export function onPage(checked: CheckedProof | null): PageAnswer {
  return checked === null ? { verdict: 'broken', proven: [], problems: [] } : expectedOf(checked)
}
