/** The conformance tests that CEL publishes, where they are about CEL over JSON; and where this differs, on purpose or by its parser. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileExpression } from '../src/expression/expression.ts'
import { grouped } from '../src/model/number-text.ts'
import { type CelTest, celTests } from './support/cel-suite.ts'
import { ROOT } from './support/source-file.ts'

/** Beginnings of names of tests, by what they differ in; docs/functions.md says the same in words. */
const DIFFERENCES: { readonly [what: string]: readonly string[] } = {
  'functions, names and types are checked before the run, in parts that are never evaluated as well': [
    'basic/variables: unbound_is_runtime_error',
    'basic/functions: unbound_is_runtime_error',
    'logic/conditional: mixed_type',
    'logic/AND: short_circuit_type_',
    'logic/OR: short_circuit_type_',
    'optionals/optionals: ternary_optional_hasValue',
    'parse/receiver_function_names: ',
  ],
  'a division by zero is an error, of decimals as well': [
    'comparisons/eq_literal: not_eq_double_nan',
    'comparisons/eq_literal: not_eq_int_double_nan',
    'comparisons/ne_literal: not_ne_double_nan',
    'comparisons/ne_literal: not_ne_int_double_nan',
    'comparisons/ne_literal: ne_double_nan',
    'math_ext/isInf: ',
    'math_ext/isFinite: false_',
  ],
  'an integer and a decimal are compared exactly': [
    'comparisons/lt_literal: not_lt_dyn_int_big_lossy_double',
    'comparisons/gt_literal: not_gt_dyn_big_double_int',
    'comparisons/lte_literal: lte_dyn_big_double_int',
    'comparisons/gte_literal: gte_dyn_int_big_lossy_double',
  ],
  'integers and decimals serve alike where a number is needed': [
    'conversions/int: double_int_min_range',
    'fp_math/fp_math: mod_not_support',
    'math_ext/ceil: dyn_error',
    'math_ext/floor: dyn_error',
    'math_ext/round: dyn_error',
    'math_ext/trunc: dyn_error',
  ],
  'null, and what has no fields, is missing to optional access': [
    'optionals/optionals: map_null_entry_',
    'optionals/optionals: map_present_key_invalid_field',
  ],
  'durations reach 10,000 years': ['timestamps/timestamp_range: sub_time_duration_'],
  'the parser doesn’t know them: true, false, null as names of fields, fields in backquotes, .5, optional entries': [
    'basic/reserved_const: ',
    'fields/quoted_map_fields: ',
    'comparisons/gt_literal: not_gt_double',
    'optionals/optionals: optional_chaining_12',
    'optionals/optionals: optional_chaining_13',
    'optionals/optionals: optional_chaining_14',
    'optionals/optionals: optional_chaining_15',
    'optionals/optionals: optional_chaining_16',
    'optionals/optionals: map_optional_entry_has',
  ],
  'macros take one variable': ['macros2/'],
}

function passes({ source, row, schema, wanted }: CelTest): boolean {
  const compared =
    wanted === null ? `[dyn(${source})] == []` : `[dyn(${source})] == [${wanted}] && type(${source}) == type(${wanted})`
  const compiled = compileExpression(compared, { over: 'row', schema })
  const result = compiled.ok ? compiled.expression.evaluate(row) : null
  return wanted === null ? !(result?.ok ?? false) : result?.ok === true && result.value === true
}

const { inside, outside } = celTests()
const failed = inside.filter(each => !passes(each)).map(({ name }) => name)

test('each test passes, or is one of the differences that are known', () => {
  const known = Object.values(DIFFERENCES).flat()
  expect(failed.filter(name => !known.some(beginning => name.startsWith(beginning)))).toEqual([])
})

test('the differences are there', () => {
  const gone = Object.values(DIFFERENCES).flatMap(names =>
    names.filter(beginning => !failed.some(name => name.startsWith(beginning))),
  )
  expect(gone).toEqual([])
})

test('docs/functions.md says how many pass', () => {
  const total = inside.length + [...outside.values()].reduce((all, each) => all + each, 0)
  const page = readFileSync(join(ROOT, 'docs/functions.md'), 'utf8').replaceAll(/\s+/g, ' ')
  const said =
    /Of the ([\d,]+) conformance tests that CEL publishes, ([\d,]+) are about CEL over JSON, and ([\d,]+) of these pass/
  expect(said.exec(page)?.slice(1)).toEqual([total, inside.length, inside.length - failed.length].map(grouped))
})
