/**
 * The plugin of each node, and its options as the plugin's own type gives them.
 *
 * Secrets are put in for the check and for the plugin that runs; what evidence keeps of the options has
 * `{secret: NAME, fingerprint}` instead. Files that options name are put in, too. Options must hold nothing that the plugin doesn't read, also where its type
 * would let unknown keys pass.
 */
import { z } from 'zod'
import { nearestHint } from '../config/nearest.ts'
import type { ConfigPath, PluginUse } from '../config/pipeline.ts'
import { compilePattern, isPattern } from '../expression/pattern.ts'
import type { Catalogue } from '../sdk/catalogue.ts'
import { type FoundFile, putFiles, type ReadFile } from '../sdk/option-files.ts'
import type { PluginKind, PluginSpec, SecretOption } from '../sdk/spec.ts'
import type { DraftNode } from './draft.ts'
import { reportIssues, reportUnknownKeys } from './option-issues.ts'
import type { Report } from './report.ts'
import { type FoundSecret, hideSecrets, putSecrets, type Secrets } from './secrets.ts'

export interface ResolvedPlugin {
  readonly spec: PluginSpec
  /** As the plugin's type gives them; null if they are wrong, which has been reported, or may be: a secret isn't known. */
  readonly options: unknown
  readonly valid: boolean
  readonly secrets: readonly SecretOption[]
  /** Where the options stand. */
  readonly path: ConfigPath
  /** What evidence keeps. */
  readonly shown: unknown
  /** Files whose content is in the options. */
  readonly files: readonly FoundFile[]
}

/** How a node uses a plugin, if it does. */
export function pluginUse(
  node: DraftNode,
): { readonly use: PluginUse; readonly name_path: ConfigPath; readonly path: ConfigPath } | null {
  const { config, path } = node
  switch (config.kind) {
    case 'source':
    case 'sink':
      return { use: config, name_path: [...path, 'plugin'], path: [...path, 'options'] }
    case 'transform':
    case 'aggregate':
      return { use: config, name_path: [...path, config.kind], path: [...path, 'options'] }
    case 'gate':
      if (config.by.kind !== 'plugin') return null
      return { use: config.by, name_path: [...path, 'gate', 'plugin'], path: [...path, 'gate', 'options'] }
    case 'fork':
    case 'coalesce':
    case 'sort':
    case 'join':
      return null
  }
}

/**
 * Problems: CUSTODY_UNKNOWN_PLUGIN, CUSTODY_PLUGIN_KIND, CUSTODY_PLUGIN_OPTIONS, CUSTODY_PATTERN, CUSTODY_SECRET_UNSET,
 * CUSTODY_FILE_NOT_FOUND, CUSTODY_FILE_UNREADABLE, CUSTODY_PACKAGE_MISSING.
 */
export function resolvePlugin(
  node: DraftNode,
  catalogue: Catalogue,
  values: Secrets,
  readFile: ReadFile,
  report: Report,
): ResolvedPlugin | null {
  const found = pluginUse(node)
  if (found === null || found.use.plugin === '') return null
  const spec = findSpec(node.kind as PluginKind, found.use.plugin, found.name_path, catalogue, report)
  if (spec === null) return null
  const { path } = found
  const filled = putSecrets(found.use.options, path, values, report)
  const secrets = filled.found.map(({ path: at, name }) => ({ path: at, name }))
  const read = putFiles(filled.options, spec.files ?? [], readFile)
  const options = read.found.every(each => reportUnread(each, path, report))
    ? parseOptions(spec, read.options, filled.found, path, report)
    : { valid: false, value: null }
  const shown = hideSecrets(options.valid ? options.value : found.use.options, filled.found)
  if (options.valid) {
    checkPatterns(spec, options.value, path, report)
    reportMissing(spec, options.value, path, report)
  }
  return { spec, options: options.value, valid: options.valid, secrets, path, shown, files: read.found }
}

/** False if the file can't be read. */
function reportUnread({ path: at, content }: FoundFile, path: ConfigPath, report: Report): boolean {
  if (!content.ok) report.error(content.code, [...path, ...at, 'file'], content.problem)
  return content.ok
}

/** How nodes name plugins of each kind. */
const WRITTEN: { readonly [kind in PluginKind]?: (name: string) => string } = {
  transform: name => `\`transform: ${name}\``,
  aggregate: name => `\`aggregate: ${name}\``,
  gate: name => `\`gate: { plugin: ${name} }\``,
}

function findSpec(
  kind: PluginKind,
  name: string,
  path: ConfigPath,
  catalogue: Catalogue,
  report: Report,
): PluginSpec | null {
  const found = catalogue.get(kind, name)
  if (found !== undefined) return found
  const [near] = [...catalogue.nearest(name, kind), ...catalogue.nearest(name)].filter(each => each !== name)
  const hint = near === undefined ? nearestHint(name, catalogue.names(kind), `${kind}s are`) : `did you mean ${near}?`
  const named = catalogue.named(name)
  const others = named.map(spec => (spec.kind === 'aggregate' ? 'an aggregate' : `a ${spec.kind}`))
  if (others.length > 0) {
    const [as] = named.flatMap(spec => (kind === 'source' || kind === 'sink' ? [] : (WRITTEN[spec.kind]?.(name) ?? [])))
    report.error(
      'CUSTODY_PLUGIN_KIND',
      path,
      `\`${name}\` is ${others.join(' and ')}, not ${kind === 'aggregate' ? 'an' : 'a'} ${kind}`,
      { hint: as === undefined ? hint : `write ${as}` },
    )
  } else {
    report.error('CUSTODY_UNKNOWN_PLUGIN', path, `there is no ${kind} plugin \`${name}\``, { hint })
  }
  return null
}

/** Code made for a type pays off after many values, and options are parsed once. */
const PARSING = { jitless: true }

const schemas = new WeakMap<PluginSpec, z.core.JSONSchema.JSONSchema>()

/** JSON Schema of its options, as they are written. */
function schemaOf(spec: PluginSpec): z.core.JSONSchema.JSONSchema {
  const known = schemas.get(spec)
  if (known !== undefined) return known
  const schema = z.toJSONSchema(spec.options, { io: 'input', unrepresentable: 'any' })
  schemas.set(spec, schema)
  return schema
}

type Parsed = { readonly valid: boolean; readonly value: unknown }

function parseOptions(
  spec: PluginSpec,
  options: unknown,
  secrets: readonly FoundSecret[],
  path: ConfigPath,
  report: Report,
): Parsed {
  const schema = schemaOf(spec)
  const surplus = reportUnknownKeys(spec.name, options, schema, schema, path, report)
  let result = spec.options.safeParse(options, PARSING)
  if (!result.success) {
    const converted = convertVariables(options, result.error.issues, path, report)
    if (converted !== null) {
      const again = spec.options.safeParse(converted, PARSING)
      if (again.success || again.error.issues.length < result.error.issues.length) result = again
    }
  }
  if (!result.success) {
    const unknown = secrets.flatMap(each => (each.value === null ? [each.path] : []))
    reportIssues(spec.name, options, result.error.issues, schema, path, unknown, report)
    return { valid: false, value: null }
  }
  const value: unknown = result.data
  const problems = spec.check?.(value, secrets) ?? []
  for (const { path: at, message, hint, severity = 'error' } of problems) {
    report[severity]('CUSTODY_PLUGIN_OPTIONS', [...path, ...at], message, { hint })
  }
  return { valid: problems.every(each => each.severity === 'warning') && !surplus, value }
}

/** The place where a number or boolean is wanted, and an unquoted variable brought the text of one; null if there is none. */
function convertVariables(
  options: unknown,
  issues: readonly z.core.$ZodIssue[],
  path: ConfigPath,
  report: Report,
): unknown {
  let copy: unknown = null
  for (const issue of issues) {
    const at = issue.path.filter(step => typeof step !== 'symbol')
    const typed = report.pipeline.typed([...path, ...at])
    if (typeof typed !== 'number' && typeof typed !== 'boolean') continue
    copy ??= structuredClone(options)
    let parent = copy as { [key: string | number]: unknown }
    for (const step of at.slice(0, -1)) parent = parent[step] as { [key: string | number]: unknown }
    parent[at.at(-1) ?? ''] = typed
  }
  return copy
}

function reportMissing(spec: PluginSpec, options: unknown, path: ConfigPath, report: Report): void {
  const missing = spec.missing?.(options) ?? null
  if (missing === null) return
  const { path: at, names, install } = missing
  const which = names.length === 1 ? `the package ${names[0]}, which isn’t` : `packages that aren’t all`
  report.error('CUSTODY_PACKAGE_MISSING', [...path, ...at], `${spec.name} needs ${which} installed`, { hint: install })
}

function checkPatterns(spec: PluginSpec, options: unknown, path: ConfigPath, report: Report): void {
  if (!('patterns' in spec)) return
  for (const use of spec.patterns?.(options) ?? []) {
    const compiled = compilePattern(use.source)
    if (isPattern(compiled)) continue
    const { problem, offset } = compiled
    const within = offset === undefined ? undefined : { offset, length: 1 }
    report.error('CUSTODY_PATTERN', [...path, ...use.path], problem, { within })
  }
}
