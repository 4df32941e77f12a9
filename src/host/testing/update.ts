/**
 * Writes into a test file what its cases come to, where they expect something else or nothing. All other text stays as it is, to the
 * byte: comments, quotes and blanks are somebody's.
 */
import {
  Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isSeq,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Expected, ExpectedRow } from '../../config/tests/format.ts'
import type { ConfigPath } from '../../config/tree.ts'
import { CustodyError } from '../../model/error.ts'
import { isObject, type Json, newRow, type Row } from '../../model/row.ts'
import type { Match } from './fits.ts'
import { closest, ENDINGS, expectsNothing, judgeRows, named, type Problem, stopOf, tokensOf } from './judge.ts'
import type { CaseRun } from './run-case.ts'
import type { CaseResult, Tested } from './test-pipeline.ts'

/** The text of the file, and which cases were changed, from 0: those of which all problems are about what is expected. */
export function updated({ tests, cases }: Tested): { readonly text: string; readonly changed: ReadonlySet<number> } {
  const editor = new Editor(tests.text)
  const changed = new Set<number>()
  for (const each of cases) {
    if (each.problems.length === 0 || each.run === null) continue
    const changes = changesOf(each, each.run, each.test.match ?? tests.content.match)
    if (changes === null) continue
    for (const { at, value } of changes) editor.put(['cases', each.index, ...at], value)
    changed.add(each.index)
  }
  return { text: editor.text, changed }
}

/**
 * The text of a test file with one case more, behind the others.
 * @throws CustodyError CUSTODY_ARGUMENT if its cases aren't a list with a line for each.
 */
export function withCase(text: string, test: Row): string {
  if (text.trim() === '') return `cases:${item(test, 2)}\n`
  const editor = new Editor(text)
  editor.append(['cases'], test)
  return editor.text
}

/** An answer that is missing, a row that isn't there: nothing that could be expected otherwise. */
function canChange({ at }: Problem): boolean {
  return at.length === 0 || (at[0] === 'expect' && at.at(-1) !== 'row')
}

// ── what is to stand there ──────────────────────────────────────────────────────────────────────────────────────────

interface Change {
  readonly at: ConfigPath
  /** null: it is to stand there no more. */
  readonly value: Json | null
}

/** null if more is wrong than what is expected. */
function changesOf({ test, problems }: CaseResult, run: CaseRun, match: Match): readonly Change[] | null {
  const { expect } = test
  if (!problems.every(canChange)) return null
  const code = stopOf(run)
  if (expect === undefined || expectsNothing(expect)) return [{ at: ['expect'], value: all(run, code) }]
  const found = judgeRows(expect, run, match)
  if (!found.every(canChange)) return null
  const others = found.map(({ at }) => ({ at: at.slice(0, 3), value: valueAt(at, expect, run, match) }))
  if (code === (expect.stops ?? null)) return others
  // A case that was only about the stop would expect nothing.
  if (code === null && expectsNothing({ ...expect, stops: undefined }))
    return [{ at: ['expect'], value: all(run, code) }]
  return [{ at: ['expect', 'stops'], value: code }, ...others]
}

/** Rows that name their files stand by these, too. */
function all({ sinks, files }: CaseRun, stops: string | null): Json {
  if (stops !== null) return { stops }
  return { sinks: Object.fromEntries(sinks), ...(files.size === 0 ? {} : { files: Object.fromEntries(files) }) }
}

function valueAt([, what, name]: ConfigPath, expect: Expected, run: CaseRun, match: Match): Json {
  switch (what) {
    case 'sinks':
    case 'files':
      return rowsOf(expect[what].get(String(name)) ?? [], run[what].get(String(name)) ?? [], match)
    case 'counts':
      return run.sinks.get(String(name))?.length ?? 0
    case 'rows': {
      const row = expect.rows[Number(name)]
      return row === undefined ? null : endingOf(row, run)
    }
    case 'errors':
      return run.errors.map(({ message: _, ...error }) => ({ ...error }))
    default:
      return run.status
  }
}

/** Of each row the fields that were expected in its place; of one more all. */
function rowsOf(expected: readonly Row[], actual: readonly Row[], match: Match): Json {
  return actual.map((row, i) => named(expected[i] ?? row, row, match))
}

/** What was expected of a row's end, as it is; what isn't there is left out. */
function endingOf(expected: ExpectedRow, run: CaseRun): Json {
  const token = closest(expected, tokensOf(expected, run))
  const row = newRow()
  row.row = expected.row
  if (expected.source !== undefined) row.source = expected.source
  for (const key of ENDINGS) {
    const value = token?.[key] ?? null
    if (expected[key] !== undefined && value !== null) row[key] = value
  }
  return row
}

// ── where it stands ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Puts values into a YAML text, one after the other. */
class Editor {
  #text: string

  constructor(text: string) {
    this.#text = text
  }

  get text(): string {
    return this.#text
  }

  /** In the place of what stands at a path; if nothing does, behind all else of the map there. null takes it out. */
  put(path: ConfigPath, value: Json | null): void {
    const document = parseDocument(this.#text)
    const [holder, old] = [document.getIn(path.slice(0, -1), true), document.getIn(path, true)]
    if (!isCollection(holder)) return
    const pair = isMap(holder) ? holder.items.find(each => each.value === old) : undefined
    if (value === null) return pair === undefined ? undefined : this.#remove(holder, pair)
    const in_braces = holder.flow === true
    if (old === undefined) return this.#add(holder, String(path.at(-1)), value)
    const [start, end] = [startOf(old), endOf(old)]
    if (in_braces || pair === undefined) return this.#splice(start, end, inBraces(value))
    const is_block = isCollection(old) && old.flow !== true
    if (is_block && isBlock(value)) return this.#splice(start, end, block(value, this.#column(start)).trimStart())
    // With its key: a block begins in a line of its own, and a comment stays with the key.
    const key = startOf(pair.key)
    const name = this.#text.slice(key, endOf(pair.key))
    const text = block(value, this.#column(key) + 2)
    const line_end = this.#lineEnd(end)
    if (!is_block && text.startsWith('\n'))
      return this.#splice(key, line_end, `${name}:${this.#text.slice(end, line_end)}${text}`)
    this.#splice(key, end, entry(name, text))
  }

  /** Behind all else of a map, and behind the comment of its last line. */
  #add(holder: YAMLMap | YAMLSeq, key: string, value: Json): void {
    const last = isMap(holder) ? holder.items.at(-1) : undefined
    const [start, end] = [startOf(holder), endOf(last?.value ?? last?.key)]
    if (holder.flow === true) return this.#splice(end, end, `, ${entry(key, inBraces(value))}`)
    const column = this.#column(start)
    const line_end = this.#lineEnd(end)
    this.#splice(line_end, line_end, `\n${' '.repeat(column)}${entry(key, block(value, column + 2))}`)
  }

  /** A key with its value; in a block with its lines, and the comment there. */
  #remove(holder: YAMLMap | YAMLSeq, pair: Pair): void {
    const [start, end] = [startOf(pair.key), endOf(pair)]
    if (holder.flow === true) {
      const behind = /^\s*,\s*/.exec(this.#text.slice(end))?.[0].length ?? 0
      const before = behind > 0 ? 0 : (/,\s*$/.exec(this.#text.slice(0, start))?.[0].length ?? 0)
      return this.#splice(start - before, end + behind, '')
    }
    // The first key of a list's item stands behind the dash: what follows takes its place.
    const line_end = this.#lineEnd(end)
    const column = this.#column(start)
    const is_first = this.#text.slice(start - column, start).trim() !== ''
    if (!is_first) return this.#splice(start - column, Math.min(line_end + 1, this.#text.length), '')
    this.#splice(start, line_end + 1 + column, '')
  }

  /** Puts an item behind the last one of a list. */
  append(path: ConfigPath, value: Row): void {
    const list = parseDocument(this.#text).getIn(path, true)
    if (!isSeq(list) || list.flow === true || list.items.length === 0)
      throw new CustodyError('CUSTODY_ARGUMENT', `${path.join('.')} isn’t a list with a line for each of its items`, {
        hint: 'Write them as - name: … below each other.',
      })
    const end = this.#lineEnd(endOf(list))
    this.#splice(end, end, `\n${item(value, this.#column(startOf(list)))}`)
  }

  #splice(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end)
  }

  #lineEnd(offset: number): number {
    const end = this.#text.indexOf('\n', offset)
    return end === -1 ? this.#text.length : end
  }

  #column(offset: number): number {
    return offset - this.#text.lastIndexOf('\n', offset - 1) - 1
  }
}

/** Whether it is written in lines of its own: lists of maps, and maps. */
function isBlock(value: Json): value is readonly Json[] | Row {
  if (!Array.isArray(value)) return isObject(value)
  return value.length > 0 && value.every(each => isObject(each))
}

/** What is in such a list stands in braces. Lines begin with their break. */
function block(value: Json, indent: number): string {
  if (!isBlock(value)) return inBraces(value)
  const margin = `\n${' '.repeat(indent)}`
  if (!isObject(value)) return value.map(each => `${margin}- ${inBraces(each)}`).join('')
  return Object.entries(value)
    .map(([key, each]) => `${margin}${entry(key, block(each, indent + 2))}`)
    .join('')
}

/** Of a list, behind its dash. */
function item(value: Row, indent: number): string {
  return `\n${' '.repeat(indent)}- ${block(value, indent + 2).trimStart()}`
}

const entry = (key: string, value: string) => (value.startsWith('\n') ? `${key}:${value}` : `${key}: ${value}`)

/** No text is so long that it is broken into lines. */
const LONGEST = Number.MAX_SAFE_INTEGER

function inBraces(value: Json): string {
  const document = new Document(value)
  if (isMap(document.contents) || isSeq(document.contents)) document.contents.flow = true
  const text = document.toString({ lineWidth: 0, blockQuote: false, doubleQuotedMinMultiLineLength: LONGEST }).trimEnd()
  // JSON is YAML, too, and stands in one line whatever it holds.
  return text.includes('\n') ? JSON.stringify(value) : text
}

function startOf(node: unknown): number {
  return rangeOf(node)[0]
}

/** Behind the last character of its value; of a block that is its last item's. */
function endOf(node: unknown): number {
  if (isPair(node)) return endOf(node.value ?? node.key)
  if (isCollection(node) && node.flow !== true && node.items.length > 0) return endOf(node.items.at(-1))
  return rangeOf(node)[1]
}

function rangeOf(node: unknown): readonly [number, number] {
  const [start = 0, end = 0] = (isNode(node) ? node.range : null) ?? []
  return [start, end]
}
