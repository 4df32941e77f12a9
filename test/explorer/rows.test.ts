/** Rows and their stories in a real browser: found among 20,000, walked by keys, read, checked in the page, and handed on as proofs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../support/browser.ts'
import { LONG } from '../support/form.ts'
import { Explorer, type Looked, Place } from './explorer.ts'

const ROWS = 20_000
/** Than a reader rests before the URL says where. */
const LONGER_THAN_RESTING_MS = 700
const WORDS = ['harbour', 'lantern', 'meadow', 'quartz', 'saffron', 'timber', 'velvet', 'willow']
/** Each 500th row has a note that is refused, each 997th lacks its amount. */
const PIPELINE = `
name: orders
defaults: { on_error: problems, on_invalid: problems }
sources:
  orders:
    plugin: csv
    options: { path: orders.csv }
    schema: { mode: fixed, fields: { id: integer, customer: string, region: string, amount: 'number?', note: string } }
    to: screen
nodes:
  screen: { transform: keyword_filter, options: { fields: [note], patterns: [password] }, to: shape }
  shape: { transform: field_mapper, options: { rename: { amount: total }, drop: [note] }, to: size }
  size: { gate: row.total >= 500, routes: { true: large, false: small } }
sinks:
  large: { plugin: csv, options: { path: out/large.csv, if_exists: replace } }
  small: { plugin: csv, options: { path: out/small.csv, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`

function orders(): string {
  const lines = ['id,customer,region,amount,note']
  for (let id = 1; id <= ROWS; id++) {
    const amount = id % 997 === 0 ? '' : String((id * 37) % 1000)
    const note = id % 500 === 0 ? 'my password is here' : `${WORDS[id % 8]} ${WORDS[(id >> 3) % 8]} ${id}`
    lines.push(`${id},customer ${(id * 7919) % ROWS},${['north', 'south', 'east'][id % 3]},${amount},${note}`)
  }
  return `${lines.join('\n')}\n`
}

const launched = await launchChromium()
const why = launched.ok ? '' : ` (there is no Chromium here: ${launched.why})`

describe.skipIf(!launched.ok)(`rows in the explorer${why}`, () => {
  let place: Place
  let explorer: Explorer
  let run = ''
  const open: Looked[] = []
  beforeAll(async () => {
    if (!launched.ok) return
    place = new Place({ 'orders.csv': orders(), 'pipeline.yaml': PIPELINE })
    run = await place.run('pipeline.yaml')
    explorer = await Explorer.start(launched.browser, place)
  })
  afterAll(async () => {
    await explorer?.close()
    if (launched.ok) await launched.browser.close()
    place?.remove()
  })
  const look = async (path: string, options: Parameters<Explorer['look']>[1] = {}) => {
    const looked = await explorer.look(`/runs/${run}/${path}`, options)
    open.push(looked)
    return looked
  }
  const found = ({ page }: Looked) => page.locator('.found strong').textContent()
  const numbers = ({ page }: Looked) => page.locator('.row-link').allTextContents()

  test('are counted, and the last one is one key away', async () => {
    const looked = await look('rows')
    const { page } = looked
    await page.locator('.row-link').first().waitFor()
    expect(await found(looked)).toBe('20,000 rows')
    await page.getByRole('grid').focus()
    await page.keyboard.press('End')
    await page.locator('.row-link', { hasText: '20,000' }).waitFor()
    expect((await numbers(looked)).at(-1)).toBe('20,000')
    await page.waitForURL(/at=19999/)
    // However long the next screen takes to come, nothing here leads back from it.
    await page.route(/\/row-screen-.*\.js$/, async route => {
      await sleep(LONGER_THAN_RESTING_MS)
      await route.continue()
    })
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/rows\/19999\?/)
    await page.getByRole('heading', { name: 'Row 19,999' }).waitFor()
    await page.goBack()
    await page.locator('.row-link', { hasText: '20,000' }).waitFor()
    expect(await page.locator('tr[aria-selected="true"] .row-link').textContent()).toMatch(/^(19,999|20,000)$/)
  })

  test('are found by a value, and say how long that took', async () => {
    const looked = await look('rows')
    const { page } = looked
    await page.locator('.index-note.ready').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('velvet willow 7')
    await page.keyboard.press('Enter')
    await page.getByText('“velvet willow 7').waitFor()
    await page.locator('.rows-row .row-link').first().waitFor()
    const expected = orders()
      .split('\n')
      .filter(line => line.includes('velvet willow 7')).length
    expect(await found(looked)).toBe(`${expected} rows fit`)
    expect(await page.locator('.found').textContent()).toMatch(/ · [\d.]+ m?s/)
    await page.getByRole('button', { name: /^drop: text/ }).click()
    await page.getByLabel('Find a value').fill('customer = customer 1234')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'drop: value customer = customer 1234' }).waitFor()
    await page.locator('.rows-row .row-link').first().waitFor()
    expect(await found(looked)).toBe('1 row fits')
    await page.getByLabel('Find a value').fill('ab')
    await page.keyboard.press('Enter')
    await page.getByText('from 3 characters on').waitFor()
  })

  test('are narrowed by what the run offers, by keyboard alone', async () => {
    const looked = await look('rows')
    const { page } = looked
    await page.locator('.row-link').first().waitFor()
    await page.getByLabel('Narrow by').focus()
    await page.keyboard.type('KEYWORD')
    await page.getByRole('option', { name: /KEYWORD_FOUND/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/error_code=KEYWORD_FOUND/)
    await page.locator('.row-link', { hasText: /^500$/ }).waitFor()
    expect(await found(looked)).toBe('40 rows fit')
    expect(await page.locator('.rows-head').textContent()).toContain('Error')
    const lines = await page.evaluate(
      `fetch([...document.querySelectorAll('a[download]')].find(each => each.href.includes('jsonl')).href).then(each => each.text())`,
    )
    expect(String(lines).trim().split('\n').length).toBe(40)
  })

  test('where none fits, say which condition to drop, by buttons that stay where they are when another count comes', async () => {
    const looked = await look('rows/1')
    const { page } = looked
    const pressed = Promise.withResolvers<void>()
    const isOther = ({ searchParams: asked }: URL) => asked.get('limit') === '1' && !asked.has('error_code')
    await page.route(isOther, async route => {
      await pressed.promise
      await route.continue()
    })
    await page.goto(`${explorer.url}/runs/${run}/rows?error_code=KEYWORD_FOUND&sink=large`)
    await page.getByText('No row fits', { exact: true }).waitFor()
    await page.getByText('40 rows then').waitFor()
    await page.getByRole('button', { name: 'Drop “written to large”' }).hover()
    await page.mouse.down()
    pressed.resolve()
    // More of them than of the other.
    await page.getByText(/^(at least )?[\d,]{5,}.* then$/).waitFor()
    await page.mouse.up()
    await page.locator('.row-link', { hasText: /^500$/ }).waitFor()
  })

  test('are chosen by an expression, whose problems stand under it', { tags: ['proof'] }, async () => {
    const looked = await look('rows')
    const { page } = looked
    await page.getByLabel('Expression').fill('row.amount >')
    await page.keyboard.press('Enter')
    await page.locator('.filter-box .field-problem').waitFor()
    expect(await page.getByLabel('Expression').getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator('.filter-box .field-problem').textContent()).toContain('at: row.amount >')
    await page.getByLabel('Expression').fill("row.region == 'north' && row.id < 10")
    await page.keyboard.press('Enter')
    await page.locator('.row-link', { hasText: /^9$/ }).waitFor()
    await page.getByText('3 rows fit').waitFor()
    expect(await numbers(looked)).toEqual(['3', '6', '9'])
  })

  test.runIf(LONG)(
    'stand where they belong in a table of a million, which is longer than browsers can show',
    async () => {
      const looked = await look('rows/1')
      const { page } = looked
      await page.route(/\/rows\?/, route => route.fulfill({ json: millionth(new URL(route.request().url())) }))
      await page.goto(`${explorer.url}/runs/${run}/rows`)
      await page.locator('.row-link').first().waitFor()
      await page.getByRole('grid').focus()
      await page.keyboard.press('End')
      await page.locator('.row-link', { hasText: '1,000,000' }).waitFor()
      expect(await shownWhole(looked)).toContain('1,000,000')
      await page.evaluate(`(rows => { rows.scrollTop = rows.scrollHeight / 2 })(document.querySelector('.rows'))`)
      await page.locator('.row-link', { hasText: '500,020' }).waitFor()
      const rows = (await shownWhole(looked)).map(each => Number(each.replaceAll(',', '')))
      expect(rows).toEqual(rows.map((_, i) => (rows[0] ?? 0) + i))
      await page.keyboard.press('Home')
      await page.locator('.row-link', { hasText: /^1$/ }).waitFor()
    },
  )

  test('have a story, and neighbours among those that fit', async () => {
    const looked = await look('rows/500?error_code=KEYWORD_FOUND&at=0')
    const { page } = looked
    await page.getByText('1 of 40 that fit').waitFor()
    const story = (await page.locator('.row-story').textContent()) ?? ''
    expect(story).toContain('KEYWORD_FOUND')
    expect(story).toContain('customer')
    // What decided where it ended is read before its story.
    expect(await page.locator('.row-head .deciding').textContent()).toMatch(/^screen.*password/)
    await page.keyboard.press('n')
    await page.getByRole('heading', { name: 'Row 1,000' }).waitFor()
    await page.keyboard.press('p')
    await page.getByRole('heading', { name: 'Row 500' }).waitFor()
  })

  test('are checked in the page: whose word it is only the reader’s key says; the proof is what custody check takes', async () => {
    const looked = await look('rows/17', { newcomer: true })
    const { page } = looked
    await page.locator('[data-checked="untrusted"]').waitFor()
    const text = (await page.locator('.record').textContent()) ?? ''
    expect(text).toContain('It holds together; whose word it is isn’t shown')
    expect(text).toContain('What is shown here is what the proof says.')
    const keys = (await place.custody('key', 'show')).stdout
    await page.getByLabel('Whom you trust').fill('not a key')
    await page.getByText('Line 1 is').waitFor()
    await page.getByLabel('Whom you trust').fill(keys)
    await page.getByRole('button', { name: 'Keep, and check by it' }).click()
    await page.locator('[data-checked="holds"]').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Proof' }).click(),
    ])
    const file = join(place.folder, download.suggestedFilename())
    writeFileSync(file, readFileSync(await download.path()))
    writeFileSync(join(place.folder, 'keys.txt'), keys)
    const checked = await place.custody('check', file, '--key', join(place.folder, 'keys.txt'))
    expect(`${checked.exit} ${checked.stdout}${checked.stderr}`).toMatch(/^0 /)
    expect(checked.stdout).toContain('holds')
  })

  test('lead from the graph to the step, and from place to place by arrow keys', { tags: ['proof'] }, async () => {
    const { page } = await look('rows/17')
    await page.locator('.lineage-node').first().focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.evaluate('document.activeElement.querySelector(".lineage-name").textContent')).toBe('screen')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.querySelector(".step-node").textContent')).toBe('shape')
  })

  const screens = [
    ['rows?class=failure', 'dark', 390],
    ['rows/17', 'light', 1280],
    ['rows?class=failure', 'light', 1280],
    ['rows/500', 'dark', 390],
  ] as const
  test.each(LONG ? screens : screens.slice(0, 1))(
    '%s in %s at %i pixels is for everybody',
    async (path, scheme, width) => {
      const looked = await look(path, { scheme, width })
      await looked.page
        .locator(path.startsWith('rows?') ? '.row-link' : '[data-checked="untrusted"]')
        .first()
        .waitFor()
      expect(await looked.problems()).toEqual([])
      expect(await looked.fits()).toBe(true)
    },
  )

  test('nothing went wrong meanwhile', async () => {
    // The browser reports each answer that is none: here the expression that was refused.
    const refused = /^says Failed to load resource: the server responded with a status of 400/
    expect(open.flatMap(each => each.faults).filter(each => !refused.test(each))).toEqual([])
    for (const each of open) await each.close()
  })
})

/** A window of a run of a million rows, as the server would answer it. */
function millionth({ searchParams }: URL) {
  const all = 1_000_000
  const at = Number(searchParams.get('at') ?? 0)
  const line = (row: number) => ({
    ...{ row, source: 'orders', index: row, data: { id: row }, endings: [], open: 1 },
    ...{ recorded_at: '2026-12-01T00:00:00.000Z', duration_us: 1, cost_usd: 0 },
  })
  const rows = Array.from({ length: Math.min(Number(searchParams.get('limit')), all - at) }, (_, i) => line(at + i + 1))
  const known = { next_cursor: null, matches: { count: all, exact: true }, looked_at: { rows: 0, of: all } }
  return { run: 'any', rows, ...known, index: { state: 'ready', rows: all, of: all }, holds: true }
}

/** Numbers of the rows that are seen from their upper to their lower edge. */
async function shownWhole({ page }: Looked): Promise<readonly string[]> {
  const found: unknown = await page.evaluate(`(frame => [...document.querySelectorAll('tbody tr')].flatMap(row => {
    const { top, bottom } = row.getBoundingClientRect()
    return top >= frame.top + 33 && bottom <= frame.bottom + 1 ? row.querySelector('.row-link')?.textContent ?? [] : []
  }))(document.querySelector('.rows').getBoundingClientRect())`)
  return Array.isArray(found) ? found.map(String) : []
}
