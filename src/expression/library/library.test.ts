/** Each function of the library does what its page shows, and fails as it says. */
import { describe, expect, test } from 'vitest'
import { newRow } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import { compileExpression, EXPRESSION_ERRORS } from '../expression.ts'
import { FUNCTIONS } from '../functions.ts'
import { never } from '../total/fails.ts'
import type { Kind } from '../types.ts'
import { ALL_FUNCTIONS, keysOf, LIBRARY } from './index.ts'

const SECRETS = new Map([['key', 'Jefe']])

const evaluated = (source: string) => {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED, secrets: SECRETS })
  if (!compiled.ok) throw new Error(`${source}: ${compiled.problems[0]?.message}`)
  return compiled.expression.evaluate(newRow())
}

describe.each(LIBRARY)('$title', ({ functions }) => {
  test.each(functions)('$name: its examples are true', ({ examples }) => {
    expect(examples.length).toBeGreaterThan(0)
    for (const [source, value] of examples) expect([source, evaluated(source)]).toEqual([source, { ok: true, value }])
  })

  test.each(functions)('$name: its examples use it', spec => {
    const used = new RegExp(`${spec.form === 'function' ? '(^|[^.\\w])' : '\\.'}${spec.name.replace('.', '\\.')}\\(`)
    const either = spec.form === 'both' ? new RegExp(`\\b${spec.name}\\(`) : used
    const all = [...spec.examples.map(([source]) => source), ...Object.values(spec.errors ?? {})]
    expect(all.filter(source => !either.test(source))).toEqual([])
  })

  test.each(functions)('$name: fails with the codes that it lists', ({ errors = {} }) => {
    for (const [code, source] of Object.entries(errors)) {
      expect(code in EXPRESSION_ERRORS).toBe(true)
      expect([source, evaluated(source)]).toMatchObject([source, { ok: false, code }])
    }
  })

  test.each(functions)('$name: says when it fails if it lists codes, and has a sentence', spec => {
    const { overloads, errors, summary, signatures } = spec
    expect(summary).toMatch(/^[A-Z`].*\.$/)
    if (signatures !== undefined) expect(overloads).toEqual([])
    else expect(overloads.length).toBeGreaterThan(0)
    if (errors !== undefined) expect(overloads.some(({ fails }) => fails !== never)).toBe(true)
  })

  test.each(functions)('$name: null is a value that it can’t use, and no defect', spec => {
    for (const { takes } of spec.overloads) {
      if (takes.length === 0 || takes.every(kind => kind === 'any')) continue
      const args = takes.map((kind, i) =>
        kind === 'any' || i !== takes.findIndex(each => each !== 'any') ? SAMPLES[kind] : 'row.nothing',
      )
      const [receiver, ...rest] = args
      const [key = ''] = keysOf(spec)
      const call = key.startsWith('.') ? `${receiver}${key}(${rest.join(', ')})` : `${key}(${args.join(', ')})`
      const compiled = compileExpression(call, { over: 'row', schema: OBSERVED, secrets: SECRETS })
      if (!compiled.ok) throw new Error(`${call}: ${compiled.problems[0]?.message}`)
      expect([call, compiled.expression.evaluate(Object.assign(newRow(), { nothing: null }))]).toMatchObject([
        call,
        { ok: false, code: 'VALUE_NULL' },
      ])
    }
  })
})

const SAMPLES: { readonly [K in Kind]: string } = {
  any: '1',
  null: 'null',
  bool: 'true',
  int: '1',
  double: '1.5',
  decimal: 'decimal(1)',
  string: 'string("a")',
  list: '[]',
  map: '{}',
  timestamp: 'timestamp(0)',
  duration: 'duration("1s")',
  optional: 'optional.none()',
  type: 'int',
  secret: 'secrets.key',
}

test('no two functions have the same name', () => {
  const keys = ALL_FUNCTIONS.flatMap(keysOf)
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
  expect(FUNCTIONS.size).toBeGreaterThan(0)
})
