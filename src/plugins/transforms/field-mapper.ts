/** The `field_mapper` transform. */
import { z } from 'zod'
import { type Json, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { FieldRequirement, Transform } from '../../sdk/spec.ts'
import { fieldList, fieldName } from './options.ts'

const mapperOptions = z
  .strictObject({
    rename: z.record(fieldName, fieldName).optional().describe('`{old: new}`'),
    select: fieldList
      .optional()
      .describe('The fields to keep, by their old or new names, in the order they shall have'),
    drop: fieldList.optional().describe('The fields to leave out'),
  })
  .refine(({ rename, select, drop }) => rename !== undefined || select !== undefined || drop !== undefined, {
    error: 'say what to rename, select or drop',
  })
type MapperOptions = z.output<typeof mapperOptions>

/** The options, looked up by incoming name. */
interface Mapping {
  /** Old name to new name. */
  readonly renamed: ReadonlyMap<string, string>
  readonly dropped: ReadonlySet<string>
  /** Old names in order, or null: all. */
  readonly selected: readonly string[] | null
}

function mappingOf({ rename = {}, select, drop = [] }: MapperOptions): Mapping {
  const renamed = new Map(Object.entries(rename))
  if (select === undefined) return { renamed, dropped: new Set(drop), selected: null }
  const oldNames = new Map(Object.entries(rename).map(([from, to]) => [to, from]))
  const selected = new Set(select.map(name => (renamed.has(name) ? name : (oldNames.get(name) ?? name))))
  return { renamed, dropped: new Set(drop), selected: [...selected, ...renamed.keys()].filter(unique) }
}

const unique = (name: string, i: number, all: readonly string[]) => all.indexOf(name) === i

/** Whether a field of the row keeps its own name. */
const staysPut = ({ renamed, dropped, selected }: Mapping, name: string): boolean =>
  !renamed.has(name) && !dropped.has(name) && (selected === null || selected.includes(name))

function createMapper(options: MapperOptions, input: RowSchema): Transform {
  const mapping = mappingOf(options)
  const { renamed, dropped, selected } = mapping
  const named = selected ?? [...renamed.keys()]
  const needed = named.filter(name => input.fields.get(name)?.optional !== true)
  const taken = [...renamed.values()].filter(name => staysPut(mapping, name))
  return {
    process(row) {
      for (const name of needed) {
        if (!Object.hasOwn(row, name)) return rowError('FIELD_MISSING', `${name} is missing`, { field: name })
      }
      for (const name of taken) {
        if (Object.hasOwn(row, name))
          return rowError('FIELD_EXISTS', `there is a field ${name} already`, { field: name })
      }
      const next = newRow()
      if (selected !== null) {
        for (const name of selected) if (Object.hasOwn(row, name)) next[renamed.get(name) ?? name] = row[name] as Json
        return oneRow(next)
      }
      for (const name in row) if (!dropped.has(name)) next[renamed.get(name) ?? name] = row[name] as Json
      return oneRow(next)
    },
  }
}

function mappedSchema(options: MapperOptions, input: RowSchema): RowSchema {
  const mapping = mappingOf(options)
  const { renamed, dropped, selected } = mapping
  const unknown: FieldSchema = input.rest ?? { schema: {}, optional: false }
  const known = (name: string): FieldSchema => input.fields.get(name) ?? { ...unknown, optional: unknown.optional }
  const names = selected ?? [...new Set([...input.fields.keys(), ...renamed.keys()])].filter(name => !dropped.has(name))
  const fields = new Map(names.map(name => [renamed.get(name) ?? name, known(name)]))
  return selected === null ? { ...input, fields } : { fields, closed: true, observed: false }
}

function requires({ rename = {}, select = [], drop = [] }: MapperOptions): readonly FieldRequirement[] {
  const newNames = new Set(Object.values(rename))
  return [
    ...Object.keys(rename).map(field => ({ field, path: ['rename', field] })),
    ...select.flatMap((field, i) => (newNames.has(field) || field in rename ? [] : [{ field, path: ['select', i] }])),
    ...drop.map((field, i) => ({ field, optional: true, path: ['drop', i] })),
  ]
}

function check({ rename = {}, select, drop = [] }: MapperOptions) {
  const problems: { path: (string | number)[]; message: string; hint?: string }[] = []
  const targets = new Set<string>()
  for (const [from, to] of Object.entries(rename)) {
    if (targets.has(to)) problems.push({ path: ['rename', from], message: `two fields would be named ${to}` })
    targets.add(to)
  }
  for (const [i, name] of drop.entries()) {
    if (Object.hasOwn(rename, name)) problems.push({ path: ['drop', i], message: `${name} is renamed and dropped` })
  }
  if (select !== undefined && drop.length > 0) {
    const hint = 'select keeps only the fields it names; leave drop out.'
    problems.push({ path: ['drop'], message: 'select and drop can’t be used together', hint })
  }
  return problems
}

const person: Row = { id: 7, nm: 'Ada', note: 'x' }

export const fieldMapper = defineTransform({
  name: 'field_mapper',
  summary: 'Renames, selects and drops fields',
  description: [
    'All names are those of the incoming row; `select` takes new names as well. Fields that aren’t named stay as they are,',
    'unless `select` is used: then only the named ones remain (renamed ones among them), in the order given.',
    '',
    'Two names can be swapped. A field that shall be renamed or selected and is missing is an error, unless the schema',
    'declares it optional. So is a new name that another field of the row has already.',
  ].join('\n'),
  options: mapperOptions,
  determinism: 'deterministic',
  errors: {
    FIELD_MISSING: 'A field that shall be renamed or selected is missing.',
    FIELD_EXISTS: 'A field would get a name that another field has.',
  },
  examples: [
    {
      title: 'Rename and drop',
      options: { rename: { nm: 'name' }, drop: ['note'] },
      rows_in: [person],
      rows_out: [{ id: 7, name: 'Ada' }],
    },
    {
      title: 'Select, in this order',
      options: { rename: { nm: 'name' }, select: ['name', 'id'] },
      rows_in: [person],
      rows_out: [{ name: 'Ada', id: 7 }],
    },
    {
      title: 'A name that is taken',
      options: { rename: { nm: 'id' } },
      rows_in: [person, { nm: 'Bo' }, { id: 8 }],
      rows_out: [{ id: 'Bo' }],
      errors: ['FIELD_EXISTS', 'FIELD_MISSING'],
    },
  ],
  check,
  requires,
  guarantees: (options, input) => mappedSchema(options, input),
  cardinality: 'one',
  create: (options, { input }) => createMapper(options, input),
})
