/** The differences of two runs for people: counts by the decision at which they parted, and what to look at next. */
import { type FileChange, fileReadText } from '../../format/files-read.ts'
import { type CodeChange, codeText } from '../../format/plugin-code.ts'
import { idArgument, idText } from '../../model/part-ids.ts'
import type { Row } from '../../model/row.ts'
import type {
  Both,
  Divergence,
  EndingSummary,
  KeyedRows,
  OnlyRows,
  Parting,
  RowDifference,
  RunDiff,
} from '../../read/diff/difference.ts'
import { partingText } from '../../read/words/parting.ts'
import type { Paint } from '../terminal.ts'
import {
  columnsOf,
  count,
  counted,
  hashText,
  padEnd,
  padStart,
  printable,
  shorten,
  shortRun,
  valueText,
} from './text.ts'

export interface DiffView {
  readonly columns: number
  readonly paint: Paint
  /** How many differences are listed one by one. */
  readonly list: number
  /** A command that explains something of a run: `--row 3`. */
  explain(run: string, what: string): string
  /** The command that compares the same runs by a key. */
  byKey(old: string, now: string): string
}

/** Of rows that take no part in a comparison by key, other numbers are a difference; a re-run has only some rows, which is none. */
export function differs({ rows, batches, key, matched_by }: RunDiff): boolean {
  if (matched_by === 'repeats') return rows.different + batches.different > 0
  const left_out = key === undefined ? [] : LEFT_OUT.filter(([why]) => key.old[why].rows !== key.new[why].rows)
  return left_out.length > 0 || [rows, batches].some(each => each.different + each.only_old + each.only_new > 0)
}

export function renderDiff(diff: RunDiff, view: DiffView): string {
  const { rows, batches } = diff
  const lines = [headline(diff, view)]
  lines.push(
    ...groupLines(
      'row',
      diff.groups.map(each => ({ ...each, count: each.rows })),
      view,
    ),
  )
  if (batches.different > 0) {
    lines.push('', differText(batches.different, batches.compared, 'batch', 'batches'))
    lines.push(
      ...groupLines(
        'batch',
        batches.groups.map(each => ({ ...each, count: each.batches })),
        view,
      ),
    )
  }
  const rest = [
    unknownText(rows.unknown, 'row', 'rows'),
    unknownText(batches.unknown, 'batch', 'batches'),
    ...(diff.key !== undefined ? keyLines(diff, diff.key) : onlyLines(diff)),
    onlyBatches(batches.only_old, 'old'),
    onlyBatches(batches.only_new, 'new'),
  ].filter(each => each !== null)
  if (rest.length > 0) lines.push('', ...rest)
  const others = [...diff.code.map(codeLine), ...diff.reads.map(readLine), ...digestLines(diff)]
  if (others.length > 0) lines.push('', ...others)
  if (view.list > 0) lines.push(...listed(diff, view))
  const next = nextSteps(diff, view)
  return [...lines, ...(next === null ? [] : ['', next])].join('\n')
}

/** `the code of transform mine differs: file 8f3a9c01… → file 91bc22d0…` */
function codeLine({ kind, name, old, new: now }: CodeChange): string {
  return printable(`the code of ${kind} ${name} differs: ${codeText(old)} → ${codeText(now)}`)
}

/** Nothing where one of them isn't known. */
function digestLines({ result_digest }: RunDiff): readonly string[] {
  const { old: before = null, new: now = null } = result_digest ?? {}
  if (before === null || now === null) return []
  return [before === now ? `both have the result digest ${hashText(now)}` : 'their result digests differ']
}

/** `names.csv, which known reads, differs: 120 bytes, 8f3a9c01… → 131 bytes, 91bc22d0…` */
function readLine({ node, path, old, new: now }: FileChange): string {
  return printable(`${path}, which ${node} reads, differs: ${fileReadText(old)} → ${fileReadText(now)}`)
}

function headline({ old: before, new: after, rows, key, matched_by }: RunDiff, { paint }: DiffView): string {
  const repeats = matched_by === 'repeats' ? ', each row of a re-run with the one that it repeats' : ''
  const by = key === undefined ? repeats : `, matched by ${key.fields.map(printable).join(', ')}`
  const runs = `between run ${shortRun(before)}… and run ${shortRun(after)}…${by}`
  if (rows.different > 0) return paint('bold', `${differText(rows.different, rows.compared, 'row', 'rows')} ${runs}`)
  return `${paint('bold', 'no row differs')} ${runs}, ${counted(rows.compared, 'row')} compared`
}

/** `1 of 5 rows differs`, `3 of 5 rows differ`. */
function differText(many: number, of: number, one: string, more: string): string {
  return `${count(many)} of ${counted(of, one, more)} ${many === 1 ? 'differs' : 'differ'}`
}

type CountedGroup = Parting & { readonly count: number; readonly examples: readonly number[] }

/** `  tier: micro → review   812  rows 3, 17, 21, …` */
function groupLines(of: 'row' | 'batch', groups: readonly CountedGroup[], { columns, paint }: DiffView): string[] {
  const cells = groups.map(group => ({ what: partingText(group), count: count(group.count), group }))
  const number = Math.max(0, ...cells.map(each => each.count.length))
  const room = Math.max(20, columns - number - 32)
  const width = Math.min(room, Math.max(0, ...cells.map(each => columnsOf(each.what))))
  return cells.map(({ what, count: many, group }) => {
    const examples = paint('dim', exampleText(of, group, columns - width - number - 6))
    return `  ${padEnd(shorten(what, width), width)}  ${padStart(many, number)}  ${examples}`
  })
}

/** As many numbers as fit, at most five. */
function exampleText(of: 'row' | 'batch', { count: many, examples }: CountedGroup, room: number): string {
  const words = of === 'row' ? ['row', 'rows'] : ['batch', 'batches']
  for (let shown = Math.min(5, examples.length); shown > 1; shown--) {
    const more = many > shown ? ', …' : ''
    const text = `${words[1]} ${examples.slice(0, shown).map(idText).join(', ')}${more}`
    if (text.length <= room) return text
  }
  return many > 1 ? `${words[1]} ${idText(examples[0] ?? 0)}, …` : `${words[0]} ${idText(examples[0] ?? 0)}`
}

function unknownText(many: number, one: string, more: string): string | null {
  return many === 0 ? null : `of ${counted(many, one, more)} the output can’t be compared: its values are erased`
}

/** The rest of a run of which some rows were run again is said by its number: it may be scattered over all of it. */
function onlyLines({ matched_by, rows, only }: RunDiff): readonly (string | null)[] {
  if (matched_by !== 'repeats') return only.map(onlyText)
  const line = (many: number, which: 'old' | 'new') =>
    many === 0 ? null : `only in the ${which} run: ${counted(many, 'row')}`
  return [line(rows.only_old, 'old'), line(rows.only_new, 'new')]
}

function onlyText({ in: which, source, index, row }: OnlyRows): string {
  const many = index.to - index.from + 1
  const records = many === 1 ? `record ${count(index.from)}` : `records ${count(index.from)} to ${count(index.to)}`
  const rows = many === 1 ? `row ${idText(row.from)}` : `rows ${idText(row.from)} to ${idText(row.to)}`
  return `only in the ${which} run: ${counted(many, 'row')}  ${rows} (${records} of ${printable(source)})`
}

function onlyBatches(many: number, which: 'old' | 'new'): string | null {
  return many === 0 ? null : `only in the ${which} run: ${counted(many, 'batch', 'batches')}`
}

// ── matched by key ──────────────────────────────────────────────────────────────────────────────────────────────────

const LEFT_OUT = [
  ['rejected', 'record that was rejected', 'records that were rejected'],
  ['without_key', 'row without the key', 'rows without the key'],
  ['erased', 'row whose key is erased', 'rows whose key is erased'],
] as const

/** What was matched by no number: what only one run has, what is repeated, and what took no part. */
function keyLines(diff: RunDiff, key: NonNullable<RunDiff['key']>): string[] {
  const sides = ['old', 'new'] as const
  return [
    ...sides.flatMap(which => onlyByKey(diff, which)),
    ...sides.flatMap(which => repeatedText(key[which], which)),
    ...sides.flatMap(which => {
      const rows = key[which]
      return LEFT_OUT.filter(([why]) => rows[why].rows > 0).map(
        ([why, one, more]) =>
          `left out of the ${which} run: ${counted(rows[why].rows, one, more)}  ${rowsText(rows[why].rows, rows[why].examples)}`,
      )
    }),
  ]
}

/** `only in the new run: 3 rows  rows 2, 6 to 7`. */
function onlyByKey({ only, rows }: RunDiff, which: 'old' | 'new'): string[] {
  const many = which === 'old' ? rows.only_old : rows.only_new
  if (many === 0) return []
  const shown = only.filter(each => each.in === which).slice(0, SHOWN)
  const stretches = shown.map(({ row: { from, to } }) =>
    from === to ? idText(from) : `${idText(from)} to ${idText(to)}`,
  )
  const listed = shown.reduce((sum, { row }) => sum + row.to - row.from + 1, 0)
  const text = [...stretches, ...(listed < many ? ['…'] : [])].join(', ')
  return [`only in the ${which} run: ${counted(many, 'row')}  ${many === 1 ? 'row' : 'rows'} ${text}`]
}

function repeatedText({ repeated: { keys, rows, examples } }: KeyedRows, which: 'old' | 'new'): string[] {
  if (keys === 0) return []
  const texts = examples.slice(0, SHOWN).map(each => `${keyText(each.key)} (${rowsText(each.times, each.rows)})`)
  const more = keys > texts.length ? ' · …' : ''
  const head = `${counted(keys, 'key is', 'keys are')} repeated in the ${which} run: ${counted(rows, 'row')}, matched in their order`
  return [head, `  ${texts.join(' · ')}${more}`]
}

/** Of what there are examples of. */
const SHOWN = 5

function rowsText(many: number, examples: readonly number[]): string {
  const shown = examples.slice(0, SHOWN)
  return `${many === 1 ? 'row' : 'rows'} ${shown.map(count).join(', ')}${many > shown.length ? ', …' : ''}`
}

/** `region "north", id 17`. */
function keyText(key: Row): string {
  return Object.entries(key)
    .map(([field, value]) => `${printable(field)} ${valueText(value)}`)
    .join(', ')
}

// ── one by one ──────────────────────────────────────────────────────────────────────────────────────────────────────

function listed({ differences, batches, rows }: RunDiff, view: DiffView): string[] {
  const lines = [
    ...differences.flatMap(each => ['', ...oneLines(rowTitle(each), each, view)]),
    ...batches.differences.flatMap(each => ['', ...oneLines(`batch ${numbers(each.batch)}`, each, view)]),
  ]
  const left = rows.different + batches.different - differences.length - batches.differences.length
  return left === 0 ? lines : [...lines, '', `and ${count(left)} more`]
}

/** `row 3`, `row 3 (4 in the new run), id 17`. */
function rowTitle({ row, key }: RowDifference): string {
  return `row ${numbers(row)}${key === undefined ? '' : `, ${keyText(key)}`}`
}

/** `3`, or `3 (4 in the new run)`. */
function numbers({ old: before, new: after }: Both<number>): string {
  return before === after ? count(before) : `${count(before)} (${count(after)} in the new run)`
}

function oneLines(title: string, divergence: Divergence, { columns, paint }: DiffView): string[] {
  const { parted_at, changed, outcome, differs: what } = divergence
  const cut = (line: string) => shorten(line, columns)
  const fields = Object.entries(changed).map(([field, sides]) => {
    const [before, after] = [sides.old, sides.new].map(side => (side === undefined ? 'none' : valueText(side)))
    return cut(`    ${printable(field)}: ${before} → ${after}`)
  })
  const endings = what.outcome ? [cut(`    ended ${endingText(outcome.old)} → ${endingText(outcome.new)}`)] : []
  const written = what.output ? ['    other data were written'] : []
  return [
    `  ${paint('bold', title)}  ${shorten(partingText(parted_at), columns - title.length - 4)}`,
    ...fields,
    ...endings,
    ...written,
  ]
}

function endingText(ending: EndingSummary | null): string {
  if (ending === null) return 'nowhere yet'
  const { outcome, cause, sink, error_code } = ending
  return `${outcome} / ${cause}${sink === null ? '' : ` at ${printable(sink)}`}${error_code === null ? '' : ` (${error_code})`}`
}

/**
 * A record that was put in or left out gives all behind it other numbers: then runs have more rows or fewer, or, where one came and
 * another went, several records that are others than before.
 */
function mayBeShifted({ rows, groups, differences }: RunDiff): boolean {
  if (rows.only_old + rows.only_new > 0) return true
  const sources = new Set(differences.map(each => each.source))
  const others = groups.filter(({ node }) => sources.has(node)).reduce((sum, each) => sum + each.rows, 0)
  return others > 1
}

function nextSteps(diff: RunDiff, { explain, byKey }: DiffView): string | null {
  const { old: before, new: after, differences, batches, rows } = diff
  const [row] = differences
  const token = batches.differences.find(each => each.token.old !== null && each.token.new !== null)?.token
  if (row === undefined && token === undefined) return null
  const what = (side: 'old' | 'new') =>
    row === undefined ? `--token ${idArgument(token?.[side] ?? 0)}` : `--row ${idArgument(row.row[side])}`
  const shifted = diff.matched_by === 'number' && rows.different > 0 && mayBeShifted(diff)
  const steps = [
    explain(shortRun(before), what('old')),
    explain(shortRun(after), what('new')),
    ...(shifted ? [`${byKey(shortRun(before), shortRun(after))}   if records were put in or left out`] : []),
  ]
  return `Try:  ${steps.join('\n      ')}`
}
