/**
 * Pipelines to be crashed: small enough to be run often, long enough for several commits, each with another kind of state
 * that a resume must find again.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Random } from '../simulation/random.ts'
import { zipOf } from '../support/zip.ts'
import { JOINED } from './joined.ts'

export interface CrashPipeline {
  readonly name: string
  readonly yaml: string
  /** By path from the pipeline's folder: sources, plugins, and what stands where sinks will write. */
  readonly files: { readonly [path: string]: string | Uint8Array }
  /** Whether answers come sooner or later: then the number of commits differs from run to run. */
  readonly asynchronous: boolean
  /** Into how many splits its input is cut, which its file says; absent: it isn't. */
  readonly splits?: number
}

/** The same pipeline with splits: what these need to be known is said, and nothing else. */
export function inSplits({ yaml, ...others }: CrashPipeline, splits: number): CrashPipeline {
  const known = yaml
    .replaceAll(/(path: out\/(?:appended|numbered|replaced)\.csv)/g, '$1, columns: [id, kind, text]')
    .replace('path: out/all.csv', 'path: out/all.csv, columns: [id, amount, file]')
    .replaceAll(/(aggregate: \w+),/g, '$1, scope: split,')
    .replaceAll(/(aggregate: \w+)\n/g, '$1\n    scope: split\n')
  return { ...others, splits, yaml: `splits: { count: ${splits} }${known}` }
}

/** The same, its records dealt by a field. */
export function dealt(pipeline: CrashPipeline, splits: number, by: string): CrashPipeline {
  const { yaml, ...others } = inSplits(pipeline, splits)
  return { ...others, yaml: yaml.replace(`count: ${splits} }`, `count: ${splits}, by: ${by} }`) }
}

/** Lays a pipeline out in an empty folder, as `pipeline.yaml`. */
export function layOut({ yaml, files }: CrashPipeline, folder: string): void {
  for (const [path, content] of Object.entries({ ...files, 'pipeline.yaml': yaml })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

const rows = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i + 1))
const csv = (header: string, lines: readonly string[]) => `${[header, ...lines].join('\n')}\n`
const jsonLines = (values: readonly unknown[]) => values.map(value => `${JSON.stringify(value)}\n`).join('')

function applications(count: number): string {
  const random = new Random(11)
  const notes = ['', 'call after 5', 'said "yes", twice', 'the password is kiwi', 'Zoë']
  return csv(
    'id,amount,note',
    rows(count, n => {
      if (n % 211 === 0) return `${n},too,many,cells`
      const amount = n % 97 === 0 ? 'a lot' : String(random.below(9000))
      return `${n},${amount},"${random.pick(notes).replaceAll('"', '""')}"`
    }),
  )
}

const linear: CrashPipeline = {
  name: 'linear',
  asynchronous: false,
  files: { 'applications.csv': applications(2300) },
  yaml: `
name: linear
defaults: { on_error: problems, on_invalid: problems }
sources:
  applications:
    plugin: csv
    options: { path: applications.csv }
    schema: { mode: fixed, fields: { id: integer, amount: number, note: string? } }
    to: screen
nodes:
  screen: { transform: keyword_filter, options: { fields: [note], patterns: ['password'] }, to: size }
  size: { gate: row.amount >= 5000, routes: { true: large, false: small } }
sinks:
  large: { plugin: csv, options: { path: out/large.csv } }
  small: { plugin: csv, options: { path: out/small.csv } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

/** Each mode of the file sinks, staged and not; one sink gets no row. */
const outputs: CrashPipeline = {
  name: 'outputs',
  asynchronous: false,
  files: {
    'events.jsonl': jsonLines(rows(2200, n => ({ id: n, kind: 'abcdef'[n % 7] ?? 'none', text: `event ${n} – Zoë` }))),
    'out/appended.csv': 'text,id,kind\nbefore,0,b',
    'out/appended.jsonl': '{"id":0}\n',
    'out/numbered.csv': 'theirs\n',
    'out/replaced.json': '["theirs"]\n',
    'out/replaced.csv': 'theirs\n',
  },
  yaml: `
name: outputs
defaults: { on_error: discard, on_invalid: discard }
sources:
  events: { plugin: jsonl, options: { path: events.jsonl }, to: kind }
nodes:
  kind:
    gate: row.kind
    routes: { a: array, b: appended, c: appended_lines, d: numbered, e: replaced, f: replaced_rows, none: lines, else: nothing }
sinks:
  array: { plugin: json, options: { path: out/deep/er/array.json } }
  appended: { plugin: csv, options: { path: out/appended.csv, if_exists: append } }
  appended_lines: { plugin: jsonl, options: { path: out/appended.jsonl, if_exists: append } }
  numbered: { plugin: csv, options: { path: out/numbered.csv, if_exists: number } }
  replaced: { plugin: json, options: { path: out/replaced.json, if_exists: replace } }
  replaced_rows: { plugin: csv, options: { path: out/replaced.csv, if_exists: replace } }
  lines: { plugin: text, options: { path: out/lines.txt, field: text } }
  nothing: { plugin: json, options: { path: out/nothing.json, if_exists: number } }
`,
}

/** A file that is made once more at the end, for columns that come later, and one that is packed commit by commit. */
const remade: CrashPipeline = {
  name: 'remade',
  asynchronous: false,
  files: {
    'events.jsonl': jsonLines(
      rows(2200, n => ({
        id: n,
        ...(n > 700 ? { [`note "${n % 3}"`]: `line\n${n}` } : {}),
        ...(n > 1800 ? { last: n } : {}),
      })),
    ),
  },
  yaml: `
name: remade
defaults: { on_error: discard, on_invalid: discard }
sources:
  events: { plugin: jsonl, options: { path: events.jsonl }, to: both }
nodes:
  both: { fork: { table: table, packed: packed } }
sinks:
  table: { plugin: csv, options: { path: out/table.csv, new_columns: union } }
  packed: { plugin: jsonl, options: { path: out/packed.jsonl.gz } }
`,
}

/** Rows say which file they go to; some of these are there before, and some rows name none. */
const named: CrashPipeline = {
  name: 'named',
  asynchronous: false,
  files: {
    'events.jsonl': jsonLines(
      rows(2300, n => ({
        id: n,
        region: n % 83 === 0 ? null : n % 89 === 0 ? '../up' : (['north', 'Süd', 'SÜD', 'east'][n % 4] ?? ''),
        month: `0${1 + (n % 3)}`,
        ...(n > 1500 && n % 5 === 0 ? { late: n } : {}),
      })),
    ),
    'out/log-north.jsonl': '{"id":0}',
    'out/log-east.jsonl': '{"id":0}\n',
    'out/array/north.json': '["theirs"]\n',
    'out/n-01.txt': 'theirs\n',
  },
  yaml: `
name: named
defaults: { on_error: problems, on_invalid: discard }
sources:
  events: { plugin: jsonl, options: { path: events.jsonl }, to: copies }
nodes:
  copies: { fork: { table: table, log: log, array: array, packed: packed, numbered: numbered } }
sinks:
  table: { plugin: csv, options: { path: 'out/{{ row.region }}/{{ row.month }}.csv', new_columns: union } }
  log: { plugin: jsonl, options: { path: 'out/log-{{ row.region }}.jsonl', if_exists: append } }
  array: { plugin: json, options: { path: 'out/array/{{ row.region }}.json', if_exists: replace } }
  packed: { plugin: jsonl, options: { path: 'out/packed-{{ row.month }}-{{ row.id | modulo: 3 }}.gz' } }
  numbered: { plugin: text, options: { path: 'out/n-{{ row.month }}.txt', field: id, if_exists: number } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

const line = (order: number, n: number) => ({ item: 'abcd'[(order + n) % 4] ?? '', pieces: (order * 7 + n) % 30 })

/** Rows become several rows, from sources that end in the middle of a commit. */
const expansion: CrashPipeline = {
  name: 'expansion',
  asynchronous: false,
  files: {
    'orders.jsonl': jsonLines(rows(600, n => ({ order: n, lines: rows(n % 4, each => line(n, each)) }))),
    'old-orders.csv': csv(
      'order,lines',
      rows(700, n => `${1000 + n},"${JSON.stringify([line(n, 1), line(n, 2)]).replaceAll('"', '""')}"`),
    ),
    'more-orders.json': JSON.stringify(rows(800, n => ({ order: 5000 + n, lines: n % 50 === 0 ? n : [line(n, 3)] }))),
    'prices.csv': csv('item,price', ['a,12', 'b,7', 'c,3.5']),
  },
  yaml: `
name: expansion
defaults: { on_error: problems, on_invalid: problems }
sources:
  new: { plugin: jsonl, options: { path: orders.jsonl }, to: lines }
  old:
    plugin: csv
    options: { path: old-orders.csv }
    schema: { mode: fixed, fields: { order: integer, lines: array } }
    to: lines
  more: { plugin: json, options: { path: more-orders.json }, to: lines }
nodes:
  lines: { transform: explode, options: { field: lines, as: line, index: position }, to: flat }
  flat:
    transform: compute
    options: { set: { item: row.line.item, pieces: row.line.pieces, position: row.position + 1 } }
    to: enough
  enough: { transform: filter, options: { keep: row.pieces > 2 }, to: priced }
  priced:
    transform: lookup
    options: { path: prices.csv, key: { item: item }, select: [price], missing: error }
    to: all
sinks:
  all: { plugin: jsonl, options: { path: out/all.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

/** Answers later, in another order in each process; some only at the second attempt, some never. What it answers is always the same. */
export const SLOW_PLUGIN = `
import { defineTransform, derive } from 'custody/sdk'
import { z } from 'zod'

export default defineTransform({
  name: 'slow_score',
  summary: 'Scores a text, sooner or later',
  kind: 'transform',
  cardinality: 'one',
  options: z.strictObject({}),
  determinism: 'deterministic',
  errors: { BUSY: 'Try again.', NO_SCORE: 'It has none.' },
  examples: [{ title: 'A score', options: {}, rows_in: [{ id: 1 }], rows_out: [{ id: 1, score: 7 }] }],
  concurrency: () => 48,
  guarantees: (_options, input) => ({
    ...input,
    fields: new Map([...input.fields, ['score', { schema: { type: 'integer' }, optional: false }]]),
  }),
  create: () => ({
    process(row, { attempt }) {
      const { id } = row
      const result =
        id % 61 === 0 && attempt === 1
          ? { kind: 'error', code: 'BUSY', message: 'busy', retryable: true }
          : id % 47 === 0
            ? { kind: 'error', code: 'NO_SCORE', message: 'none', retryable: false }
            : { kind: 'row', row: derive(row, { score: (id * 7) % 100 }) }
      if (Math.random() < 0.2) return result
      return new Promise(resolve => setTimeout(resolve, Math.random() * 6, result))
    },
  }),
})
`

/** Branches that wait for each other, and some that are lost, while other rows are under way. */
const branches: CrashPipeline = {
  name: 'branches',
  asynchronous: true,
  files: {
    'comments.jsonl': jsonLines(
      rows(1600, n => ({
        id: n,
        text: n % 5 === 0 ? 'LOUD' : `comment ${n}`,
        by: n % 13,
        about: { page: n % 7, lines: [{ to: n + 2, from: n }] },
      })),
    ),
    'slow.ts': SLOW_PLUGIN,
  },
  yaml: `
name: branches
defaults: { on_error: problems, on_invalid: problems }
plugins: [./slow.ts]
retry: { attempts: 2, backoff: 5ms }
sources:
  comments:
    plugin: jsonl
    options: { path: comments.jsonl }
    schema: { mode: fixed, fields: { id: integer, text: string, by: integer, about: object } }
    to: known
nodes:
  known: { gate: row.by != 3, routes: { true: checks, false: strangers } }
  checks: { fork: { tone: rate, score: score, copy: log } }
  rate: { transform: compute, options: { set: { loud: 'row.text == "LOUD"', seen: '"tone"' } }, to: any }
  any: { gate: row.id % 41 == 0, routes: { true: discard, false: findings } }
  score: { transform: slow_score, to: marked }
  marked: { transform: compute, options: { set: { seen: '"score"' } }, to: findings }
  findings: { coalesce: [tone, score], policy: require_all, merge: union, on_conflict: first_wins, to: verdict }
  verdict:
    cases:
      - { when: row.loud, to: queue }
      - { when: 'row.score >= 80', to: good }
      - { else: rest }
sinks:
  queue: { plugin: csv, options: { path: out/queue.csv } }
  good: { plugin: json, options: { path: out/good.json } }
  rest: { plugin: jsonl, options: { path: out/rest.jsonl } }
  log: { plugin: jsonl, options: { path: out/log.jsonl } }
  strangers: { plugin: text, options: { path: out/strangers.txt, field: text } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

/** Batches that stay open over several commits, one of them to the end of input, and one after another. */
const batches: CrashPipeline = {
  name: 'batches',
  asynchronous: false,
  files: {
    'sales.csv': csv(
      'id,shop,amount',
      rows(1500, n => `${n % 401 === 0 ? 'x' : n},shop ${n % 9},${n % 301 === 0 ? '' : (n * 37) % 500}`),
    ),
  },
  yaml: `
name: batches
defaults: { on_error: problems, on_invalid: problems }
sources:
  sales:
    plugin: csv
    options: { path: sales.csv }
    schema: { mode: fixed, fields: { id: integer, shop: string, amount: integer? } }
    to: copies
nodes:
  copies: { fork: { sums: sums, once: once, all: total } }
  sums:
    aggregate: batch_stats
    trigger: { count: 320 }
    options: { value: amount, group_by: shop }
    to: top
  top: { aggregate: batch_top_k, trigger: { count: 20 }, options: { by: sum, k: 3 }, to: tops }
  once: { aggregate: dedupe, trigger: { count: 700 }, output: passthrough, options: { key: [shop, amount] }, to: firsts }
  total: { aggregate: batch_stats, options: { value: amount }, output_rows: 1, to: totals }
sinks:
  tops: { plugin: jsonl, options: { path: out/tops.jsonl } }
  firsts: { plugin: csv, options: { path: out/firsts.csv } }
  totals: { plugin: json, options: { path: out/totals.json } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

/** Rows that sorts hold over several commits, two in a row, of which a coalesce waits for one; equal ones keep their order. */
const sorts: CrashPipeline = {
  name: 'sorts',
  asynchronous: false,
  files: {
    'sales.csv': csv(
      'id,shop,amount',
      rows(1400, n => `${n % 401 === 0 ? 'x' : n},shop ${n % 9},${n % 31 === 0 ? '' : (n * 37) % 500}`),
    ),
    'more.jsonl': jsonLines(rows(150, n => ({ id: 2000 + n, shop: `shop ${n % 4}`, parts: [n, -n, n % 7] }))),
  },
  yaml: `
name: sorts
defaults: { on_error: problems, on_invalid: problems }
sources:
  sales:
    plugin: csv
    options: { path: sales.csv }
    schema: { mode: fixed, fields: { id: integer, shop: string, amount: integer? } }
    to: copies
  more: { plugin: jsonl, options: { path: more.jsonl }, to: parts }
nodes:
  parts: { transform: explode, options: { field: parts, as: amount }, to: ranked }
  copies: { fork: { all: ranked, first: late, second: join } }
  ranked: { sort: [amount desc nulls first], to: by_shop }
  by_shop: { sort: [shop], to: groups }
  groups: { aggregate: dedupe, trigger: { count: 40 }, output: passthrough, options: { key: [shop, amount] }, to: ranking }
  late: { gate: 'row.id % 2 == 0', routes: { true: backwards, false: discard } }
  backwards: { sort: [id desc], to: marked }
  marked: { transform: compute, options: { set: { late: 'true' } }, to: join }
  join: { coalesce: [first, second], policy: best_effort, timeout: 1h, to: joined }
sinks:
  ranking: { plugin: csv, options: { path: out/ranking.csv } }
  joined: { plugin: jsonl, options: { path: out/joined.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

/** A far side that has a letter for each row, by the key of its request: that one was sent twice doesn't show, that one wasn't does. */
const OFFICE_PLUGIN = `
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { defineSink } from 'custody/sdk'

export default defineSink({
  name: 'post_office',
  summary: 'Puts each row into a box',
  options: z.strictObject({ box: z.string(), rows: z.int().default(1) }),
  determinism: 'external',
  errors: { NO_ADDRESS: 'It can’t be delivered.' },
  examples: [{ title: 'A box', options: { box: 'box' } }],
  delivery: 'outbound',
  services: () => ['office'],
  idempotent: () => true,
  batch: ({ rows }) => ({ rows, wait_ms: 30 }),
  create: ({ box }, { folder }) => ({
    request: row => ({ kind: 'outgoing', service: 'office', request: row }),
    send: async rows => {
      mkdirSync(join(folder, box), { recursive: true })
      for (const { outgoing, key } of rows) {
        // The run's id differs from run to run.
        const [token, sink] = key.split('-').slice(-2)
        writeFileSync(join(folder, box, token + '-' + sink + '.json'), JSON.stringify(outgoing.request))
      }
      await new Promise(resolve => setTimeout(resolve, Math.random() * 6))
      return { kind: 'accepted', response: { taken: rows.length } }
    },
  }),
})
`

/** Rows that are sent, one by one or together, and may be again; some of them under way at each commit. */
const letters: CrashPipeline = {
  name: 'letters',
  asynchronous: true,
  files: { 'people.jsonl': jsonLines(rows(240, n => ({ name: `person ${n}`, n }))), 'office.ts': OFFICE_PLUGIN },
  yaml: `
name: letters
defaults: { on_error: problems, on_invalid: problems }
plugins: [./office.ts]
sources:
  people:
    plugin: jsonl
    options: { path: people.jsonl }
    schema: { mode: fixed, fields: { name: string, n: integer } }
    to: copies
nodes:
  copies: { fork: { abroad: abroad, kept: log } }
  abroad: { gate: row.n % 3 == 0, routes: { true: foreign, false: local } }
sinks:
  local: { plugin: post_office, options: { box: out/local } }
  foreign: { plugin: post_office, options: { box: out/foreign, rows: 7 } }
  log: { plugin: jsonl, options: { path: out/log.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

/** Sources of many files, small and large, packed and empty, and an archive: commits end within files and between them. */
const folders: CrashPipeline = {
  name: 'folders',
  asynchronous: false,
  files: {
    ...Object.fromEntries(
      rows(30, n => {
        const lines = rows((n * 37) % 90, each => `${n * 1000 + each},${each % 23 === 0 ? 'x' : each * n}`)
        const text =
          n % 11 === 0
            ? ''
            : csv(
                n % 2 === 0 ? 'id,amount' : 'id;amount',
                n % 2 === 0 ? lines : lines.map(each => each.replace(',', ';')),
              )
        const whole = n % 2 === 0 || n % 11 === 0 ? text : `sep=;\n${text}`
        return [`in/${n}.csv${n % 7 === 0 ? '.gz' : ''}`, n % 7 === 0 ? gzipSync(whole) : whole] as const
      }),
    ),
    'large.jsonl': jsonLines(rows(1300, n => ({ id: n, amount: n % 3 }))),
    'small.jsonl': jsonLines([{ id: 1, amount: 7 }, { id: 2 }]),
    'old.zip': zipOf(
      rows(5, n => ({ name: `${n}.json`, content: JSON.stringify(rows(n * 40, each => ({ id: each, amount: n }))) })),
    ),
  },
  yaml: `
name: folders
defaults: { on_error: problems, on_invalid: problems }
sources:
  night:
    plugin: csv
    options: { path: 'in/*.csv*', path_field: file }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: all
  lines:
    plugin: jsonl
    options: { path: [small.jsonl, large.jsonl], path_field: file }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: all
  old: { plugin: json, options: { path: old.zip, path_field: file }, to: all }
sinks:
  all: { plugin: csv, options: { path: out/all.csv } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`,
}

export const PIPELINES: readonly CrashPipeline[] = [
  ...[linear, outputs, remade, named, expansion, branches, batches, sorts, letters],
  ...[folders, JOINED],
]

/** @throws TypeError if no pipeline has that name. */
export function pipelineNamed(name: string): CrashPipeline {
  const found = PIPELINES.find(each => each.name === name)
  if (found === undefined) throw new TypeError(`no pipeline ${name}`)
  return found
}
