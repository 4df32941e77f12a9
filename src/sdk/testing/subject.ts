/** What the conformance checks have in hand: a plugin, and its samples, each in a folder of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { canonicalize } from '../../model/canonical.ts'
import { frozen, type Json, type Row, withoutPrototypes } from '../../model/row.ts'
import { type FieldSchema, OBSERVED, type RowSchema } from '../../model/schema.ts'
import { parseFieldShorthand } from '../field-type.ts'
import { filesIn, putFiles } from '../option-files.ts'
import type { PluginContext, PluginExample, PluginSpec, RowError } from '../spec.ts'
import { type Check, type Findings, messageOf, Problems } from './problems.ts'
import { expectNoSecret, secretsIn, withSecrets } from './secrets.ts'

/** Examples are samples; a test may add more. */
export interface Sample extends PluginExample {
  /** Of a sink that writes to another place than the disk: what is there at a path; null if nothing is. */
  readonly read?: (path: string) => Promise<Uint8Array | null>
}

/** Does `work` with each sample whose options are sound. `check`: what is found wrong if it throws. */
export async function eachSample(
  spec: PluginSpec,
  samples: readonly Sample[],
  check: Check,
  findings: Findings,
  work: (sample: Sample, options: unknown, problems: Problems) => Promise<void>,
): Promise<void> {
  for (const sample of samples) {
    const problems = new Problems(findings, check, sample.title)
    const options = parsedOptions(spec, sample, problems.of('options'))
    if (!options.ok) continue
    try {
      await work(sample, options.value, problems)
    } catch (error) {
      problems.threw('it throws', error)
    }
  }
}

/** Runs `work` in a new folder with the sample's files in it, and removes the folder afterwards. */
export async function inFolder(sample: Sample, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'custody-conformance-'))
  try {
    writeFiles(folder, sample)
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeFiles(folder: string, { files = {} }: Sample): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

/** The run that sinks are given as theirs. */
export const RUN = '01890000-0000-7000-8000-000000000000'

export const contextIn = (folder: string, sample: Sample, input: RowSchema = OBSERVED): PluginContext => ({
  node: 'test',
  folder,
  input,
  secrets: secretsIn(sample.options),
  run_started_us: () => Date.UTC(2026, 0, 1) * 1000,
})

export type ParsedOptions = { readonly ok: true; readonly value: unknown } | { readonly ok: false }

/** The options as the plugin gets them, or a problem. */
export function parsedOptions(spec: PluginSpec, sample: Sample, problems: Problems): ParsedOptions {
  const parsed = spec.options.safeParse(optionsWithFiles(spec, sample))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `
    problems.add(`its options are refused: ${at}${issue?.message ?? 'no reason given'}`)
    return { ok: false }
  }
  const refused = (spec.check?.(parsed.data, secretsIn(sample.options)) ?? []).filter(
    ({ severity }) => severity !== 'warning',
  )
  for (const { message } of refused) problems.add(`its options are refused: ${message}`)
  return refused.length === 0 ? { ok: true, value: parsed.data } : { ok: false }
}

/** Files are those of the sample. */
function optionsWithFiles(spec: PluginSpec, sample: Sample): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'custody-conformance-'))
  try {
    writeFiles(folder, sample)
    return putFiles(withSecrets(sample.options), spec.files ?? [], filesIn(folder)).options
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A row as the engine hands it out: no prototypes, and frozen to any depth, so that a change throws. */
export const frozenRow = (row: Row): Row => frozen(withoutPrototypes(row)) as Row

/** The tightest schema that fits the rows: closed, a field optional where some row lacks it or has null. */
export function schemaOfRows(rows: readonly Row[], sample: Sample): RowSchema {
  const declared = declaredIn(sample)
  const fields = new Map<string, FieldSchema>()
  for (const name of new Set(rows.flatMap(row => Object.keys(row)))) {
    const values = rows.map(row => (Object.hasOwn(row, name) ? (row[name] as Json) : null))
    const of = new Set(values.filter(value => value !== null).map(typeOf))
    const schema = of.size === 1 ? { type: [...of][0] } : {}
    fields.set(name, declared.fields.get(name) ?? { schema, optional: values.includes(null) })
  }
  return { fields, closed: true, observed: false }
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

/** What a sample says of its rows, and nothing else. @throws Error for what is no type. */
export function declaredIn({ types = {} }: Sample): RowSchema {
  const fields = Object.entries(types).map(([name, type]): [string, FieldSchema] => {
    const parsed = parseFieldShorthand(type)
    if ('problem' in parsed) throw new Error(`of ${name}, ${parsed.problem}`)
    return [name, parsed]
  })
  return { ...OBSERVED, fields: new Map(fields) }
}

/** Canonical text; null, and a problem, if it isn't JSON that a ledger can hold. No secret may be in it. */
export function textOf(value: Json, problems: Problems): string | null {
  try {
    const text = canonicalize(value)
    expectNoSecret(text, problems)
    return text
  } catch (error) {
    problems.add(`it makes something that a ledger can’t hold: ${messageOf(error)}`)
    return null
  }
}

export function checkError(spec: PluginSpec, error: RowError, problems: Problems): void {
  problems.expect(
    Object.hasOwn(spec.errors, error.code),
    `it returns the error ${error.code}, which it doesn’t declare`,
  )
  problems.expect(typeof error.message === 'string' && error.message !== '', `the error ${error.code} has no message`)
  expectNoSecret(String(error.message), problems)
  problems.expect(typeof error.retryable === 'boolean', `the error ${error.code} doesn’t say whether to retry`)
  if (error.details !== undefined) textOf(error.details, problems)
}
