/**
 * Liquid templates over rows. The same row always gives the same text: what reads the clock, chance, the machine's time zone
 * or other files isn't there.
 *
 * Fields are variables by their names, and the whole row is `row`: `{{ text }}` and `{{ row.text }}` are the same. What a
 * place prints must be there: a field that is missing or null is an error, unless the template deals with it by `default` or
 * inside of an `if`. Lists and objects are printed as JSON.
 */
import { createRequire } from 'node:module'
import type * as LiquidJs from 'liquidjs'
import { canonicalize } from '../../model/canonical.ts'
import type { Json, Row } from '../../model/row.ts'

export interface Template {
  /** Fields of the row that it reads, in order, each once. */
  readonly fields: readonly string[]
  /** `more`: variables besides the fields; they come first where names are the same. */
  render(row: Row, more?: Row): Rendered
}

export type Rendered = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string }

export interface TemplateProblem {
  /** One sentence without a full stop at the end. */
  readonly problem: string
}

/** Tags that read other files. */
const FOREIGN_TAGS = ['include', 'render', 'layout', 'block']
const DATE_FILTERS = ['date', 'date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string']
/** What rendering may cost, so that no row can hold up a run. Counted, not timed: the same on each machine. */
const MEMORY_MAX = 50_000_000
const STEPS_MAX = 1_000_000

/** `more`: names of variables that aren't fields. */
export function compileTemplate(source: string, more: readonly string[] = []): Template | TemplateProblem {
  const engine = liquid()
  try {
    const parsed = engine.parse(source)
    const fields = fieldsOf(engine.globalVariableSegmentsSync(parsed), more)
    return { fields, render: (row, values) => rendered(engine, parsed, row, values) }
  } catch (error) {
    return { problem: problemOf(error) }
  }
}

function rendered(engine: LiquidJs.Liquid, parsed: LiquidJs.Template[], row: Row, more: Row = {}): Rendered {
  const options = { templateLimit: STEPS_MAX, memoryLimit: MEMORY_MAX }
  try {
    return { ok: true, text: String(engine.renderSync(parsed, { ...row, row, ...more }, options)) }
  } catch (error) {
    return { ok: false, problem: problemOf(error) }
  }
}

/** The first line of LiquidJS's message; its stack shows the template. */
function problemOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return line.replace(/\.$/, '')
}

type Variables = ReturnType<LiquidJs.Liquid['globalVariableSegmentsSync']>

/** `row.text` and `text` are the field `text`; `row` alone is no field. */
function fieldsOf(variables: Variables, more: readonly string[]): readonly string[] {
  const fields = new Set<string>()
  for (const [first, second] of variables) {
    if (typeof first !== 'string' || more.includes(first)) continue
    if (first !== 'row') fields.add(first)
    else if (typeof second === 'string') fields.add(second)
  }
  return [...fields]
}

// ── the engine ──────────────────────────────────────────────────────────────────────────────────────────────────────

let engine: LiquidJs.Liquid | null = null

/** Loaded when a pipeline has a template: it isn't part of what every command waits for. */
function liquid(): LiquidJs.Liquid {
  if (engine !== null) return engine
  const { Liquid } = createRequire(import.meta.url)('liquidjs') as typeof LiquidJs
  engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
    outputEscape: printed,
    timezoneOffset: 0,
    preserveTimezones: true,
    locale: 'en-US',
    templates: {},
  })
  for (const tag of FOREIGN_TAGS) delete engine.tags[tag]
  delete engine.filters.sample
  for (const name of DATE_FILTERS) engine.registerFilter(name, timeless(engine.filters[name]))
  return engine
}

function printed(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) throw new Error('what is to be printed is null')
  return canonicalize(value as Json)
}

/** A filter of dates that takes no time but the row's. */
function timeless(filter: LiquidJs.FilterImplOptions | undefined): LiquidJs.FilterImplOptions {
  if (typeof filter !== 'function') throw new Error('LiquidJS has changed: a filter of dates is no function')
  return function (value: unknown, ...rest: unknown[]) {
    if (value === 'now' || value === 'today') throw new Error('there is no time of rendering: runs can be repeated')
    return filter.call(this, value, ...rest)
  }
}
