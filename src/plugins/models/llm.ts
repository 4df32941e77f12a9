/** The `llm` transform. */
import { z } from 'zod'
import { derive, type Json, type MutableRow, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow } from '../../sdk/results.ts'
import type { FieldRequirement, OptionProblem, SecretOption } from '../../sdk/spec.ts'
import { compileTemplate, type Template, templateProblem } from '../templates/template.ts'
import { LLM_ERRORS } from './failures.ts'
import { orFile } from './from-file.ts'
import { llmExamples } from './llm-examples.ts'
import { Model } from './model.ts'
import { modelOptions, modelProblems, sameForAll, serviceOf, unpriced } from './model-options.ts'
import { type OutputShape, outputShape } from './output-shape.ts'
import { missingPackages } from './providers.ts'
import { askAll, type Query } from './queries.ts'

const json = z.unknown()
const schemaOption = orFile(z.record(z.string(), json)).describe(
  'What the answer must look like: `{field: type}` as in a source’s schema, or a JSON Schema with `type: object` and `properties`',
)
const template = orFile(z.string().min(1))

const llmOptions = z.strictObject({
  ...modelOptions,
  system: template.optional().describe('The system prompt, a Liquid template'),
  prompt: template.optional().describe('What is asked, a Liquid template; this, or `queries`'),
  schema: schemaOption.optional(),
  field: z
    .string()
    .min(1)
    .optional()
    .describe('The answer’s field: `answer` if absent, or with `schema` a field for each of its properties'),
  queries: z
    .record(
      z.string().min(1),
      z.strictObject({
        system: template.optional().describe('Instead of the common one'),
        prompt: template,
        schema: schemaOption.optional(),
      }),
    )
    .optional()
    .describe('Several at once, by the fields that their answers go to'),
  parameters: z
    .record(z.string(), orFile(json))
    .optional()
    .describe('More for the templates, as `{{ parameters.name }}`; a file ending in .json or .yaml gives its value'),
})
type LlmOptions = z.output<typeof llmOptions>
type JsonMap = { readonly [key: string]: Json }

/** A question as the options have it, with where it stands there. */
interface Asked {
  readonly name: string
  readonly path: readonly string[]
  readonly system: { readonly source: string; readonly path: readonly string[] } | null
  readonly prompt: string
  readonly schema: JsonMap | null
}

function askedOf({ system, prompt, schema, queries }: LlmOptions): readonly Asked[] {
  const common = system === undefined ? null : { source: system, path: ['system'] }
  const only: readonly Asked[] =
    prompt === undefined
      ? []
      : [{ name: '', path: [], system: common, prompt, schema: (schema ?? null) as JsonMap | null }]
  const several = Object.entries(queries ?? {}).map(([name, query]): Asked => {
    const path = ['queries', name]
    const own = query.system === undefined ? common : { source: query.system, path: [...path, 'system'] }
    return { name, path, system: own, prompt: query.prompt, schema: (query.schema ?? null) as JsonMap | null }
  })
  return [...only, ...several]
}

const PARAMETERS = 'parameters'

const templateOf = (source: string, options: LlmOptions) =>
  compileTemplate(source, { more: options.parameters === undefined ? [] : [PARAMETERS] })

/** Templates of a question with their places. */
const templatesOf = ({ system, prompt, path }: Asked) => [
  ...(system === null ? [] : [system]),
  { source: prompt, path: [...path, 'prompt'] },
]

function problemsOf(options: LlmOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { prompt, queries, schema, field } = options
  const problems: OptionProblem[] = [...modelProblems(options, secrets)]
  if ((prompt === undefined) === (queries === undefined))
    problems.push({ path: ['prompt'], message: 'write either a `prompt` or `queries`' })
  if (queries !== undefined && Object.keys(queries).length === 0)
    problems.push({ path: ['queries'], message: '`queries` has none' })
  if (queries !== undefined && (schema !== undefined || field !== undefined))
    problems.push({
      path: ['queries'],
      message: 'with `queries` each of them has its own `schema`, and its name is its field',
    })
  for (const asked of askedOf(options)) {
    let varies = false
    for (const { source, path } of templatesOf(asked)) {
      const compiled = templateOf(source, options)
      if ('problem' in compiled) problems.push(templateProblem(compiled, path))
      varies ||= 'problem' in compiled || compiled.reads_row
    }
    if (!varies) problems.push(sameForAll([...asked.path, 'prompt']))
    const shape = asked.schema === null ? null : outputShape(asked.schema)
    if (shape !== null && 'problem' in shape)
      problems.push({
        path: [...asked.path, 'schema'],
        message: shape.problem,
        ...(shape.hint === undefined ? {} : { hint: shape.hint }),
      })
  }
  return problems
}

function requirementsOf(options: LlmOptions): readonly FieldRequirement[] {
  const found = new Map<string, FieldRequirement>()
  for (const { source, path } of askedOf(options).flatMap(templatesOf)) {
    const compiled = templateOf(source, options)
    if ('problem' in compiled) continue
    for (const field of compiled.fields) if (!found.has(field)) found.set(field, { field, path })
  }
  return [...found.values()]
}

// ── from answers to fields ─────────────────────────────────────────────────────────────────────────────────────────

/** Options are checked before: what is wrong with a schema has been reported. */
function shapeOf({ schema }: Asked): OutputShape | null {
  const shape = schema === null ? null : outputShape(schema)
  return shape === null || 'problem' in shape ? null : shape
}

/** What the answers become. */
interface Target {
  readonly fields: ReadonlyMap<string, FieldSchema>
  /** True: the properties of the only answer. */
  readonly spread: boolean
}

function targetOf(options: LlmOptions): Target {
  const asked = askedOf(options)
  const [only] = asked
  const shape = only === undefined ? null : shapeOf(only)
  const { queries, field = 'answer' } = options
  if (queries === undefined && options.field === undefined && shape !== null)
    return { fields: shape.fields, spread: true }
  const fields = asked.map((each): [string, FieldSchema] => {
    const schema = shapeOf(each)?.schema ?? { type: 'string' }
    return [each.name === '' ? field : each.name, { schema, optional: false }]
  })
  return { fields: new Map(fields), spread: false }
}

function changesOf({ fields, spread }: Target, values: readonly Json[]): Row {
  const changes: MutableRow = newRow()
  let i = 0
  for (const field of fields.keys()) {
    // A property that the answer leaves out is null: the row may have had something else there.
    changes[field] = spread ? ((values[0] as Row)[field] ?? null) : (values[i++] as Json)
  }
  return changes
}

export const llm = defineTransform({
  name: 'llm',
  summary: 'Asks a language model about each row, and keeps its answers in fields',
  description: [
    'Prompts are [Liquid](https://liquidjs.com/tags/overview.html) templates. `{{ note }}` or `{{ row.note }}` is the field',
    '`note`; fields that a template names are required of the rows. One that is missing or null is the error LLM_TEMPLATE,',
    'unless the template deals with it: `{{ note | default: "none" }}`, `{% if note %}…{% endif %}`. Lists and objects are',
    'written as JSON. The current time, chance and other files aren’t to be had in templates.',
    '',
    'With a `schema` the answer is JSON, and each property becomes a field (or all of it one, with `field`). What can be',
    'had without a loss is converted, `"12"` to 12; a fence around JSON is taken off. An answer that doesn’t fit goes back',
    'to the model once, with what is wrong; then it is the error LLM_INVALID_OUTPUT.',
    '',
    '`queries` asks several things at once; each answer goes to the field of its name. If one fails, the row does.',
    '',
    '`prompt`, `system`, `schema` and `parameters` may be in files: `prompt: {file: prompts/triage.liquid}`. They are read',
    'when the pipeline is compiled, and their content is part of the plan.',
    '',
    '`docs/models.md` has the providers, what is recorded, and how cost is reckoned.',
  ].join('\n'),
  options: llmOptions,
  determinism: 'external',
  errors: LLM_ERRORS,
  examples: llmExamples,
  check: problemsOf,
  missing: missingPackages,
  files: [
    ['system'],
    ['prompt'],
    ['schema'],
    ['queries', '*', 'system'],
    ['queries', '*', 'prompt'],
    ['queries', '*', 'schema'],
    ['parameters', '*'],
  ],
  requires: requirementsOf,
  guarantees: (options, input) => ({ ...input, fields: new Map([...input.fields, ...targetOf(options).fields]) }),
  services: options => [serviceOf(options)],
  unpriced,
  cardinality: 'one',
  create: (options, context) => {
    const model = new Model(options, context)
    const target = targetOf(options)
    const compiled = (source: string) => templateOf(source, options) as Template
    const queries = askedOf(options).map(
      (each): Query => ({
        name: each.name,
        system: each.system === null ? null : compiled(each.system.source),
        prompt: compiled(each.prompt),
        shape: shapeOf(each),
      }),
    )
    const parameters: Row = options.parameters === undefined ? {} : { [PARAMETERS]: options.parameters as Row }
    return {
      async process(row, { call }) {
        const answers = await askAll(queries, model, row, parameters, call)
        return answers.kind === 'error' ? answers : oneRow(derive(row, changesOf(target, answers.values)))
      },
      probe: signal => model.probe(signal),
      close: () => model.close(),
    }
  },
})
