/** docs/plugins.md: a list of the built-in plugins, and a chapter for each, from their specs. */
import { stringify } from 'yaml'
import { type ObjectSchema, optionsSchema, typeText } from '../../src/cli/render/plugin.ts'
import { builtins } from '../../src/plugins/index.ts'
import type { PluginExample, PluginKind, PluginSpec } from '../../src/sdk/spec.ts'
import { code, fence, table } from './markdown.ts'

const KINDS: ReadonlyArray<readonly [kind: PluginKind, title: string]> = [
  ['source', 'Sources'],
  ['transform', 'Transforms'],
  ['gate', 'Gates'],
  ['aggregate', 'Aggregates'],
  ['sink', 'Sinks'],
]
const byName = (a: PluginSpec, b: PluginSpec) => (a.name < b.name ? -1 : 1)
const ofKind = (kind: PluginKind) => builtins.filter(spec => spec.kind === kind).toSorted(byName)
const titleOf = ({ name, kind }: PluginSpec) => `${name} (${kind})`

export function pluginList(): string {
  const all = KINDS.flatMap(([kind]) => ofKind(kind))
  return table(
    ['plugin', 'kind', 'what it does', 'determinism'],
    all.map(spec => [`[${code(spec.name)}](#${anchor(titleOf(spec))})`, spec.kind, spec.summary, spec.determinism]),
  )
}

export function pluginPages(): string {
  return KINDS.filter(([kind]) => ofKind(kind).length > 0)
    .map(([kind, title]) => [`## ${title}`, ...ofKind(kind).map(page)].join('\n\n'))
    .join('\n\n')
}

/** As the usual renderers make it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}

function page(spec: PluginSpec): string {
  const parts = [`### ${titleOf(spec)}`, `${spec.summary}.`]
  if (spec.description !== undefined) parts.push(spec.description)
  parts.push(optionsTable(spec))
  const codes = Object.entries(spec.errors)
  if (codes.length > 0)
    parts.push(
      'Errors that a row can meet:',
      table(
        ['code', 'when'],
        codes.map(([name, when]) => [code(name), when]),
      ),
    )
  return [...parts, ...spec.examples.map(each => exampleText(spec, each))].join('\n\n')
}

function optionsTable(spec: PluginSpec): string {
  const { properties = {}, required = [] } = optionsSchema(spec) as ObjectSchema
  const options = Object.entries(properties)
  if (options.length === 0) return 'It has no options.'
  return table(
    ['option', 'type', 'default', 'meaning'],
    options.map(([name, option]) => [
      code(name),
      typeText(option),
      option.default === undefined
        ? required.includes(name)
          ? '**required**'
          : ''
        : code(JSON.stringify(option.default)),
      option.description ?? '',
    ]),
  )
}

const typesText = (types: NonNullable<PluginExample['types']>) =>
  Object.entries(types)
    .map(([field, type]) => `${field}: ${type}`)
    .join(', ')

function exampleText(
  spec: PluginSpec,
  { title, options, files = {}, types = {}, rows_in, rows_out, errors }: PluginExample,
): string {
  const key = spec.kind === 'transform' || spec.kind === 'aggregate' ? spec.kind : 'plugin'
  const empty = typeof options === 'object' && options !== null && Object.keys(options).length === 0
  const use = { [key]: spec.name, ...(empty ? {} : { options }) }
  const yaml = stringify(spec.kind === 'gate' ? { gate: use } : use, { lineWidth: 100 })
  const rows = (what: string, list: readonly unknown[]) => [what, ...list.map(row => `  ${JSON.stringify(row)}`)]
  const shown = [
    ...Object.entries(files).flatMap(([path, text]) => [
      `${path}`,
      ...text
        .trimEnd()
        .split('\n')
        .map(each => `  ${each}`),
    ]),
    ...(Object.keys(types).length === 0 ? [] : ['known of the rows', `  ${typesText(types)}`]),
    ...(rows_in === undefined ? [] : rows('rows in', rows_in)),
    ...(rows_out === undefined ? [] : rows('rows out', rows_out)),
    ...(errors === undefined ? [] : ['errors', ...errors.map(each => `  ${each}`)]),
  ]
  return [`*${title}*`, fence('yaml', yaml), ...(shown.length > 0 ? [fence('text', shown.join('\n'))] : [])].join(
    '\n\n',
  )
}
