/** A viewer and an analyst in the explorer: what each sees, and why no more. The server answers within this process, by its own gate. */
// @module-tag proof
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Role } from '../../src/api/session.ts'
import { launchChromium } from '../support/browser.ts'
import { type Asking, DemoServer, ORIGIN } from '../support/demo-server.ts'

const launched = await launchChromium()
const why = launched.ok ? '' : ` (there is no Chromium here: ${launched.why})`
const TYPES: { readonly [end: string]: string } = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

describe.skipIf(!launched.ok)(`a viewer and an analyst in the explorer${why}`, () => {
  let server: DemoServer
  let viewer: BrowserContext
  let analyst: BrowserContext
  beforeAll(async () => {
    if (!launched.ok) return
    server = await DemoServer.begin()
    const contextOf = async (role: Role) => {
      const context = await launched.browser.newContext()
      await context.route(`${ORIGIN}/**`, async route => {
        const { pathname, search } = new URL(route.request().url())
        const answer = pathname.startsWith('/api/')
          ? await answerOf(server.as(role), `${pathname}${search}`)
          : page(pathname)
        await route.fulfill(answer)
      })
      return context
    }
    viewer = await contextOf('viewer')
    analyst = await contextOf('analyst')
  })
  afterAll(async () => {
    if (launched.ok) await launched.browser.close()
    await server?.close()
  })

  test('a viewer sees rows without data, stories without values, and no proof; each time it says why', async () => {
    const page = await viewer.newPage()
    await page.goto(`${ORIGIN}/runs/${server.run}/rows`)
    await page.locator('.row-link').first().waitFor()
    const rows = (await page.locator('main').textContent()) ?? ''
    expect(rows).toContain('values need the role analyst')
    expect(rows).toMatch(/\w+: by gate \w+/)
    expect(await page.getByRole('link', { name: /JSONL/ }).count()).toBe(0)
    await page.goto(`${ORIGIN}/runs/${server.run}/rows/17`)
    await page.getByText('its data is withheld').waitFor()
    const story = (await page.locator('main').textContent()) ?? ''
    expect(story).toContain('A proof holds values, and your role sees none')
    for (const text of [rows, story]) expect(text).not.toMatch(/Quinn Reyes|call after 5|62000/)
    await page.goto(`${ORIGIN}/compare?old=${server.run}`)
    await page.getByText('Only operators may run anything').waitFor()
  })

  test('the screen of a run has structure and counts for both, messages and the pipeline’s text for the analyst; neither may act', async () => {
    const seenBy = async (context: BrowserContext, last: string) => {
      const page = await context.newPage()
      await page.goto(`${ORIGIN}/runs/${server.run}`)
      await page.getByRole('link', { name: /rows from credit to risk$/ }).waitFor()
      await page.getByText('CSV_RAGGED').first().waitFor()
      await page.getByText(last).waitFor({ state: 'attached' })
      expect(await page.getByRole('button', { name: /Stop|Resume|again/ }).count()).toBe(0)
      return (await page.locator('main').textContent()) ?? ''
    }
    const seen = {
      viewer: await seenBy(viewer, 'The pipeline’s text isn’t shown'),
      analyst: await seenBy(analyst, '# a missing score is an error of that row'),
    }
    const values = /12 thousand|a value is null|approved\.csv|credit_score/g
    expect(seen.viewer).not.toMatch(values)
    expect(new Set(seen.analyst.match(values)).size).toBe(4)
  })
})

async function answerOf(ask: Asking, path: string) {
  const response = await ask(path)
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  }
}

/** A file of the explorer, as it is shipped. */
function page(path: string) {
  const file = path.startsWith('/assets/') ? path : '/index.html'
  const contentType = TYPES[file.split('.').at(-1) ?? ''] ?? 'text/plain'
  return { status: 200, contentType, body: readFileSync(join(inject('built'), 'dist', 'explorer', file)) }
}
