/**
 * Writes into a test file what its cases come to, where they expect something else or nothing. All other text stays as it is, to the
 * byte: comments, quotes and blanks are somebody's.
 */
import { Document, isCollection, isMap, isNode, isPair, isSeq, parseDocument } from 'yaml'
import type { Expected, ExpectedRow } from '../../config/tests/format.ts'
import type { ConfigPath } from '../../config/tree.ts'
import { CustodyError } from '../../model/error.ts'
import { isObject, type Json, newRow, type Row } from '../../model/row.ts'
import type { Match } from './fits.ts'
import { closest, ENDINGS, named, type Problem, tokensOf } from './judge.ts'
import type { CaseRun } from './run-case.ts'
import type { CaseResult, Tested } from './test-pipeline.ts'

/** The text of the file, and how many cases were changed: those of which all problems are about what is expected. */
export function updated({ tests, cases }: Tested): { readonly text: string; readonly cases: number } {
  const editor = new Editor(tests.text)
  let changed = 0
  for (const each of cases) {
    if (each.problems.length === 0 || each.run === null || !each.problems.every(canChange)) continue
    for (const { at, value } of changesOf(each, each.run, each.test.match ?? tests.content.match))
      editor.put(['cases', each.index, ...at], value)
    changed++
  }
  return { text: editor.text, cases: changed }
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
  readonly value: Json
}

function changesOf({ test, problems }: CaseResult, run: CaseRun, match: Match): readonly Change[] {
  const { expect } = test
  const stops = run.error === null ? null : { stops: run.error.code }
  // A run that stops, or doesn't stop any more, is another one altogether.
  if (expect === undefined || stops !== null || expect.stops !== undefined)
    return [{ at: ['expect'], value: stops ?? { sinks: Object.fromEntries(run.sinks) } }]
  return problems.map(({ at }) => ({ at: at.slice(0, 3), value: valueAt(at, expect, run, match) }))
}

function valueAt([, what, name]: ConfigPath, expect: Expected, run: CaseRun, match: Match): Json {
  switch (what) {
    case 'sinks':
      return rowsOf(expect.sinks.get(String(name)) ?? [], run.sinks.get(String(name)) ?? [], match)
    case 'counts':
      return run.sinks.get(String(name))?.length ?? 0
    case 'rows': {
      const row = expect.rows[Number(name)]
      return row === undefined ? null : endingOf(row, run)
    }
    case 'errors':
      return run.errors.map(({ message: _, ...error }) => error)
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

  /** In the place of what stands at a path; if nothing does, behind all else of the map there. */
  put(path: ConfigPath, value: Json): void {
    const document = parseDocument(this.#text)
    const [holder, old] = [document.getIn(path.slice(0, -1), true), document.getIn(path, true)]
    if (!isCollection(holder)) return
    const in_braces = holder.flow === true
    if (old === undefined) {
      const last = isMap(holder) ? holder.items.at(-1) : undefined
      const [start, end] = [startOf(holder), endOf(last?.value ?? last?.key)]
      const text = entry(String(path.at(-1)), in_braces ? inBraces(value) : block(value, this.#column(start) + 2))
      return this.#splice(end, end, in_braces ? `, ${text}` : `\n${' '.repeat(this.#column(start))}${text}`)
    }
    const pair = isMap(holder) ? holder.items.find(each => each.value === old) : undefined
    const [start, end] = [startOf(old), endOf(old)]
    if (in_braces || pair === undefined) return this.#splice(start, end, inBraces(value))
    const is_block = isCollection(old) && old.flow !== true
    if (is_block && isBlock(value)) return this.#splice(start, end, block(value, this.#column(start)).trimStart())
    // With its key: a block begins in a line of its own.
    const key = startOf(pair.key)
    const name = this.#text.slice(key, endOf(pair.key))
    this.#splice(key, end, entry(name, block(value, this.#column(key) + 2)))
  }

  /** Puts an item behind the last one of a list. */
  append(path: ConfigPath, value: Row): void {
    const list = parseDocument(this.#text).getIn(path, true)
    if (!isSeq(list) || list.flow === true || list.items.length === 0)
      throw new CustodyError('CUSTODY_ARGUMENT', `${path.join('.')} isn’t a list with a line for each of its items`, {
        hint: 'Write them as - name: … below each other.',
      })
    const end = endOf(list)
    this.#splice(end, end, `\n${item(value, this.#column(startOf(list)))}`)
  }

  #splice(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end)
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
