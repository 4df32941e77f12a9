/** A ledger with a run whose input was cut into splits: forks, merges, batches and rejected records in each of them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leafHash } from '../../src/format/hash.ts'
import { Frontier } from '../../src/format/tree.ts'
import { type DayClock, drive } from '../crash/drive.ts'
import { type CrashPipeline, dealt, inSplits, layOut } from '../crash/pipelines.ts'
import { type Body, Forger } from './forger.ts'
import { T0, testPorts } from './ledger.ts'

const ROWS = 90

const PIPELINE: CrashPipeline = {
  name: 'cut',
  asynchronous: false,
  files: {
    'orders.csv': `id,shop,amount\n${Array.from({ length: ROWS }, (_, i) => `${i + 1},${'abc'[i % 3]},${i % 13 === 7 ? 'a lot' : i * 37}\n`).join('')}`,
    'extra.jsonl': Array.from({ length: 7 }, (_, i) => `{"id":${1000 + i},"shop":"d","amount":${i}}\n`).join(''),
  },
  yaml: `
name: cut
defaults: { on_error: problems, on_invalid: problems }
sources:
  orders:
    plugin: csv
    options: { path: orders.csv }
    schema: { mode: fixed, fields: { id: integer, shop: string, amount: number } }
    to: size
  extra:
    plugin: jsonl
    options: { path: extra.jsonl }
    schema: { mode: fixed, fields: { id: integer, shop: string, amount: number } }
    to: size
nodes:
  size: { gate: row.amount >= 2000, routes: { true: both, false: small } }
  both: { fork: { rate: rate, copy: merge } }
  rate: { transform: compute, options: { set: { rate: row.amount + 1 } }, to: merge }
  merge: { coalesce: [rate, copy], policy: require_all, merge: union, on_conflict: first_wins, to: sums }
  sums: { aggregate: batch_stats, trigger: { count: 4 }, options: { value: amount }, to: totals }
sinks:
  small: { plugin: csv, options: { path: out/small.csv } }
  totals: { plugin: jsonl, options: { path: out/totals.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

/** The same orders, in files of which each has a header: two are cut within, and one has no record. Batches are those of one run. */
const MANY: CrashPipeline = {
  ...PIPELINE,
  files: { ...PIPELINE.files, ...ordersIn([40, 0, 5, 45]) },
  yaml: PIPELINE.yaml.replace('path: orders.csv', 'path: orders/*.csv').replace('count: 4', 'count: 19'),
}

function ordersIn(counts: readonly number[]) {
  const [header = '', ...lines] = `${PIPELINE.files['orders.csv']}`.trimEnd().split('\n')
  return Object.fromEntries(
    counts.map((count, i) => [`orders/${i + 1}.csv`, `${[header, ...lines.splice(0, count)].join('\n')}\n`]),
  )
}

/** A microsecond passes each time that it is asked, so that commits end where rows say it, and not when 50 ms are over. */
function steadyClock(): DayClock {
  let now_us = T0
  const next = () => ++now_us
  const wake = (_delay_us: number, callback: () => void) => {
    const timer = setTimeout(callback, 30_000)
    return () => clearTimeout(timer)
  }
  return { day_us: next, monotonic_us: next, wake }
}

/**
 * Runs it, in one if `splits` isn't given, with the key of `testPorts`, into the ledger at `url`. `many`: with orders in several files; `by`:
 * the field by which records are dealt.
 */
export async function runSplitPipeline(
  url: string,
  splits: number | undefined,
  many = false,
  by: string | null = null,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-splits-'))
  try {
    const pipeline = many ? MANY : PIPELINE
    const of_splits = splits === undefined ? pipeline : inSplits(pipeline, splits)
    layOut(splits === undefined || by === null ? of_splits : dealt(pipeline, splits, by), folder)
    mkdirSync(join(folder, 'out'))
    const { signer } = testPorts()
    const { error } = await drive({ folder, url, signer, resume: false, clock: steadyClock(), commit_rows: 10 })
    if (error !== null) throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How many it has; its coordinator's log is 1, that of split N is 1 + N. */
export const SPLITS = 3

/** A ledger with such a run, whose coordinator has said in between how far its splits were: in the midst, at their close, and before it. */
export async function splitForger(many = false, by: string | null = null): Promise<Forger> {
  const forger = await Forger.of(url => runSplitPipeline(url, SPLITS, many, by))
  const seq = seqsOf(forger, 1, 'publish')[0] ?? 0
  const [, end = 0] = seqsOf(forger, 2, 'commit')
  const sizes = [end + 1, forger.treeOf(3).size, forger.treeOf(4).size - 1]
  const heads = sizes.map((size, i) => ({ part: i + 1, ...firstOf(forger, 2 + i, size) }))
  forger.change(() => {
    const [t = 0, z] = [forger.body(1, seq).t, '00'.repeat(16)]
    insert(forger, 1, seq, { k: 'parts', heads, t, z })
    const { run = '' } = forger.body(1, 0)
    // As it is said when the run takes longer.
    insert(forger, 0, 2, { k: 'progress', log: 1, run, size: seq + 1, root: '', t, z })
    rebuildSplits(forger)
  })
  return forger
}

/** Numbers of the entries of a kind. */
export function seqsOf(forger: Forger, log: number, kind: string): readonly number[] {
  return forger
    .all('SELECT seq FROM entries WHERE log = ? AND body LIKE ? ORDER BY seq', log, `%"k":"${kind}"%`)
    .map(({ seq }) => Number(seq))
}

/** Puts an entry of the run, or of a row, before another one. */
export function insert(forger: Forger, log: number, seq: number, body: Body): void {
  move(forger, log, seq, 1)
  forger.run(
    'INSERT INTO entries (log, seq, row, batch, body) VALUES (?, ?, ?, null, ?)',
    ...([log, seq, typeof body.r === 'number' ? body.r : null, '{}'] as const),
  )
  forger.put(log, seq, body)
}

/** Takes out an entry, and what is stored of it. */
export function remove(forger: Forger, log: number, seq: number): void {
  for (const table of ['entries', 'payloads', 'endings'])
    forger.db.prepare(`DELETE FROM ${table} WHERE log = ? AND seq = ?`).run(log, seq)
  move(forger, log, seq + 1, -1)
}

function move(forger: Forger, log: number, from: number, by: number): void {
  for (const table of ['entries', 'payloads', 'endings']) {
    forger.db.prepare(`UPDATE ${table} SET seq = -seq - 1 WHERE log = ? AND seq >= ?`).run(log, from)
    forger.db.prepare(`UPDATE ${table} SET seq = -seq - 1 + ? WHERE log = ? AND seq < 0`).run(by, log)
  }
}

/** What isn't made anew: what a close says of its log, what the coordinator says of its splits, or what the seal does. */
export type Left = 'close' | 'heads' | 'parts'

/** The holder of the key makes anew what follows from the entries of a run with splits, and signs all heads. */
export function rebuildSplits(forger: Forger, ...left: readonly Left[]): void {
  const { signer } = forger
  const last = new Frontier()
  for (let log = 2; log <= 1 + SPLITS; log++) {
    if (forger.treeOf(log).size === 0) continue
    const end = forger.treeOf(log).size - 1
    const close = forger.body(log, end)
    if (close.k === 'close' && !left.includes('close'))
      forger.put(log, end, { ...close, subjects: subjectsOf(forger, log), ...firstOf(forger, log, end) })
    last.append(leafHash(textsOf(forger, log).at(-1) ?? ''))
    forger.resign(log, signer)
  }
  for (const seq of left.includes('heads') ? [] : seqsOf(forger, 1, 'parts')) {
    const body = forger.body(1, seq)
    const heads = (body.heads as Body[]).map(head => ({
      ...head,
      ...firstOf(forger, 1 + Number(head.part), Number(head.size)),
    }))
    forger.put(1, seq, { ...body, heads })
  }
  const [seal = 0] = seqsOf(forger, 1, 'seal')
  if (!left.includes('parts'))
    forger.put(1, seal, { ...forger.body(1, seal), parts: { size: last.size, root: last.root() } })
  const head = forger.resign(1, signer)
  const [opened = 0] = seqsOf(forger, 0, 'opened')
  const [sealed = 0] = seqsOf(forger, 0, 'sealed')
  for (const seq of seqsOf(forger, 0, 'progress')) {
    const body = forger.body(0, seq)
    forger.put(0, seq, { ...body, ...firstOf(forger, 1, Number(body.size)) })
  }
  forger.put(0, opened, { ...forger.body(0, opened), root: firstOf(forger, 1, 1).root })
  forger.put(0, sealed, { ...forger.body(0, sealed), ...head })
  forger.resign(0, signer)
}

function subjectsOf(forger: Forger, log: number) {
  const last = (column: 'row' | 'batch') =>
    treeOf(
      forger
        .all(
          `SELECT body, max(seq) FROM entries WHERE log = ? AND ${column} IS NOT NULL GROUP BY ${column} ORDER BY ${column}`,
          log,
        )
        .map(({ body }) => `${body}`),
    )
  return { rows: last('row'), batches: last('batch') }
}

function textsOf(forger: Forger, log: number): readonly string[] {
  return forger.all('SELECT body FROM entries WHERE log = ? ORDER BY seq', log).map(({ body }) => `${body}`)
}

/** Of the first entries of a log; of all of it, if it has no more. */
export function firstOf(forger: Forger, log: number, size: number): { size: number; root: string } {
  return { ...treeOf(textsOf(forger, log).slice(0, size)), size }
}

function treeOf(texts: readonly string[]): { size: number; root: string } {
  const tree = new Frontier()
  for (const text of texts) tree.append(leafHash(text))
  return { size: tree.size, root: tree.root() }
}
