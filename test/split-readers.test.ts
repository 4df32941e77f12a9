/** A run with splits is shown, searched, compared and erased like the same run without: only its numbers have parts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partOf } from '../src/model/part-ids.ts'
import { testPorts } from './support/ledger.ts'
import { runSplitPipeline, SPLITS } from './support/split-ledger.ts'
import { WorkFolder } from './support/work-folder.ts'

interface Shown {
  readonly row: number
  readonly source: string
  readonly origin: { readonly line: number; readonly index: number }
  readonly tokens: ReadonlyArray<{
    readonly token: number
    readonly parents: readonly number[]
    readonly [key: string]: unknown
  }>
}

const ROWS = 90
let work: WorkFolder
let whole: string
let split: string

beforeAll(async () => {
  work = new WorkFolder({})
  const url = `sqlite:${join(work.folder, 'custody.db')}`
  await runSplitPipeline(url, undefined)
  await runSplitPipeline(url, SPLITS)
  writeFileSync(
    join(work.folder, 'key'),
    testPorts()
      .signer.verifier_keys.map(each => `${each}\n`)
      .join(''),
  )
  await work.custody('key', 'trust', 'key')
  const runs: ReadonlyArray<{ readonly run: string }> = await json('runs')
  split = runs[0]?.run ?? ''
  whole = runs[1]?.run ?? ''
})
afterAll(() => work.close())

async function json(...argv: string[]) {
  const { json, exit, stderr } = await work.custody(...argv, '--json')
  expect(exit, stderr).toBe(0)
  return json
}

/** Without what depends on ids, times, and where a run wrote. */
const OWN = new Set(
  'run checkpoint signed_by duration_ms started_at ended_at started_us duration_us entries file path sha256 bytes'.split(
    ' ',
  ),
)
function alike(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, each) => (OWN.has(key) ? 0 : each))
}

test('it came to the same, and holds', async () => {
  const shown = await json('show', split)
  expect(alike(shown)).toEqual(alike(await json('show', whole)))
  expect(shown.entries).toBeGreaterThan(ROWS)
  const [listed, other] = await json('runs')
  expect(alike(listed)).toEqual(alike(other))
  expect((await work.custody('verify', '--decisions')).stdout).toMatch(/holds\.\n$/)
})

test('its stories are those of the same records, and each number is there once', async () => {
  const seen = new Set<number>()
  const tale = ({ source, origin, tokens }: Shown) => ({
    ...{ source, line: origin.line, index: origin.index },
    tokens: tokens.map(({ branch, outcome, cause, sink, visits }) => alike({ branch, outcome, cause, sink, visits })),
  })
  const hashes = /"(?:input|output)_hash":"[0-9a-f]+",?/g
  const text = (story: Shown) => JSON.stringify(tale(story)).replaceAll(hashes, '')
  for (let index = 1; index <= ROWS; index++) {
    const own: Shown = await json('explain', split, '--row', `orders:${index}`)
    expect(text(own)).toBe(text(await json('explain', whole, '--row', `orders:${index}`)))
    expect(partOf(own.row)).toBeGreaterThan(0)
    expect(seen.has(own.row)).toBe(false)
    seen.add(own.row)
    expect(await json('explain', split, '--row', String(own.row))).toEqual(own)
  }
})
