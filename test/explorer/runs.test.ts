/** Runs, one run, and its problems, in a real Chromium and from the real server. */
import { once } from 'node:events'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { listRuns } from '../../src/read/runs/list.ts'
import { launchChromium } from '../support/browser.ts'
import { LONG } from '../support/form.ts'
import { ROOT } from '../support/source-file.ts'
import { Explorer, type Looked, Place } from './explorer.ts'

const launched = await launchChromium()
const why = launched.ok ? '' : ` (there is no Chromium here: ${launched.why})`

/** From a commit to the screen. */
const SHOWN_WITHIN_MS = 2_000

/** Names of an HTML element that does something, as fields, values, file names and texts of errors. */
const HOSTILE = '<img src=x onerror=alert(1)>'
const HOSTILE_FIELD = `${HOSTILE}"'&`
const BIDI = 'a\u202eb\u0007c'

const HOSTILE_PIPELINE = `
# ${HOSTILE}
name: hostile
defaults: { on_error: kept, on_invalid: kept }
sources:
  rows: { plugin: jsonl, options: { path: 'data.jsonl' }, to: way }
nodes:
  way: { gate: 'row.way', routes: { '${HOSTILE}': refuse, else: refuse } }
  refuse: { transform: keyword_filter, options: { fields: [${JSON.stringify(HOSTILE_FIELD)}], patterns: ['img'] }, to: kept }
sinks:
  kept: { plugin: jsonl, options: { path: '${HOSTILE}.jsonl', if_exists: replace }, on_error: discard }
`
const LIVE_PIPELINE = `
name: slow-feed
defaults: { on_error: discard, on_invalid: discard }
sources:
  feed: { plugin: jsonl, options: { path: '-' }, to: size }
nodes:
  size: { gate: 'row.n > 2', routes: { 'true': big, 'false': discard } }
sinks:
  big: { plugin: jsonl, options: { path: big.jsonl, if_exists: replace } }
`

/** Takes its time, and is never at its end while a test looks, until there is a file beside it that says so. */
const SLOW_PLUGIN = `
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { defineTransform } from 'custody/sdk'
const go = new URL('go', import.meta.url)
export default defineTransform({
  name: 'slow', summary: 'Takes its time', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: {} }], cardinality: 'one',
  create: () => {
    let last = Promise.resolve()
    const wait = () => existsSync(go) ? undefined : new Promise(resolve => setTimeout(resolve, 100))
    return { process: row => (last = last.then(wait)).then(() => ({ kind: 'row', row })) }
  },
})
`
const SLOW_ROWS = 2_000
const SLOW_PIPELINE = `
name: patient
plugins: [./slow.mjs]
defaults: { on_error: discard, on_invalid: discard }
sources: { in: { plugin: csv, options: { path: numbers.csv }, to: take } }
nodes: { take: { transform: slow, to: out } }
sinks: { out: { plugin: csv, options: { path: slow.csv, if_exists: replace } } }
`

describe.skipIf(!launched.ok)(`the explorer in Chromium${why}`, () => {
  let place: Place
  let explorer: Explorer
  let loans = ''
  let hostile = ''
  beforeAll(async () => {
    if (!launched.ok) return
    const rows = [
      { way: HOSTILE, [HOSTILE_FIELD]: `${HOSTILE}${BIDI}` },
      { way: BIDI, [HOSTILE_FIELD]: 'img' },
    ]
    place = new Place(
      {
        [`${HOSTILE}.yaml`]: HOSTILE_PIPELINE,
        'data.jsonl': rows.map(each => `${JSON.stringify(each)}\n`).join(''),
        'live.yaml': LIVE_PIPELINE,
        'slow.yaml': SLOW_PIPELINE,
        'slow.mjs': SLOW_PLUGIN,
        'numbers.csv': `id\n${Array.from({ length: SLOW_ROWS }, (_, i) => i + 1).join('\n')}\n`,
      },
      HOSTILE.replaceAll('/', ''),
    )
    cpSync(join(ROOT, 'examples', 'loan-triage'), join(place.folder, 'loans'), { recursive: true })
    hostile = await place.run(`${HOSTILE}.yaml`)
    await place.run('loans/pipeline.yaml', '--limit', '100')
    loans = await place.run('loans/pipeline.yaml')
    explorer = await Explorer.start(launched.browser, place, ['--pipelines', place.folder])
  })
  afterAll(async () => {
    if (!launched.ok) return
    await explorer?.close()
    await launched.browser.close()
    place?.remove()
  })

  test('from the list of runs to one, by an edge to its rows, and to what failed and the story of an example', async () => {
    const looked = await explorer.look('/')
    const { page } = looked
    await page
      .getByRole('row')
      .filter({ hasText: loans.slice(0, 13) })
      .getByRole('link', { name: 'loan-triage' })
      .click()
    await page.getByRole('heading', { level: 1, name: 'loan-triage' }).waitFor()
    await page.getByRole('link', { name: 'false 899 rows from credit to risk' }).click()
    await page.waitForURL(`**/runs/${loans}/rows?edge=credit%3Afalse`)
    await page.goBack()
    await page
      .getByRole('link', { name: /^Problems/ })
      .first()
      .click()
    const problem = page.getByRole('listitem').filter({ hasText: 'VALUE_NULL' })
    await problem.getByText('row.credit_score').waitFor()
    await problem.getByRole('link', { name: /^Story of row/ }).click()
    await page.waitForURL(/\/runs\/[\w-]+\/rows\/\d+$/)
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test('a run under way is followed from the ledger alone, until it is over', async () => {
    const run = place.begin('run', 'live.yaml')
    const send = (from: number, to: number) => {
      for (let n = from; n <= to; n++) run.stdin.write(`{"n":${n}}\n`)
    }
    send(1, 3)
    const looked = await explorer.look('/')
    const { page } = looked
    await page.getByRole('link', { name: 'slow-feed' }).click()
    await page.getByText('running').first().waitFor()
    await page.getByRole('link', { name: 'true 1 row from size to big' }).waitFor()
    const before = await placesIn(looked)
    await show(looked, false)
    await expect.poll(() => listenersOf(explorer)).toBe(0)
    await show(looked, true)
    send(4, 12)
    await committed(place, 'slow-feed', 12)
    const since_ms = performance.now()
    await page.getByRole('link', { name: 'true 10 rows from size to big' }).waitFor()
    const took_ms = performance.now() - since_ms
    expect(run.exitCode).toBe(null)
    // How long that takes is the machine's affair where others use it, too.
    if (LONG) expect(took_ms).toBeLessThan(SHOWN_WITHIN_MS)
    expect(await placesIn(looked)).toEqual(before)
    const ended = once(run, 'exit')
    run.stdin.end()
    await ended
    await page.getByText('sealed', { exact: true }).waitFor()
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test('by keyboard alone: past the bar, to a run, its rows, back to all runs, and the list of keys', {
    tags: ['proof'],
  }, async () => {
    const looked = await explorer.look('/')
    const { page } = looked
    await page.getByRole('link', { name: 'loan-triage' }).first().waitFor()
    await page.keyboard.press('Tab')
    expect(await looked.focused()).toBe('To the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('?')
    const keys = page.getByRole('dialog', { name: 'Keys' })
    await keys.getByText('Compare').waitFor()
    await page.keyboard.press('Escape')
    await keys.waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await page.locator('select:focus').waitFor()
    const link = page
      .getByRole('row')
      .filter({ hasText: loans.slice(0, 13) })
      .getByRole('link')
      .first()
    await link.focus()
    const focusedRow = (): Promise<unknown> =>
      page.evaluate(`document.activeElement.closest('[data-index]')?.dataset.index`)
    const at = await focusedRow()
    await page.keyboard.press('ArrowDown')
    await expect.poll(focusedRow).not.toBe(at)
    await page.keyboard.press('ArrowUp')
    await expect.poll(focusedRow).toBe(at)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/runs/${loans}`)
    // The keys of a run are in force once its tabs are there.
    await page.getByRole('navigation', { name: 'Of this run' }).waitFor()
    for (const [key, url] of [
      ['p', '/problems'],
      ['w', '/rows'],
      ['o', ''],
    ] as const) {
      await looked.pressTogether('g', key)
      await page.waitForURL(`**/runs/${loans}${url}`)
    }
    await looked.pressTogether('g', 'r')
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor()
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test.runIf(LONG)('two runs are chosen and compared, the older one first', async () => {
    const looked = await explorer.look('/?name=loan-triage')
    const { page } = looked
    const boxes = page.getByRole('checkbox')
    await boxes.first().check()
    await boxes.last().check()
    await page.getByRole('link', { name: 'Compare', exact: true }).last().click()
    await page.waitForURL(new RegExp(`/compare\\?old=[\\w-]+&new=${loans}`))
    await looked.close()
  })

  test('text from data is text: nothing of it runs, and what can’t be seen is written out', async () => {
    const looked = await explorer.look('/')
    const { page } = looked
    for (const path of [`/runs/${hostile}`, `/runs/${hostile}?view=table&ways=all`, `/runs/${hostile}/problems`]) {
      await page.goto(`${explorer.url}${path}`)
      await page.getByText(HOSTILE).first().waitFor()
      expect(await page.locator('img').count()).toBe(0)
    }
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test('an operator starts a pipeline, and sees its run', async () => {
    const looked = await explorer.look('/')
    const { page } = looked
    await page.getByRole('button', { name: 'Start a run' }).click()
    await page.getByRole('dialog').getByRole('combobox').selectOption('loans/pipeline.yaml')
    await page.getByLabel('Records at most').fill('7')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.waitForURL(/\/runs\/[\w-]+$/)
    await page.getByText('sealed', { exact: true }).waitFor()
    expect(await page.locator('.figure-number').first().textContent()).toBe('7')
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test.runIf(LONG)('an operator stops a run of somebody else, and resumes it, each once asked', async () => {
    const run = place.begin('run', 'slow.yaml')
    const ended = once(run, 'exit')
    const looked = await explorer.look('/')
    const { page } = looked
    await page.getByRole('link', { name: 'patient' }).click()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText('It was stopped by the user').waitFor()
    expect((await ended)[0]).toBe(130)
    expect(await page.getByText('sealed', { exact: true }).count()).toBe(0)
    writeFileSync(join(place.folder, 'go'), '')
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await page.getByText('sealed', { exact: true }).waitFor()
    expect(await page.locator('.figure-number').first().textContent()).toBe('2,000')
    expect(readFileSync(join(place.folder, 'slow.csv'), 'utf8').split('\n').length).toBe(SLOW_ROWS + 2)
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test.runIf(LONG)('an operator runs failed rows again, once asked', async () => {
    const looked = await explorer.look(`/runs/${loans}/problems`)
    const { page } = looked
    await page.getByRole('button', { name: 'Run them again' }).click()
    await page.getByText('It asks no service, and costs nothing.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Run them again' }).click()
    await page.waitForURL(url => /\/runs\/[\w-]+$/.test(url.pathname) && !url.pathname.includes(loans))
    await page.getByText('sealed', { exact: true }).first().waitFor()
    expect(await page.locator('.figure-number').first().textContent()).toBe('100')
    expect(looked.faults).toEqual([])
    await looked.close()
  })

  test('without a session: what to do; a run that isn’t there: what is wrong, and how to go on', async () => {
    const stranger = await explorer.look('/', { signedIn: false })
    await stranger.page.getByText('custody serve').first().waitFor()
    expect(await stranger.problems()).toEqual([])
    await stranger.close()
    const looked = await explorer.look('/runs/ffff')
    await looked.page.getByRole('alert').getByText('CUSTODY_RUN_UNKNOWN').waitFor()
    await looked.close()
  })

  const RUNS = ['/', 'Last runs'] as const
  const RUN = ['/runs/RUN?ways=all', 'on_invalid'] as const
  const PROBLEMS = ['/runs/RUN/problems', 'KEYWORD_FOUND'] as const
  const SCREENS = [
    ['runs', 'dark', 390, ...RUNS],
    ['a run', 'light', 1280, ...RUN],
    ['its problems', 'dark', 390, ...PROBLEMS],
    ['runs', 'light', 1280, ...RUNS],
    ['a run', 'dark', 390, ...RUN],
    ['its problems', 'light', 1280, ...PROBLEMS],
  ] as const
  test.each(LONG ? SCREENS : SCREENS.slice(0, 2))(
    'what axe finds on %s, %s, %d px wide: nothing; and nothing is cut off',
    async (_, scheme, width, path, text) => {
      const looked = await explorer.look(path.replace('RUN', loans), { scheme, width })
      await looked.page.getByText(text).first().waitFor({ state: 'attached' })
      expect(await looked.problems()).toEqual([])
      expect(await looked.fits()).toBe(true)
      expect(looked.faults).toEqual([])
      await looked.close()
    },
  )

  test('a run that somebody changed is no data: what is wrong stands in its place, and the others are shown', async () => {
    const ledger = new DatabaseSync(join(place.folder, 'custody.db'))
    const guards = ledger
      .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entries'`)
      .all()
    for (const { name } of guards) ledger.exec(`DROP TRIGGER ${name}`)
    const { changes } = ledger
      .prepare(`UPDATE entries SET body = replace(body, '"hostile"', '"honest"') WHERE seq = 0`)
      .run()
    for (const { sql } of guards) ledger.exec(String(sql))
    ledger.close()
    expect(Number(changes)).toBeGreaterThan(0)
    const looked = await explorer.look(`/runs/${hostile}`)
    const { page } = looked
    await page
      .getByRole('alert')
      .getByText(/doesn’t hold/)
      .waitFor()
    expect(await page.locator('.figure, .plan-node').count()).toBe(0)
    expect(await looked.problems()).toEqual([])
    await page.goto(`${explorer.url}/`)
    await page.getByRole('link', { name: 'loan-triage' }).first().waitFor()
    await looked.close()
  })
})

/** Resolves once the ledger has `rows` of the run of that name, whoever looks at it. */
async function committed(place: Place, name: string, rows: number): Promise<void> {
  const reader = await openLedgerReader(place.env.CUSTODY_LEDGER)
  try {
    for (;;) {
      const { runs } = await listRuns(reader, () => true)
      if (runs.some(each => each.name === name && each.rows.read >= rows)) return
      await sleep(10)
    }
  } finally {
    await reader.close()
  }
}

/** A page that is in the background, or no longer. */
async function show({ page }: Looked, visible: boolean): Promise<void> {
  const state = JSON.stringify(visible ? 'visible' : 'hidden')
  await page.evaluate(
    `Object.defineProperty(document, 'visibilityState', { value: ${state}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
  )
}

/** How many listen to what the server reports. */
async function listenersOf({ url }: Explorer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^custody_live_listeners (\d+)$/m.exec(text)?.[1])
}

/** Where the nodes of the graph stand. */
async function placesIn({ page }: Looked): Promise<unknown> {
  const found: unknown = await page.evaluate(
    `[...document.querySelectorAll('.react-flow__node')].map(each => [each.dataset.id, each.style.transform])`,
  )
  return found
}
