/** Checks of a spec and its options that need no run. */
import { z } from 'zod'
import { compileExpression } from '../../expression/expression.ts'
import { compilePattern, isPattern } from '../../expression/pattern.ts'
import { type FieldSchema, OBSERVED, type RowSchema } from '../../model/schema.ts'
import type { PluginSpec } from '../spec.ts'
import { specProblems } from '../spec-problems.ts'
import { type Findings, Problems } from './problems.ts'
import { parsedOptions, type Sample } from './subject.ts'

/** The spec is sound, its options have a JSON Schema, and options that nothing reads are refused. */
export function checkSpec(spec: PluginSpec, samples: readonly Sample[], findings: Findings): void {
  const sound = new Problems(findings, 'spec', null)
  for (const problem of specProblems(spec)) sound.add(problem)
  if (findings.problems.length > 0) return
  const problems = sound.of('options')
  try {
    z.toJSONSchema(spec.options, { io: 'input' })
  } catch (error) {
    problems.threw('its options have no JSON Schema', error)
  }
  for (const wrong of ['text', 5, true, [], null]) {
    problems.expect(!spec.options.safeParse(wrong).success, `${JSON.stringify(wrong)} is taken for options`)
  }
  for (const sample of samples) checkOptions(spec, sample, new Problems(findings, 'options', sample.title))
}

function checkOptions(spec: PluginSpec, sample: Sample, problems: Problems): void {
  const options = parsedOptions(spec, sample, problems)
  const more = { ...(sample.options as object), no_option_has_this_name: 1 }
  problems.expect(
    !spec.options.safeParse(more).success,
    'an option that nothing reads is accepted (use z.strictObject)',
  )
  if (!options.ok) return
  if ('requires' in spec && spec.requires !== undefined) {
    for (const { field, path } of spec.requires(options.value, [])) {
      problems.expect(typeof field === 'string' && path.length > 0, 'a requirement lacks its field or path')
    }
  }
  checkUses(spec, options.value, problems)
}

function checkUses(spec: PluginSpec, options: unknown, problems: Problems): void {
  if (!('expressions' in spec || 'patterns' in spec)) return
  for (const { path, source } of spec.patterns?.(options) ?? []) {
    const pattern = compilePattern(source)
    if (!isPattern(pattern)) problems.add(`the pattern at ${path.join('.')}: ${pattern.problem}`)
  }
  for (const { path, source, secrets = [] } of spec.expressions?.(options) ?? []) {
    const compiled = compileExpression(source, {
      ...{ over: 'row', schema: OBSERVED, in_run: true },
      secrets: unset(secrets),
    })
    if (!compiled.ok) problems.add(`the expression at ${path.join('.')}: ${compiled.problems[0]?.message}`)
  }
}

/** Types of the expressions among the options, as `guarantees` gets them. */
export function expressionTypes(
  spec: PluginSpec,
  options: unknown,
  input: RowSchema,
): ReadonlyMap<string, FieldSchema> {
  const types = new Map<string, FieldSchema>()
  if (!('expressions' in spec)) return types
  for (const { path, source, secrets = [] } of spec.expressions?.(options) ?? []) {
    const compiled = compileExpression(source, {
      ...{ over: 'row', schema: input, in_run: true },
      secrets: unset(secrets),
    })
    if (compiled.ok) types.set(path.join('.'), compiled.expression.gives)
  }
  return types
}

/** For a check, which needs no values. */
const unset = (names: readonly string[]) => new Map(names.map((name): [string, null] => [name, null]))
