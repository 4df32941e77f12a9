/** What splits can't do, each by itself, or what would depend on how many there are without saying so. */
import { nearestNames } from '../model/nearest.ts'
import type { RowSchema } from '../model/schema.ts'
import type { OutboundSinkSpec } from '../sdk/spec.ts'
import type { Draft, DraftNode } from './draft.ts'
import type { Flow } from './flow.ts'
import { decimalsAmong } from './key-decimals.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'
import { servicesOf } from './services.ts'

interface Problem {
  readonly message: string
  readonly hint: string
}

const WITHOUT = 'run it without `splits`'

/** Problems: CUSTODY_SPLITS; warnings: CUSTODY_SPLITS_IDLE. */
export function checkSplits(
  draft: Draft,
  plugins: ReadonlyMap<DraftNode, ResolvedPlugin>,
  flow: Flow,
  report: Report,
): void {
  const { pipeline } = report
  if (!pipeline.has(['splits'])) {
    if (!pipeline.misspells([], 'splits')) refuseScopes(draft, report)
    return
  }
  const { splits } = pipeline.config
  const by = splits?.by ?? null
  if (by !== null) checkBy(by, draft, flow, report)
  for (const node of draft.nodes) {
    const plugin = plugins.get(node)
    const problem =
      problemOfKind(node, by, flow, report) ?? (plugin?.valid === true ? problemOf(node, plugin, by, flow) : null)
    if (problem === null) continue
    const { message, hint } = problem
    const [path, part] = placeOf(node)
    report.error('CUSTODY_SPLITS', path, message, { hint, part })
  }
  warnOfIdle(draft, plugins, report)
}

/** Where nothing can be cut, as far as options say, whole sources are all that splits can share. */
function warnOfIdle({ nodes }: Draft, plugins: ReadonlyMap<DraftNode, ResolvedPlugin>, report: Report): void {
  const sources = nodes.filter(({ config }) => config.kind === 'source')
  const uncut = sources.every(node => {
    const plugin = plugins.get(node)
    return plugin?.valid === true && plugin.spec.kind === 'source' && plugin.spec.uncut?.(plugin.options) === true
  })
  const [first] = sources
  // What is dealt needn’t be cut.
  if (report.pipeline.config.splits?.by !== undefined) return
  if (!uncut || first === undefined) return
  const what =
    sources.length === 1
      ? `source \`${first.name}\` can’t be cut: one split reads all of it, and the others nothing`
      : 'none of the sources can be cut: each is read by one split as a whole'
  report.warning('CUSTODY_SPLITS_IDLE', ['splits'], what, {
    part: 'key',
    hint: 'leave `splits` out, or have the data in several files: lists of files are dealt to splits',
  })
}

function refuseScopes({ nodes }: Draft, report: Report): void {
  for (const { name, config, path } of nodes)
    if (config.kind === 'aggregate' && report.pipeline.has([...path, 'scope']))
      report.error(
        'CUSTODY_SPLITS',
        [...path, 'scope'],
        `aggregate \`${name}\` has a scope, and the pipeline has no splits`,
        { part: 'key', hint: 'leave it out, or add `splits: { count: 16 }` to the pipeline' },
      )
}

/** Its plugin, or else its name. */
function placeOf(node: DraftNode) {
  const { config, path } = node
  if (config.kind === 'sort' || config.kind === 'join') return [[...path, config.kind], 'key'] as const
  const use = pluginUse(node)
  return use === null ? ([path, 'key'] as const) : ([use.name_path, 'value'] as const)
}

function problemOfKind(node: DraftNode, by: string | null, flow: Flow, { pipeline }: Report): Problem | null {
  const { config, name, path } = node
  switch (config.kind) {
    case 'sort':
      return { message: `sort \`${name}\` puts all rows in one order, and a split has some of them`, hint: WITHOUT }
    case 'join':
      return { message: `join \`${name}\` needs all rows of both sides, and a split has some of them`, hint: WITHOUT }
    case 'aggregate':
      if (config.scope === 'key') return notByKey(name, config, by, flow.known(node))
      if (pipeline.has([...path, 'scope']) || pipeline.misspells(path, 'scope')) return null
      return {
        message: `aggregate \`${name}\` would have other batches with another number of splits, and doesn’t say so`,
        hint: 'add `scope: split`: each split has batches of its own, which end with it',
      }
    default:
      return null
  }
}

function problemOf(node: DraftNode, plugin: ResolvedPlugin, by: string | null, flow: Flow): Problem | null {
  const { name } = node
  const { spec, options } = plugin
  const [service] = spec.kind === 'source' ? servicesOf(plugin) : []
  if (service !== undefined)
    return { message: `source \`${name}\` calls ${service}, and what it answers can’t be cut`, hint: WITHOUT }
  switch (spec.kind) {
    case 'source':
      if (by === null && !spec.rereadable(options))
        return {
          message: `source \`${name}\` can be read only once, and each split opens its input by itself`,
          hint: 'save the input to a file, and name that; or have its records dealt, with `by`',
        }
      if (spec.endless?.(options) !== true) return null
      return {
        message: `source \`${name}\` may never end, and nothing is written before all splits have`,
        hint: WITHOUT,
      }
    case 'transform':
      if (spec.ordered !== true) return null
      return { message: `\`${name}\` counts the rows of the whole input, and a split has some of them`, hint: WITHOUT }
    case 'sink':
      return spec.delivery === 'outbound' ? unordered(node, spec, options, by, flow) : apart(node, plugin, flow)
    default:
      return null
  }
}

/** Why what remains of the rows that splits send would depend on which of them sends first; null if it doesn't. */
function unordered(
  node: DraftNode,
  spec: OutboundSinkSpec,
  options: unknown,
  by: string | null,
  flow: Flow,
): Problem | null {
  const { name } = node
  const key = spec.key?.(options)
  if (key === undefined && spec.sequential?.(options) === true)
    return { message: `sink \`${name}\` sends all rows in one order, and a split has some of them`, hint: WITHOUT }
  if (key == null) return null
  const fields = key.map(field => `\`${field}\``).join(', ')
  if (by === null)
    return {
      message: `of rows with the same ${fields} the order decides which one sink \`${name}\` leaves, and they may be in several splits`,
      hint: `deal records by one of them: \`splits: { count: …, by: ${key[0] ?? 'FIELD'} }\`; or ${WITHOUT}`,
    }
  if (!key.includes(by))
    return {
      message: `of rows with the same ${fields} the order decides which one sink \`${name}\` leaves, and records are dealt by \`${by}\``,
      hint: `deal them by one of these, or add \`${by}\` to the key`,
    }
  const input = flow.known(node)
  if (input === null || decimalsAmong([by], input).length === 0) return null
  return {
    message: `sink \`${name}\` tells decimals apart by their amounts, which splits do by their texts`,
    hint: 'declare the field as an integer or a string, or deal records by another one',
  }
}

/** Why what splits write for a sink can't become what one run would have written; null if it can. */
function apart(node: DraftNode, { spec, options }: ResolvedPlugin, flow: Flow): Problem | null {
  if (spec.kind !== 'sink' || spec.delivery === 'outbound') return null
  const { name } = node
  if (spec.immediate?.(options) === 'stream')
    return {
      message: `sink \`${name}\` writes to a stream, and splits write files that become one at the end`,
      hint: 'name a file',
    }
  if (spec.rehearse === undefined && Object.keys(spec.errors).length > 0)
    return {
      message: `sink \`${name}\` can’t say before it writes which rows it refuses, and is written to when all splits have ended`,
      hint: WITHOUT,
    }
  const input = flow.known(node)
  const why = input === null ? null : (spec.together?.(options, input) ?? null)
  if (why === null) return null
  return { message: `what splits write for sink \`${name}\` can’t become one: ${why.message}`, hint: why.hint }
}

/** Each source has the field by which its records are dealt, or may have it. */
function checkBy(by: string, { nodes }: Draft, flow: Flow, report: Report): void {
  for (const node of nodes) {
    if (node.kind !== 'source') continue
    const schema = flow.known(node)
    if (schema === null || schema.fields.has(by) || !schema.closed) continue
    const names = [...schema.fields.keys()]
    const [near] = nearestNames(by, names, 1)
    report.error('CUSTODY_SPLITS', ['splits', 'by'], `source \`${node.name}\` has no field \`${by}\``, {
      part: 'value',
      hint: `${near === undefined ? '' : `did you mean ${near}? `}its fields: ${names.join(', ')}`,
    })
  }
}

type AggregateParts = Extract<DraftNode['config'], { kind: 'aggregate' }>

/** Why batches would depend on the number of splits though it is said that each key has its own; null if they don't. */
function notByKey(
  name: string,
  { per, trigger }: AggregateParts,
  by: string | null,
  input: RowSchema | null,
): Problem | null {
  if (by === null)
    return {
      message: `aggregate \`${name}\` has the scope of a key, and the pipeline doesn’t deal its records by one`,
      hint: 'add `by: FIELD` to `splits`, or say `scope: split`',
    }
  if (per === null || !per.fields.includes(by))
    return {
      message: `aggregate \`${name}\` has the scope of a key, and its batches are not those of one value of \`${by}\``,
      hint: `add \`${by}\` to its \`per\`, or say \`scope: split\``,
    }
  if (input !== null && decimalsAmong([by], input).length > 0)
    return {
      message: `aggregate \`${name}\` has the scope of a key, and tells decimals apart by their amounts, which splits do by their texts`,
      hint: 'declare the field as an integer or a string, or say `scope: split`',
    }
  const counts_time = trigger.max_age_ms !== null || /\bage_seconds\b/.test(trigger.when ?? '')
  if (!counts_time) return null
  return {
    message: `aggregate \`${name}\` has the scope of a key, and a trigger that counts time, which splits have one after another`,
    hint: 'leave `max_age` and `batch.age_seconds` out, or say `scope: split`',
  }
}
