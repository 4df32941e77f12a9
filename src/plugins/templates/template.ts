/**
 * Liquid templates over a row. Fields are variables by their names, and the whole row is `row`: `{{ name }}` and
 * `{{ row.name }}` are the same. What is rendered depends on the row alone: not on files, the clock, the machine's time zone or
 * chance. A field that is missing or null is an error, unless the template deals with it (`default`, `if`). Lists and objects
 * are printed as JSON.
 */
import type { Liquid, Template as LiquidTemplate, Token } from 'liquidjs'
import { canonicalize } from '../../model/canonical.ts'
import { nearestNames } from '../../model/nearest.ts'
import { loadOwnModule } from '../../model/own-file.ts'
import { type Json, type Row, withoutPrototypes } from '../../model/row.ts'
import type { OptionProblem } from '../../sdk/spec.ts'
import { type Escape, plainTemplate } from './plain-template.ts'

export interface Template {
  /** Fields of the row that it reads, in the order of their first place. */
  readonly fields: readonly string[]
  /** False: it gives the same for all rows. */
  readonly reads_row: boolean
  /** Of these fields, those that it names without `row.` before them. */
  readonly bare: readonly string[]
  /** What it is made of, in order. */
  readonly pieces: readonly Piece[]
  /** `more`: variables besides the fields; they come first where names are the same. */
  render(row: Row, more?: Row): Rendered<string>
  /** For a template that is one output and nothing else: the output as it is, not as text. */
  readonly value: ((row: Row) => Rendered<Json>) | null
}

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /** `fields`: those that it reads. `whole_row`: it prints, or takes, the row as a whole. */
  | {
      readonly kind: 'output' | 'tag'
      readonly text: string
      readonly fields: readonly string[]
      readonly whole_row: boolean
    }

export type Rendered<T> =
  | { readonly ok: true; readonly value: T }
  /** `field`: the one that it is about, where that is known. `missing`: because a value is missing or null. */
  | { readonly ok: false; readonly message: string; readonly field?: string; readonly missing?: true }

export interface TemplateProblem {
  /** One sentence without a full stop at the end; repeats parts of the template. */
  readonly problem: string
  readonly hint?: string
}

/** As what is wrong with the option that holds it. */
export function templateProblem({ problem, hint }: TemplateProblem, path: OptionProblem['path']): OptionProblem {
  return { path, message: problem, ...(hint === undefined ? {} : { hint }) }
}

export const isTemplate = (compiled: Template | TemplateProblem): compiled is Template => 'render' in compiled

/** They read files. */
const FORBIDDEN_TAGS = ['include', 'render', 'layout', 'block']
/** Chance; and what would take a value past its escaping. */
const FORBIDDEN_FILTERS = ['sample', 'raw']
const DATE_FILTERS = ['date', 'date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string']
/** What rendering may cost, so that no row can hold up a run. Counted, not timed: the same on each machine. */
const MOST_MEMORY = 50_000_000
const RENDERING = { templateLimit: 1_000_000 }

/** LiquidJS with one way to escape outputs. Rendering is synchronous, so that one place for the last output is enough. */
class Engine {
  readonly liquid: Liquid
  last: Json = null

  constructor(escaping: Escape) {
    // Loaded when the first template is compiled: most commands never need it.
    const { Liquid: LiquidClass } = loadOwnModule('plugins/templates/liquid') as typeof import('./liquid.ts')
    this.liquid = new LiquidClass({
      strictVariables: true,
      strictFilters: true,
      lenientIf: true,
      ownPropertyOnly: true,
      memoryLimit: MOST_MEMORY,
      templates: {},
      timezoneOffset: 0,
      preserveTimezones: true,
      locale: 'en-US',
      outputEscape: (value: unknown) => {
        this.last = jsonOf(value)
        return escaping(this.last)
      },
    })
    for (const tag of FORBIDDEN_TAGS) delete this.liquid.tags[tag]
    for (const filter of FORBIDDEN_FILTERS) delete this.liquid.filters[filter]
    for (const filter of DATE_FILTERS) this.#withoutClock(filter)
  }

  #withoutClock(name: string): void {
    const filter = this.liquid.filters[name]
    if (typeof filter !== 'function') throw new TypeError(`LiquidJS has no filter ${name}`)
    this.liquid.registerFilter(name, function (value: unknown, ...rest: unknown[]) {
      if (value === 'now' || value === 'today') throw new RangeError(`${name} doesn’t take "${value}"`)
      return filter.call(this, value, ...rest)
    })
  }
}

const engines = new Map<Escape, Engine>()

function engineFor(escaping: Escape): Engine {
  let engine = engines.get(escaping)
  if (engine === undefined) {
    engine = new Engine(escaping)
    engines.set(escaping, engine)
  }
  return engine
}

export interface TemplateOptions {
  /** One function for each way to escape, not one for each template; texts as they are, if absent. */
  readonly escaping?: Escape
  /** Names of variables that aren't fields. */
  readonly more?: readonly string[]
}

export function compileTemplate(
  source: string,
  { escaping = asText, more = [] }: TemplateOptions = {},
): Template | TemplateProblem {
  const engine = engineFor(escaping)
  const pathsIn = (templates: LiquidTemplate[]) => {
    const paths = engine.liquid.globalVariableSegmentsSync(templates) as readonly (readonly unknown[])[]
    return paths.filter(([first]) => typeof first === 'string' && !more.includes(first))
  }
  let parsed: LiquidTemplate[]
  let of_row: readonly (readonly unknown[])[]
  try {
    parsed = engine.liquid.parse(source)
    of_row = pathsIn(parsed)
  } catch (error) {
    return problemOf(error, engine.liquid)
  }
  const fields = fieldsOf(of_row)
  const plain = plainTemplate(source, fields, escaping)
  const render = (row: Row, variables: Row = NOTHING): Rendered<string> => {
    const filled = plain?.fill(row, variables) ?? null
    return filled === null ? liquid(row, variables) : { ok: true, value: filled }
  }
  const liquid = (row: Row, variables: Row): Rendered<string> => {
    try {
      return { ok: true, value: String(engine.liquid.renderSync(parsed, { ...row, row, ...variables }, RENDERING)) }
    } catch (error) {
      return { ok: false, ...reasonsOf(error), ...about(fieldsAt(error) ?? fields, row) }
    }
  }
  const value = (row: Row): Rendered<Json> => {
    const known = plain?.valueOf(row) ?? null
    if (known !== null) return { ok: true, value: known }
    const rendered = liquid(row, NOTHING)
    return rendered.ok ? { ok: true, value: engine.last } : rendered
  }
  const pieces = parsed.map((each): Piece => {
    const text = each.token.getText()
    const kind = text.startsWith('{{') ? 'output' : text.startsWith('{%') ? 'tag' : 'text'
    if (kind === 'text') return { kind, text }
    const paths = pathsIn([each])
    return {
      kind,
      text,
      fields: fieldsOf(paths),
      whole_row: paths.some(path => path.length === 1 && path[0] === 'row'),
    }
  })
  /** What the piece reads that an error came from; null where that isn't one of them, but within a tag. */
  const fieldsAt = (error: unknown): readonly string[] | null => {
    // cast: errors of LiquidJS have what they are about.
    const { token } = error as { readonly token?: Token }
    const at = parsed.findIndex(each => each.token.begin === token?.begin)
    const piece = at === -1 ? undefined : pieces[at]
    return piece?.kind === 'output' ? piece.fields : null
  }
  return {
    fields,
    reads_row: of_row.length > 0,
    bare: fields.filter(field => of_row.some(([first]) => first === field && first !== 'row')),
    pieces,
    render,
    value: isOneOutput(source, parsed) ? value : null,
  }
}

const NOTHING: Row = {}

/** The only field that is named, or the only one that is missing or null. */
function about(fields: readonly string[], row: Row): { readonly field?: string } {
  const [field, ...others] = fields.length === 1 ? fields : fields.filter(name => row[name] == null)
  return field === undefined || others.length > 0 ? {} : { field }
}

/** `row.text` and `text` are the field `text`; `row` alone is no field. */
function fieldsOf(paths: readonly (readonly unknown[])[]): readonly string[] {
  const fields = new Set<string>()
  for (const [first, second] of paths) {
    if (first !== 'row') fields.add(String(first))
    else if (typeof second === 'string') fields.add(second)
  }
  return [...fields]
}

/** Texts as they are, everything else as JSON. */
export const asText: Escape = value => (typeof value === 'string' ? value : canonicalize(value))

const isOneOutput = (source: string, parsed: readonly LiquidTemplate[]) =>
  parsed.length === 1 && source.startsWith('{{')

const NULL_VALUE = 'a value is null'

/** @throws RangeError for what JSON hasn't got. */
function jsonOf(value: unknown): Json {
  if (value === null || value === undefined) throw new RangeError(NULL_VALUE)
  const json = withoutPrototypes(value as Json)
  canonicalize(json)
  return json
}

/** Why a source is no template; of a filter or a tag that isn’t there, with the name that was likely meant. */
function problemOf(error: unknown, { filters, tags }: Liquid): TemplateProblem {
  const { message } = reasonsOf(error)
  const [, filter] = /^undefined filter: (\S+)/.exec(message) ?? []
  const [, tag] = /^tag "([^"]*)" not found/.exec(message) ?? []
  const [kind, name, known] = filter !== undefined ? ['filter', filter, filters] : ['tag', tag, tags]
  if (name === undefined) return { problem: message }
  const place = /\(line [^(]*\)$/.exec(message)?.[0]
  const problem = `there is no ${kind} ${JSON.stringify(name)}${place === undefined ? '' : ` ${place}`}`
  const [near] = nearestNames(name, Object.keys(known), 1)
  return near === undefined ? { problem } : { problem, hint: `did you mean ${near}?` }
}

/** What LiquidJS says, in short; it wraps what was thrown. */
function reasonsOf(error: unknown): { readonly message: string; readonly missing?: true } {
  if (!(error instanceof Error)) return { message: String(error) }
  const { originalError, token } = error as { readonly originalError?: unknown; readonly token?: Token }
  const reason = (originalError instanceof Error ? originalError : error).message
  const [, place] = /, (line:\d+, col:\d+)/.exec(error.message) ?? []
  const missing = /^undefined variable: (.*?)(?:,|$)/.exec(reason)
  let text = missing === null ? reason.replace(/, line:\d+.*$/s, '') : `${missing[1]} is missing`
  if (reason === NULL_VALUE && token !== undefined) text = `${token.getText()} is null`
  const message = place === undefined ? text : `${text} (${place.replace('line:', 'line ').replace('col:', 'column ')})`
  return missing === null && reason !== NULL_VALUE ? { message } : { message, missing: true }
}
