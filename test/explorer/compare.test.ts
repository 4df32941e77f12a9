/** Two runs compared, what would have been, evidence, ledgers that were tampered with, and what is erased, in a real browser. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../support/browser.ts'
import { LONG } from '../support/form.ts'
import { Explorer, type Looked, Place } from './explorer.ts'

const launched = await launchChromium()
const why = launched.ok ? '' : ` (there is no Chromium here: ${launched.why})`

describe.skipIf(!launched.ok)(`runs compared, and evidence, in the explorer${why}`, () => {
  let place: Place
  let explorer: Explorer
  let run = ''
  const open: Looked[] = []
  beforeAll(async () => {
    if (!launched.ok) return
    place = new Place({})
    await place.custody('init', 'demo')
    run = await place.run('demo/pipeline.yaml')
    explorer = await Explorer.start(launched.browser, place, ['--pipelines', place.folder])
  })
  afterAll(async () => {
    await explorer?.close()
    if (launched.ok) await launched.browser.close()
    place?.remove()
  })
  const look = async (path: string, options: Parameters<Explorer['look']>[1] = {}) => {
    const looked = await explorer.look(path, options)
    open.push(looked)
    return looked
  }

  test('a threshold is changed, the run replayed on its record, and both stories of a row that parted stand side by side', async () => {
    const looked = await look(`/compare?old=${run}`)
    const { page } = looked
    await page.getByText('nothing is bought').waitFor()
    await page.getByLabel('number 1 of credit').fill('640')
    await page.getByRole('button', { name: 'Replay, and compare' }).click()
    await page.locator('.group').first().waitFor()
    expect(await page.locator('.diff-figures').textContent()).toBe(
      '48compared44the same4differ0only in the old run0only in the new run',
    )
    expect(await page.locator('.group').first().textContent()).toContain('credit: false (risk) → true (approved)')
    await page.locator('.differing-row a').first().click()
    await page.getByText('Here they parted', { exact: true }).waitFor()
    const beside = (await page.locator('.beside').textContent()) ?? ''
    expect(beside).toContain('row.credit_score >= 700')
    expect(beside).toContain('row.credit_score >= 640')
    expect(beside).toMatch(/6\d\d >= 640/)
    expect(await looked.problems()).toEqual([])
    await page.getByLabel('Rows matched by').fill('id')
    await page.keyboard.press('Enter')
    await page.waitForURL(/key=id/)
    await page.locator('.group').first().waitFor()
    expect((await place.custody('verify', '--files')).exit).toBe(0)
  })

  test('what `_error` is that rows of one run have is said', async () => {
    const set = ['--set', 'nodes.credit.gate=row.credit_score / (row.id - row.id) > 1']
    const { stdout } = await place.custody('replay', 'demo/pipeline.yaml', '--from', run, ...set, '--json')
    const { page } = await look(`/compare?old=${run}&new=${JSON.parse(stdout).run}`)
    await page.locator('.group', { hasText: 'credit changed _error' }).click()
    await page.locator('.differing-row', { hasText: '_error' }).waitFor()
    await page.getByText('is what a row carries of the error that it met').waitFor()
  })

  test.runIf(LONG)('a re-run is compared by the rows that it repeats, from the story of one of them', async () => {
    expect((await place.custody('rerun', run, '--failed')).exit).toBe(0)
    const { page } = await look('/runs/latest/rows/2')
    await page.locator('.row-story').getByRole('link', { name: 'compare' }).click()
    await page.getByText('Each row of a re-run is compared with the one that it repeats').waitFor()
    await page.locator('.beside').waitFor()
    expect(await page.locator('.diff-figures').textContent()).toBe(
      '5compared5the same0differ43only in the old run0only in the new run',
    )
    const beside = (await page.locator('.beside').textContent()) ?? ''
    expect(beside).toMatch(/Old: run [\w-]+, row 23New: run [\w-]+, row 2a/)
    expect(beside.match(/error KEYWORD_FOUND/g)).toHaveLength(2)
  })

  test('the ledger is verified with its progress, and its checkpoint handed out', async () => {
    const looked = await look('/evidence', { scheme: 'dark', width: 390 })
    const { page } = looked
    await page.getByText('Signed head').waitFor()
    await page.getByRole('button', { name: 'Verify the ledger' }).click()
    await page.locator('[data-verify="verified"]').waitFor()
    expect(await page.locator('.verify-panel .verdict').textContent()).toContain('It holds')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Checkpoint' }).click(),
    ])
    const file = await download.path()
    expect((await place.custody('verify', '--since', file)).exit).toBe(0)
    expect(await looked.problems()).toEqual([])
    expect(await looked.fits()).toBe(true)
    // Tables are lists there, which nobody has to scroll sideways.
    expect(await page.getByRole('list', { name: 'Table of keys' }).textContent()).toContain('Good for heads of')
    const narrower = `[...document.querySelectorAll('main *')].filter(each => each.scrollWidth > each.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(each).overflowX)).length`
    expect(await page.evaluate(narrower)).toBe(0)
    await page.goto(`${explorer.url}/evidence?run=${run}`)
    await page.getByRole('button', { name: 'Verify the run' }).waitFor()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Evidence' }).click()
    await page.getByRole('button', { name: 'Verify the ledger' }).waitFor()
  })

  test('what is erased is said to be, and the rest of its story and its record still hold', {
    tags: ['proof'],
  }, async () => {
    expect((await place.custody('erase', run, '--row', '21', '--yes')).exit).toBe(0)
    const { page } = await look(`/runs/${run}/rows/21`)
    await page.getByText('its data is erased').waitFor()
    await page.locator('[data-checked="untrusted"]').waitFor()
    expect(await page.locator('.row-story').textContent()).not.toContain('Omar Mori')
    expect(await page.locator('.record').textContent()).toContain('What is shown here is what the proof says.')
  })

  test('nothing went wrong meanwhile', async () => {
    expect(open.flatMap(each => each.faults)).toEqual([])
    for (const each of open) await each.close()
  })

  /** Of a ledger that was changed after it was sealed. */
  const TAMPERINGS = [
    ['a value of row 17', 'payloads', 'Quinn Reyes', 'Quinn Keyes', 'rows/17'],
    ['an entry', 'entries', '"KEYWORD_FOUND"', '"KEYWORD_FINDS"', 'rows?class=failure'],
  ] as const
  test.each(LONG ? TAMPERINGS : TAMPERINGS.slice(0, 1))(
    'of a ledger in which somebody changed %s no data is shown, and what is wrong is',
    async (_, table, text, changed, path) => {
      replaceBehind(place, table, text, changed)
      try {
        const { page, close } = await explorer.look(`/runs/${run}/${path}`)
        await page.locator('.unsound').first().waitFor()
        expect(await page.locator('.unsound').first().textContent()).toContain('doesn’t hold')
        expect(await page.locator('main').textContent()).not.toContain(changed.replaceAll('"', ''))
        await close()
      } finally {
        replaceBehind(place, table, changed, text)
      }
    },
  )
})

/** As somebody would who knows the file: the guards of its tables are put back afterwards. */
function replaceBehind({ folder }: Place, table: string, text: string, by: string): void {
  const db = new DatabaseSync(join(folder, 'custody.db'))
  const guards = db.prepare(`SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`).all()
  for (const { name } of guards) db.exec(`DROP TRIGGER "${String(name)}"`)
  const { changes } = db
    .prepare(`UPDATE ${table} SET body = replace(body, ?, ?) WHERE instr(body, ?)`)
    .run(text, by, text)
  for (const guard of guards) db.exec(String(guard.sql))
  db.close()
  expect(Number(changes)).toBeGreaterThan(0)
}
