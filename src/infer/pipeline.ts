/** The pipeline file: what was found out as YAML with comments, that runs as it stands. */
import { counted, grouped } from '../model/number-text.ts'
import type { DeclaredType } from './declarable.ts'
import { shown } from './examples.ts'
import type { FieldFinding, SourceFinding } from './finding.ts'
import { comment, key, list, scalar } from './yaml.ts'

/** Where rows of a source end. */
export interface Output {
  readonly sink: string
  readonly plugin: 'csv' | 'jsonl'
  /** From the pipeline’s folder. */
  readonly path: string
}

export interface PipelineParts {
  readonly name: string
  /** The command that wrote it, for people. */
  readonly command: string
  readonly sources: readonly SourceFinding[]
  /** For each of the sources. */
  readonly outputs: readonly Output[]
  /** Where records go that can’t be read, and rows that meet an error. */
  readonly problems: Omit<Output, 'plugin'>
}

/** Where comments behind values begin, at most. */
const MOST_ALIGNED = 40
/** Remarks behind a field; longer ones stand above it. */
const MOST_BEHIND = 90

/** Its text, with a line break at the end. */
export function pipelineText({ name, command, sources, outputs, problems }: PipelineParts): string {
  const sinks = new Map(outputs.map(output => [output.sink, output]))
  return [
    ...headLines(command, sources),
    `name: ${scalar(name)}`,
    `defaults: { on_error: ${problems.sink}, on_invalid: ${problems.sink} }`,
    'sources:',
    ...sources.flatMap((file, index) => sourceLines(file, outputs[index]?.sink ?? problems.sink)),
    'sinks:',
    ...[...sinks.values()].map(
      ({ sink, plugin, path }) => `  ${sink}: { plugin: ${plugin}, options: ${outputOptions(path)} }`,
    ),
    `  ${problems.sink}: { plugin: jsonl, options: ${outputOptions(problems.path)}, on_error: discard }`,
    '',
  ].join('\n')
}

function outputOptions(path: string): string {
  return `{ path: ${scalar(path)}, if_exists: replace }`
}

function headLines(command: string, sources: readonly SourceFinding[]): readonly string[] {
  const lines = [`Written by \`${command}\`. It has seen every record:`]
  for (const file of sources) {
    lines.push(`- ${flat(inputText(file, shownPath))}: ${readText(file)}`)
    for (const { line, file: name, code, message } of file.rejected.first)
      lines.push(`    line ${line}${name === undefined ? '' : ` of ${flat(name)}`}: ${code}, ${flat(message)}`)
    const more = file.rejected.count - file.rejected.first.length
    if (more > 0) lines.push(`    and ${grouped(more)} more`)
  }
  const doubts = sources.flatMap(source => {
    const of = sources.length === 1 ? '' : `${flat(inputText(source, shownPath))}: `
    return doubtsOf(source).map(doubt => of + doubt)
  })
  if (doubts.length > 0) lines.push('Not certain:', ...doubts.map(doubt => `- ${doubt}`))
  return lines.flatMap(comment)
}

/** All that isn’t certain of a file. */
export function doubtsOf({ doubts, fields }: SourceFinding): readonly string[] {
  return [...doubts, ...fields.flatMap(field => field.doubts)].map(flat)
}

/** Which files it reads, for people. */
export function inputText({ path, files, options }: SourceFinding, shown_path: (path: string) => string): string {
  const paths = typeof path === 'string' ? [path] : path
  const first = shown_path(paths[0] ?? '')
  const named = paths.length === 1 ? first : `${first} and ${grouped(paths.length - 1)} more`
  const members = typeof options.members === 'string' ? ` (${options.members})` : ''
  return `${named}${members}${files === paths.length ? '' : `, ${grouped(files)} files`}`
}

export function readText({ records, rejected, fields }: SourceFinding): string {
  const what = `${counted(records, 'record')} of ${counted(fields.length, 'field')}`
  if (rejected.count === 0) return `${what}, all of which fit`
  const codes = Object.entries(rejected.codes)
    .sort(([, one], [, two]) => two - one)
    .map(([code, count]) => `${grouped(count)} ${code}`)
  return `${what}; ${grouped(rejected.count)} will be rejected (${codes.join(', ')})`
}

/** Without anything that could end a comment. */
function flat(text: string): string {
  return shown(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\')
}

function shownPath(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : shown(path)
}

function sourceLines(file: SourceFinding, to: string): readonly string[] {
  const lines = [`  ${file.source}:`, `    plugin: ${file.plugin}`, '    options:']
  for (const [option, value] of Object.entries(file.options)) lines.push(`      ${option}: ${optionText(value)}`)
  if (file.mode !== 'observed')
    lines.push('    schema:', `      mode: ${file.mode}`, '      fields:', ...fieldLines(file.fields))
  else lines.push('    schema: { mode: observed }')
  return [...lines, `    to: ${to}`]
}

function optionText(value: unknown): string {
  if (Array.isArray(value)) return list(value.map(String))
  if (typeof value === 'object' && value !== null) return `{ ${mapText(value)} }`
  return typeof value === 'number' || typeof value === 'boolean' ? scalar(value) : scalar(String(value))
}

function mapText(value: object): string {
  return Object.entries(value)
    .map(([name, each]) => `${key(name)}: ${scalar(String(each))}`)
    .join(', ')
}

function fieldLines(fields: readonly FieldFinding[]): readonly string[] {
  const declared = fields.map(field => `        ${key(field.field)}: ${typeText(field)}`)
  const column = Math.min(MOST_ALIGNED, Math.max(...declared.map(({ length }) => length)) + 2)
  return fields.flatMap((field, index) => {
    const line = declared[index] ?? ''
    const remarks = [...(field.header === undefined ? [] : [shown(field.header)]), ...field.remarks.map(flat)].join(
      '; ',
    )
    if (remarks === '') return [line]
    if (remarks.length <= MOST_BEHIND) return [`${line.padEnd(column - 1)} # ${remarks}`]
    return [...comment(remarks).map(each => `        ${each}`), line]
  })
}

/** Shorthand, or a JSON Schema where there are several types. */
function typeText({ types, optional }: FieldFinding): string {
  const [only] = types
  if (only === undefined) return 'any?'
  if (types.length === 1) return optional ? `${only}?` : only
  const all: readonly (DeclaredType | 'null')[] = optional ? [...types, 'null'] : types
  return `{ type: [${all.map(type => (type === 'null' ? '"null"' : type)).join(', ')}] }`
}
