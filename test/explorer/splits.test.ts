/** The splits of a run, in a real Chromium and from the real server. */
// @module-tag proof
import { once } from 'node:events'
import { hostname } from 'node:os'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ShownSplit } from '../../src/api/splits.ts'
import { launchChromium } from '../support/browser.ts'
import { Explorer, Place } from './explorer.ts'
import { goOn, splitPipeline } from './split-runs.ts'

const launched = await launchChromium()
const why = launched.ok ? '' : ` (there is no Chromium here: ${launched.why})`
const MANY = 2_000

describe.skipIf(!launched.ok)(`splits of a run in Chromium${why}`, () => {
  let place: Place
  let explorer: Explorer
  let few = ''
  let many = ''
  let none = ''
  beforeAll(async () => {
    if (!launched.ok) return
    const whole = splitPipeline('whole', 1, 10)
    place = new Place({
      ...splitPipeline('few', 6, 200),
      ...splitPipeline('waiting', 8, 100, 200),
      ...splitPipeline('many', MANY, 2),
      ...whole,
      'whole.yaml': whole['whole.yaml']?.replace(/^splits.*$/m, '') ?? '',
    })
    few = await place.run('few.yaml')
    many = await place.run('many.yaml')
    none = await place.run('whole.yaml')
    explorer = await Explorer.start(launched.browser, place)
  }, 180_000)
  afterAll(async () => {
    if (!launched.ok) return
    await explorer?.close()
    await launched.browser.close()
    place?.remove()
  })

  const splits = (page: Page) => page.getByRole('region', { name: 'Splits', exact: true })

  test('of a sealed run: that all are closed, which took longest, who signed them, and a line of each', async () => {
    const looked = await explorer.look(`/runs/${few}`)
    const { page } = looked
    const panel = splits(page)
    await panel.getByText('6, all closed').waitFor()
    const lines = panel.getByRole('table').getByRole('row')
    await lines.nth(6).waitFor()
    const { stdout } = await place.custody('show', few, '--splits', '--json')
    const shown = JSON.parse(stdout) as { readonly splits: readonly ShownSplit[]; readonly signed_by: string }
    const texts = await lines.allTextContents()
    expect(texts).toHaveLength(shown.splits.length + 1)
    for (const { split, rows, last_entry_at } of shown.splits) {
      expect(texts[split]).toMatch(new RegExp(`^${split}closed.*${rows}`))
      expect(texts[split]).toContain(last_entry_at?.slice(11, 19))
    }
    expect(texts.filter(each => each.includes('among the slowest'))).toHaveLength(3)
    expect(await panel.getByText(`${shown.signed_by} 6 splits`).count()).toBe(1)
    expect(await panel.getByRole('navigation').count()).toBe(0)
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test('of a run without: nothing', async () => {
    const looked = await explorer.look(`/runs/${none}`)
    await looked.page.getByRole('region', { name: 'Outputs' }).waitFor()
    expect(await splits(looked.page).count()).toBe(0)
    await looked.close()
  })

  test('of one under way: who works on which; it is followed until it is sealed', async () => {
    const run = place.begin('run', 'waiting.yaml', '--workers', '2')
    const looked = await explorer.look('/')
    const { page } = looked
    await page.getByRole('link', { name: 'waiting' }).click()
    const panel = splits(page)
    await panel.getByText('2 of 8 closed · 2 under way · 4 not begun').waitFor()
    await panel.getByText(`by ${hostname()}, process ${run.pid}: split`).waitFor()
    const third = panel.getByRole('row').nth(3)
    await third.getByText('behind').waitFor()
    await third.getByText(`${hostname()}, process ${run.pid}`).waitFor()
    expect(await panel.getByRole('row').nth(8).textContent()).toMatch(/^8not begun/)
    expect(await looked.problems()).toEqual([])
    const ended = once(run, 'exit')
    goOn(place)
    await panel.getByText('8, all closed').waitFor()
    await ended
    await page.getByText('sealed', { exact: true }).waitFor()
    await expect.poll(async () => await panel.getByRole('row').nth(8).textContent()).toMatch(/^8closed/)
    expect(await panel.getByText('process').count()).toBe(0)
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test('of 2,000: a page at a time, by keys, and by number; the address leads back to it', async () => {
    const looked = await explorer.look(`/runs/${many}`)
    const { page } = looked
    const asked: string[] = []
    page.on('response', response => {
      if (response.url().includes('/splits?')) asked.push(new URL(response.url()).search)
    })
    const panel = splits(page)
    await panel.getByText('2,000, all closed').waitFor()
    await panel.getByText('1 to 20 of 2,000').waitFor()
    expect(await panel.getByRole('row').count()).toBe(21)
    const next = panel.getByRole('button', { name: 'Next' })
    await next.focus()
    await page.keyboard.press('Enter')
    await panel.getByText('21 to 40 of 2,000').waitFor()
    await panel.getByRole('row', { name: /^40 / }).waitFor()
    expect(await looked.focused()).toBe('Next')
    await panel.getByLabel('Split', { exact: true }).fill('1999')
    await page.keyboard.press('Enter')
    await panel.getByText('1,981 to 2,000 of 2,000').waitFor()
    await panel.locator('.split-asked').waitFor()
    expect(await panel.locator('.split-asked').textContent()).toBe('1,999')
    expect(await next.getAttribute('aria-disabled')).toBe('true')
    expect(page.url()).toMatch(/\?split=1999$/)
    expect(asked.at(-1)).toBe('?at=1980&limit=20')
    expect(looked.faults).toEqual([])
    const again = await explorer.look(`/runs/${many}?split=1999`, { scheme: 'dark', width: 390 })
    await splits(again.page).locator('.split-asked').waitFor()
    expect(await again.problems()).toEqual([])
    expect(await again.fits()).toBe(true)
    await again.close()
    await looked.close()
  })
})
