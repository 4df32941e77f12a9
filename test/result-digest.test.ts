/** The result digest of runs with splits: what makes another one, and what readers and `verify` say of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commitment } from '../src/format/hash.ts'
import { askPython, NO_PYTHON, pythonFolder } from './python/python.ts'
import { rebuildSplits, splitForger } from './support/split-ledger.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROWS = Array.from({ length: 90 }, (_, i) => `${i + 1},${'abc'[i % 3]},${i % 17 === 5 ? 'much' : i * 3}`)
const inputOf = (rows: readonly string[]) => `id,shop,amount\n${rows.join('\n')}\n`
const PIPELINE = (splits: string, limit = 100) => `
name: claims
defaults: { on_error: problems, on_invalid: problems }
${splits}
sources:
  claims:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, shop: string, amount: number } }
    to: size
nodes:
  size: { gate: row.amount >= ${limit}, routes: { true: both, false: small } }
  both: { fork: { rate: rate, copy: merge } }
  rate: { transform: compute, options: { set: { rate: row.amount + 1 } }, to: merge }
  merge: { coalesce: [rate, copy], policy: require_all, merge: union, on_conflict: first_wins, to: sums }
  sums: { aggregate: batch_stats${splits === '' ? '' : ', scope: split'}, trigger: { count: 4 }, options: { value: amount }, to: totals }
sinks:
  small: { plugin: csv, options: { path: out/small.csv, if_exists: replace } }
  totals: { plugin: jsonl, options: { path: out/totals.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`
const SPLITS = 'splits: { count: 3 }'

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'p.yaml': PIPELINE(SPLITS), 'in.csv': inputOf(ROWS) })
})
afterEach(() => work.close())

const put = (name: string, text: string) => writeFileSync(join(work.folder, name), text)

async function run(...argv: string[]): Promise<{ readonly run: string; readonly result_digest?: string }> {
  const { json, exit, stderr } = await work.custody('run', 'p.yaml', '--json', ...argv)
  expect(exit, stderr).toBe(0)
  return json
}

const outputs = () =>
  ['small.csv', 'totals.jsonl', 'problems.jsonl']
    .map(each => readFileSync(join(work.folder, 'out', each), 'utf8'))
    .join('')

test('runs that come to the same have the same, and any other result has another', { tags: ['proof'] }, async () => {
  const inputs: ReadonlyArray<readonly [string, readonly string[], number]> = [
    ['once', ROWS, 100],
    ['once more', ROWS, 100],
    ['another value', ROWS.with(40, '41,b,121'), 100],
    ['another value of a rejected record', ROWS.with(5, '6,c,more'), 100],
    ['another outcome', ROWS, 120],
    ['rows in another order', ROWS.with(3, ROWS[4]!).with(4, ROWS[3]!), 100],
    ['a row less', ROWS.slice(0, -1), 100],
  ]
  const runs: Array<{
    readonly what: string
    readonly run: string
    readonly digest: string
    readonly outputs: string
  }> = []
  for (const [what, rows, limit] of inputs) {
    put('in.csv', inputOf(rows))
    put('p.yaml', PIPELINE(SPLITS, limit))
    const { run: id, result_digest: digest = '' } = await run()
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    runs.push({ what, run: id, digest, outputs: outputs() })
  }
  const [first] = runs
  for (const [i, each] of runs.entries()) {
    expect(each.digest === first?.digest, each.what).toBe(i < 2)
    const { rows, batches, result_digest } = (await work.custody('diff', `${first?.run}`, each.run, '--json')).json
    expect(result_digest).toEqual({ old: first?.digest, new: each.digest })
    const same = [rows, batches].every(of => of.different + of.only_old + of.only_new === 0)
    // Who compares the files, too, sees no less than the digest does.
    expect(same && each.outputs === first?.outputs, each.what).toBe(i < 2)
  }
  const said = await Promise.all([1, 2].map(i => work.custody('diff', `${first?.run}`, `${runs[i]?.run}`)))
  const digest = first?.digest ?? ''
  expect(said[0]?.stdout).toContain(`\nboth have the result digest ${digest.slice(0, 8)}…${digest.slice(-2)}\n`)
  expect(said[1]?.stdout).toContain('\ntheir result digests differ\n')
  expect(new Set(runs.map(({ digest }) => digest)).size).toBe(runs.length - 1)
})

test('it is there for runs with splits, and readers say it until rows are erased', async () => {
  const { run: id, result_digest = '' } = await run()
  const shown = async () => (await work.custody('show', id, '--json')).json.result_digest
  expect(await shown()).toBe(result_digest)
  expect((await work.custody('show', id)).stdout).toContain(
    `result       digest ${result_digest.slice(0, 8)}…${result_digest.slice(-2)}`,
  )
  expect((await work.custody('resume', id, '--json')).json.result_digest).toBe(result_digest)
  expect((await work.custody('verify', id)).stdout).toContain(
    '✓ the result digest is that of its rows, batches and files',
  )
  await work.custody('erase', id, '--row', 'claims:7', '--yes')
  expect(await shown()).toBe(null)
  expect((await work.custody('show', id)).stdout).toContain('result       its digest is unavailable')
  const { ok, runs } = (await work.custody('verify', id, '--json')).json
  const check = runs[0].checks.find((each: { readonly name: string }) => each.name === 'result')
  expect([ok, check.ok, check.compared, check.not_checked]).toEqual([
    true,
    true,
    0,
    ['it is unavailable, since values are erased, or can’t be read'],
  ])

  put('p.yaml', PIPELINE(''))
  const whole = await run()
  expect(whole).not.toHaveProperty('result_digest')
  expect((await work.custody('show', whole.run, '--json')).json).not.toHaveProperty('result_digest')
  expect((await work.custody('verify', whole.run)).stdout).not.toContain('result digest')
})

describe('another one on record is found,', async () => {
  const forger = await splitForger()
  afterAll(() => forger.close())

  /** What the holder of the key says instead of the digest in the last entry of a log. */
  function say(log: number, said: string, to = forger): void {
    const seq = to.treeOf(log).size - 1
    const text = JSON.stringify(said)
    const salt = new Uint8Array(16).fill(9)
    to.run('UPDATE payloads SET salts = ?, body = ? WHERE log = ? AND seq = ?', salt, `[[${text}]]`, log, seq)
    to.put(log, seq, { ...to.body(log, seq), c: [commitment(salt, text)] })
    rebuildSplits(to)
  }

  test('in the seal', async () => {
    const problems = await forger.problems(() => say(1, 'ab'.repeat(32)))
    expect(problems).toEqual([
      expect.stringMatching(/^result: what the run came to has the digest ....….{4}, and abab…abab is on record$/),
    ])
  })

  test('where a split was closed', async () => {
    const problems = await forger.problems(() => say(3, 'ab'.repeat(32)))
    expect(problems).toEqual([
      expect.stringMatching(/^result: what split 2 came to has the digest ....….{4}, and abab…abab is on record$/),
    ])
  })

  test.skipIf(NO_PYTHON !== null)('by the verifier in Python, too', () => {
    const { folder, keys } = pythonFolder(forger.signer.verifier_key)
    const files = [null, 1, 3].map(log => {
      const copy = forger.copy()
      if (log !== null) copy.change(() => say(log, 'ab'.repeat(32), copy))
      const file = join(folder, `${log}.db`)
      writeFileSync(file, copy.bytes())
      copy.close()
      return file
    })
    const problems = askPython(files, keys).map(({ checks = [] }) => checks.flatMap(each => each.problems))
    expect(problems).toEqual([
      [],
      [expect.stringMatching(/^run .*: what it came to has the digest [0-9a-f]{64}, and (?:ab){32} is on record$/)],
      [expect.stringMatching(/: split 2: what it came to has the digest /)],
    ])
  })

  test('but ledgers of before have none, and hold', async () => {
    /** In the last entries of these logs. */
    const without = (logs: readonly number[]) => () => {
      for (const log of logs) {
        const seq = forger.treeOf(log).size - 1
        const { c: _, w: __, digest: ___, ...body } = forger.body(log, seq)
        forger.run('DELETE FROM payloads WHERE log = ? AND seq = ?', log, seq)
        forger.put(log, seq, { ...body, z: '00'.repeat(16) })
      }
      rebuildSplits(forger)
    }
    const { ok, runs } = await forger.after(without([1, 2, 3, 4]))
    expect([ok, runs[0]?.checks.find(({ name }) => name === 'result')]).toEqual([true, undefined])
    // As where the run was taken up by a Custody that makes them.
    expect(await forger.problems(without([1, 2]))).toEqual([])
    expect(await forger.problems(without([2]))).toEqual(['result: the seal has one, and not all of its splits have'])
  })

  test('and so is one that is none', async () => {
    const problems = await forger.problems(() => say(1, 'no hash'))
    expect(problems).toContainEqual(expect.stringContaining('`digest` is value'))
  })
})
