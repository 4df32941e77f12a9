/** All about one plugin, as a page of text. */
import { stringify } from 'yaml'
import { z } from 'zod'
import type { PluginSpec } from '../../sdk/spec.ts'
import type { Paint } from '../terminal.ts'
import { filled, padEnd } from './text.ts'

export interface OptionSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly OptionSchema[]
  readonly items?: OptionSchema
  readonly additionalProperties?: OptionSchema | boolean
  readonly description?: string
  readonly default?: unknown
}
export interface ObjectSchema {
  readonly properties?: { readonly [name: string]: OptionSchema }
  readonly required?: readonly string[]
}

/** The JSON Schema of a plugin's options, as a pipeline file gives them. */
export function optionsSchema(spec: PluginSpec): object {
  return z.toJSONSchema(spec.options, { io: 'input', unrepresentable: 'any' })
}

export function renderPlugin(spec: PluginSpec, columns: number, paint: Paint): string {
  const width = Math.min(columns, 100)
  const lines = [`${paint('bold', spec.name)} (${spec.kind})  ${spec.summary}`]
  if (spec.description !== undefined) lines.push('', ...spec.description.split('\n').map(line => `  ${line}`.trimEnd()))
  lines.push('', paint('bold', 'Options'), ...optionLines(optionsSchema(spec) as ObjectSchema, width, paint))
  const codes = Object.entries(spec.errors)
  if (codes.length > 0) {
    const code_columns = Math.max(...codes.map(([code]) => code.length))
    lines.push('', paint('bold', 'Errors that a row can meet'))
    for (const [code, when] of codes)
      lines.push(...entry(paint('yellow', code.padEnd(code_columns)), code_columns, when, width))
  }
  for (const example of spec.examples)
    lines.push('', paint('bold', `Example: ${example.title}`), ...exampleLines(spec, example))
  return lines.join('\n')
}

function optionLines(schema: ObjectSchema, width: number, paint: Paint): string[] {
  const options = Object.entries(schema.properties ?? {})
  if (options.length === 0) return ['  none']
  const required = new Set(schema.required)
  return options.flatMap(([name, option]) => {
    const state = required.has(name)
      ? 'required'
      : option.default === undefined
        ? 'optional'
        : `default ${JSON.stringify(option.default)}`
    const head = `  ${paint('cyan', name)}  ${paint('dim', `${typeText(option)}, ${state}`)}`
    return [
      head,
      ...(option.description === undefined ? [] : filled(option.description, width - 6).map(line => `      ${line}`)),
    ]
  })
}

/** `string`, `fail | append`, `list of string`, `map of integer`. */
export function typeText(option: OptionSchema): string {
  // The text null may stand for null.
  if (option.enum !== undefined) return [...new Set(option.enum.map(String))].join(' | ')
  if (option.const !== undefined) return String(option.const)
  if (option.anyOf !== undefined) return [...new Set(option.anyOf.map(typeText))].join(' | ')
  if (option.type === 'array') return option.items === undefined ? 'list' : `list of ${typeText(option.items)}`
  if (option.type === 'object') {
    const of = option.additionalProperties
    return typeof of === 'object' && Object.keys(of).length > 0 ? `map of ${typeText(of)}` : 'map'
  }
  return option.type === undefined ? 'any' : String(option.type)
}

function exampleLines(
  spec: PluginSpec,
  { options, types = {}, rows_in, rows_out }: PluginSpec['examples'][number],
): string[] {
  const key = spec.kind === 'transform' || spec.kind === 'aggregate' ? spec.kind : 'plugin'
  const use = { [key]: spec.name, ...(options === null || Object.keys(options).length === 0 ? {} : { options }) }
  const yaml = stringify(spec.kind === 'gate' ? { gate: use } : use, { lineWidth: 100 })
    .trimEnd()
    .split('\n')
  const rows = (title: string, list: typeof rows_in) =>
    list === undefined
      ? []
      : list.length === 0
        ? [`  ${title}: none`]
        : [`  ${title}`, ...list.map(row => `    ${JSON.stringify(row)}`)]
  const known = Object.entries(types).map(([field, type]) => `    ${field}: ${type}`)
  const of_rows = known.length === 0 ? [] : ['  known of the rows', ...known]
  return [...yaml.map(line => `  ${line}`), ...of_rows, ...rows('rows in', rows_in), ...rows('rows out', rows_out)]
}

/** A term, and its text beside it, wrapped. */
function entry(term: string, term_columns: number, text: string, width: number): string[] {
  const [first = '', ...rest] = filled(text, Math.max(24, width - term_columns - 4))
  return [`  ${term}  ${first}`, ...rest.map(line => `  ${padEnd('', term_columns)}  ${line}`)]
}
