/**
 * Every screen as people see it, to be looked at: `CUSTODY_SCREENSHOTS=FOLDER npx vitest run test/explorer/screens.test.ts` takes a picture of
 * each at 1280 and 390 pixels, light and dark, and has axe look at it. `CUSTODY_SCREENS=run,rows` takes some of them.
 */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../support/browser.ts'
import { json, ModelServer, says } from '../support/model-server.ts'
import { ROOT } from '../support/source-file.ts'
import { Explorer, type Looked, Place } from './explorer.ts'

const folder = process.env.CUSTODY_SCREENSHOTS ?? null
/** Names of some of them, between commas. */
const only = process.env.CUSTODY_SCREENS?.split(',') ?? null
const launched = folder === null ? null : await launchChromium()
/** What comes last has come, and has its place. */
const SETTLED_MS = 500
const HANGING_MS = 20_000
const SIZES = [
  ['light', 1280],
  ['light', 390],
  ['dark', 1280],
  ['dark', 390],
] as const

const modelPipeline = (url: string) => `
name: read-claims
defaults: { on_error: problems, on_invalid: problems }
sources:
  claims: { plugin: jsonl, options: { path: claims.jsonl }, to: read }
nodes:
  read:
    transform: llm
    options:
      provider: compatible
      base_url: ${url}
      model: small-1
      service: reader
      prompt: 'What is claimed here? {{ text }}'
      field: summary
      price: { input_usd_per_million: 2, output_usd_per_million: 8 }
      max_output_tokens: 200
    to: long
  long: { gate: 'row.summary.size() > 20', routes: { true: long_ones, false: short_ones } }
sinks:
  long_ones: { plugin: jsonl, options: { path: out/long.jsonl, if_exists: replace } }
  short_ones: { plugin: jsonl, options: { path: out/short.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
limits: { services: { reader: { per_minute: 600, concurrency: 2, breaker: { failures: 30 } } }, spend: { usd: 0.05 } }
guards: { rejected: 5%, failed: 50%, min_rows: 1 }
`

describe.skipIf(folder === null || launched?.ok !== true)('pictures of every screen of the explorer', () => {
  let place: Place
  let explorer: Explorer
  let model: ModelServer
  const runs: { [name: string]: string } = {}
  beforeAll(async () => {
    if (launched?.ok !== true || folder === null) return
    mkdirSync(folder, { recursive: true })
    model = await ModelServer.start()
    const claims = Array.from(
      { length: 40 },
      (_, i) => `${JSON.stringify({ id: i + 1, text: `Claim ${i + 1}: hail` })}\n`,
    )
    place = new Place({ 'claims.yaml': modelPipeline(model.url), 'claims.jsonl': claims.join('') })
    for (const each of ['loan-triage', 'nested-forks', 'daily-stats'])
      cpSync(join(ROOT, 'examples', each), join(place.folder, each), { recursive: true })
    const busy = json(429, { error: { message: 'slow down' } }, { 'retry-after': '1' })
    const wrong = json(400, { error: { message: 'the text is not allowed' } })
    model.plan(says('Hail damage to a parked car, in the night.'), busy, wrong, ...Array(30).fill(says('Hail damage.')))
    runs.MODEL = await place.run('claims.yaml')
    runs.SPENT = await place.run('claims.yaml', '--set', 'limits.spend.usd=0.01')
    runs.NESTED = await place.run('nested-forks/pipeline.yaml')
    runs.STATS = await place.run('daily-stats/pipeline.yaml')
    runs.OLD = await place.run('loan-triage/pipeline.yaml', '--limit', '800')
    runs.GUARD = await place.run('loan-triage/pipeline.yaml', '--set', 'guards.failed=1%')
    await place.custody('resume', runs.GUARD, '--set', 'guards.failed=off')
    runs.BROKEN = await place.run(
      'loan-triage/pipeline.yaml',
      '--set',
      'guards.rejected=0',
      '--set',
      'guards.min_rows=100',
    )
    runs.RUN = await place.run('loan-triage/pipeline.yaml')
    runs.AGAIN = await place.run('loan-triage/pipeline.yaml', '--set', 'nodes.credit.gate=row.credit_score >= 690')
    await place.custody('rerun', runs.RUN, '--failed')
    runs.TAMPERED = await place.run('nested-forks/pipeline.yaml')
    runs.ROW_THAT_PARTED = '23'
    explorer = await Explorer.start(launched.browser, place, ['--pipelines', place.folder])
    changeOpening(join(place.folder, 'custody.db'), runs.TAMPERED)
  })
  afterAll(async () => {
    await explorer?.close()
    await model?.close()
    place?.remove()
  })

  interface Screen {
    readonly path: string
    /** What is there once it is complete. */
    readonly until: string
    readonly first?: (looked: Looked) => Promise<unknown>
    readonly signedIn?: boolean
  }
  /** Folded on a narrow page. */
  const openSearch = async ({ page }: Looked) => {
    await page.locator('.filter-bar').waitFor()
    const fold = page.locator('.filter-fold > summary')
    if (await fold.isVisible()) await fold.click()
  }
  const press = (name: string) => (looked: Looked) => looked.page.getByRole('button', { name }).first().click()
  const SCREENS: { readonly [name: string]: Screen } = {
    runs: { path: '/', until: 'main a[href^="/runs/"]' },
    'runs-none': { path: '/?name=nothing', until: '.empty' },
    'runs-start': { path: '/', until: 'dialog, [role=dialog]', first: press('Start a run') },
    run: { path: '/runs/RUN', until: '.limit-list' },
    'run-all': { path: '/runs/RUN?view=table&ways=all', until: '.node-table, table' },
    'run-graph': { path: '/runs/RUN?view=graph', until: '.plan-node' },
    'run-model': { path: '/runs/MODEL', until: '.limit-list' },
    'run-spent': { path: '/runs/SPENT?view=graph', until: '.stop-list' },
    'run-guard': { path: '/runs/GUARD?view=graph', until: '.stop-list' },
    'run-broken': { path: '/runs/BROKEN', until: '.stop-list' },
    'run-nested': { path: '/runs/NESTED?view=graph', until: '.plan-node' },
    'run-unknown': { path: '/runs/ffff', until: '[role=alert]' },
    'run-tampered': { path: '/runs/TAMPERED', until: '.unsound' },
    problems: { path: '/runs/RUN/problems', until: '.problem, li' },
    'problems-none': { path: '/runs/STATS/problems', until: '.empty' },
    rows: { path: '/runs/RUN/rows', until: '.row-link' },
    'rows-failed': { path: '/runs/RUN/rows?class=failure', until: '.row-link' },
    'rows-none': { path: '/runs/RUN/rows?node=risk&text=nothing+like+it', until: '.nothing, .empty' },
    'rows-narrow': {
      path: '/runs/RUN/rows',
      until: '[role=option]',
      first: async looked => {
        await openSearch(looked)
        await looked.page.getByLabel('Narrow by').focus()
      },
    },
    'rows-limits': {
      path: '/runs/RUN/rows',
      until: 'dialog, [role=dialog]',
      first: async looked => {
        await openSearch(looked)
        await press('Time')(looked)
      },
    },
    row: { path: '/runs/RUN/rows/17', until: '[data-checked="untrusted"]' },
    'row-failed': { path: '/runs/RUN/rows/22', until: '[data-checked="untrusted"]' },
    'row-nested': { path: '/runs/NESTED/rows/1', until: '[data-checked="untrusted"]' },
    'row-model': { path: '/runs/MODEL/rows/2', until: '[data-checked="untrusted"]' },
    'row-unknown': { path: '/runs/RUN/rows/99999', until: '[role=alert]' },
    'compare-choose': { path: '/compare', until: 'main h1' },
    compare: { path: '/compare?old=RUN&new=AGAIN', until: '.group' },
    'compare-row': { path: '/compare?old=RUN&new=AGAIN&row=ROW_THAT_PARTED', until: '.beside' },
    'what-if': { path: '/compare?old=RUN', until: '.what-if, form' },
    evidence: { path: '/evidence', until: 'text=Signed head' },
    'evidence-verified': {
      path: '/evidence',
      until: '[data-verify="failed"], [data-verify="verified"]',
      first: press('Verify the ledger'),
    },
    keys: { path: '/', until: 'dialog, [role=dialog]', first: press('keys') },
    'no-screen': { path: '/nowhere', until: '.empty' },
    'sign-in': { path: '/', until: '.sign-in', signedIn: false },
  }

  test.each(SIZES)('%s, %d pixels', async (scheme, width) => {
    const wrong: string[] = []
    for (const [name, { path, until, first, signedIn = true }] of Object.entries(SCREENS)) {
      if (only !== null && !only.includes(name)) continue
      const url = path.replace(/[A-Z_]{3,}/g, word => runs[word] ?? word)
      const looked = await explorer.look(url, { scheme, width, signedIn })
      const { page } = looked
      page.setDefaultTimeout(HANGING_MS)
      try {
        await page.locator('main').waitFor()
        await first?.(looked)
        await page.locator(until).first().waitFor({ state: 'attached' })
        await page.locator('.picture .skeleton').waitFor({ state: 'detached' })
        await page.waitForTimeout(SETTLED_MS)
        await page.screenshot({ path: join(folder ?? '', `${name}-${width}-${scheme}.png`), fullPage: true })
        for (const problem of await looked.problems()) wrong.push(`${name}: ${problem}`)
        if (!(await looked.fits())) wrong.push(`${name}: is wider than the page`)
      } catch (error) {
        wrong.push(`${name}: ${String(error)}`)
      }
      await looked.close()
    }
    expect(wrong).toEqual([])
  })
})

/** Behind the back of the program: what the first entry of a run says. */
function changeOpening(file: string, run: string): void {
  const db = new DatabaseSync(file)
  const guards = db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entries'`).all()
  for (const { name } of guards) db.exec(`DROP TRIGGER ${name}`)
  db.prepare(`UPDATE entries SET body = replace(body, '"nested-forks"', '"nested-f0rks"') WHERE body LIKE ?`).run(
    `%${run}%`,
  )
  for (const { sql } of guards) db.exec(String(sql))
  db.close()
}
