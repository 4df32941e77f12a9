import { describe, expect, test } from 'vitest'
import { brief, compileText } from '../../test/support/compile-text.ts'
import { testCatalogue } from '../../test/support/stub-plugins.ts'

/** A pipeline whose gates have no `on_error`; `nodes` are in its place before the gate `tier`, or lead elsewhere. */
const pipeline = ({
  gate,
  schema = 'mode: fixed, fields: { id: integer, amount: number, count: integer, note: string? }',
  to = 'tier',
  nodes = '',
}: {
  readonly gate: string
  readonly schema?: string
  readonly to?: string
  readonly nodes?: string
}) => `name: total
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, schema: { ${schema} }, on_invalid: discard, to: ${to} }
nodes:
${nodes}
  tier: ${gate}
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard }
`
const boolean = (source: string) => `{ gate: '${source}', routes: { true: out, false: out } }`
const diagnosticsOf = (parts: Parameters<typeof pipeline>[0]) =>
  compileText(pipeline(parts), { catalogue: testCatalogue() }).diagnostics
const problems = (parts: Parameters<typeof pipeline>[0]) =>
  diagnosticsOf(parts).map(({ code, hint }) => `${code.replace('CUSTODY_', '')}: ${hint}`)

const missing = (risks: string) =>
  `ERROR_ROUTE_MISSING: ${risks}; add on_error: a sink, a node or discard, here or in defaults`

describe('a gate needs no on_error', () => {
  test('if its expression has a value for every row that fits', () => {
    expect(problems({ gate: boolean('row.amount > 5 && row.count + 1 < row.id') })).toEqual([])
    expect(problems({ gate: boolean('has(row.note) && row.note.contains("x")') })).toEqual([])
  })

  test('if it gives a text for every row that fits', () => {
    expect(problems({ gate: `{ gate: 'row.id > 3 ? "a" : "b"', routes: { a: out, b: out } }` })).toEqual([])
    expect(problems({ gate: '{ gate: row.note, routes: { a: out, else: out } }' })).toEqual([
      missing('`row.note` fails where it is missing or null'),
    ])
  })

  test('if each of its cases has a value where those before don’t hold', () => {
    const cases = (first: string) => `
    cases:
      - { when: ${first}, to: out }
      - { when: row.id / row.count > 3, to: out }
      - { else: out }`
    expect(problems({ gate: cases('row.count == 0') })).toEqual([])
    expect(problems({ gate: cases('row.count == 1') })).toEqual([
      missing('`row.id / row.count` fails where `row.count` is 0'),
    ])
  })

  test('with cases, a default route and an error route of its own all the same', () => {
    const gate = `{ gate: 'row.id > 3', routes: { true: out, false: out }, on_error: discard }`
    expect(brief(diagnosticsOf({ gate }))).toEqual([])
  })
})

describe('what is known of rows counts', () => {
  test('undeclared fields may be missing, and anything', () => {
    expect(problems({ gate: boolean('row.id > 1'), schema: 'mode: observed' })).toEqual([
      missing(
        '`row.id` fails where it is missing; `row.id > 1` fails where `row.id` is null; `row.id > 1` fails where `row.id` isn’t a number',
      ),
    ])
    const schema = 'mode: flexible, fields: { id: integer }'
    expect(problems({ gate: boolean('row.id > 1'), schema })).toEqual([])
    expect(
      problems({ gate: boolean('has(row.more) && row.more == "x"'), schema }).filter(each => /^ERROR/.test(each)),
    ).toEqual([])
    expect(problems({ gate: boolean('row.more == "x"'), schema }).at(-1)).toBe(
      missing('`row.more` fails where it is missing'),
    )
  })

  test('a plugin’s guarantees do, on what no schema declares, too', () => {
    const nodes = `  typed: { transform: compute, options: { set: { n: 'double(row.amount)' } }, on_error: discard, to: tier }`
    const observed = { nodes, to: 'typed', schema: 'mode: observed' }
    expect(problems({ ...observed, gate: boolean('row.n >= 5') })).toEqual([])
    expect(problems({ ...observed, gate: boolean('row.n / 0.1 >= 5') })).toEqual([
      missing('`row.n / 0.1` fails where the result leaves the range of doubles'),
    ])
  })

  test('behind a plugin that has none nothing does, whatever comes between', () => {
    const nodes = `  asked: { transform: ask, options: { model: m, key: keyed }, on_error: discard, to: typed }
  typed: { transform: compute, options: { set: { n: 'row.id' } }, on_error: discard, to: tier }`
    expect(problems({ nodes, to: 'asked', gate: boolean('row.n > 1') })).toEqual([
      missing(
        'what `asked` makes of rows isn’t known for certain; `row.n` fails where it is missing; ' +
          '`row.n > 1` fails where `row.n` is null; `row.n > 1` fails where `row.n` isn’t a number',
      ),
    ])
  })

  test('rows that met an error at such a plugin are as they were', () => {
    const nodes = `  asked: { transform: ask, options: { model: m, key: keyed }, on_error: tier, to: out }`
    expect(problems({ nodes, to: 'asked', gate: boolean('row.id > 1 && row._error.code == "X"') })).toEqual([])
  })

  test('a table’s columns that aren’t named may have replaced any field', () => {
    const gate = boolean('row.id > 1')
    const lookup = (select: string) =>
      `  more: { transform: lookup, options: { path: t.csv, key: { id: id }${select} }, on_error: discard, to: tier }`
    const hints = (select: string) =>
      problems({ nodes: lookup(select), to: 'more', gate }).filter(each => /^ERROR/.test(each))
    expect(hints(', select: [name]')).toEqual([])
    expect(hints('')[0]).toContain('what `more` makes of rows isn’t known for certain')
  })

  test('what is said of a text’s value no longer does once it may have been cut', () => {
    const schema = 'mode: fixed, fields: { id: integer, at: { enum: ["2026-01-01T00:00:00Z"] } }'
    const gate = boolean('timestamp(row.at) > timestamp("2025-01-01T00:00:00Z")')
    expect(problems({ schema, gate })).toEqual([])
    const nodes = '  cut: { transform: truncate, options: { fields: { at: 4 } }, on_error: discard, to: tier }'
    expect(problems({ schema, nodes, to: 'cut', gate })).toEqual([
      missing('`timestamp(row.at)` fails where `row.at` isn’t a timestamp'),
    ])
    expect(problems({ schema, nodes, to: 'cut', gate: boolean('row.at + "x" == "2026x"') })).toEqual([])
  })

  test('statistics of values that may all be null are null', () => {
    const nodes = `  cut: { transform: truncate, options: { fields: { name: 9 } }, on_error: discard, to: stats }
  stats: { aggregate: batch_stats, options: { value: x, group_by: [name] }, trigger: { count: 2 }, on_error: discard, to: tier }`
    const given = (x: string, name: string, gate: string) =>
      problems({ nodes, to: 'cut', gate: boolean(gate), schema: `mode: fixed, fields: { x: ${x}, name: ${name} }` })
    expect(given('{ enum: [1, 2] }', '{ enum: [a] }', 'double(row.mean) > 1.0 && row.name + "x" == "ax"')).toEqual([])
    for (const x of ['{ enum: [1, null] }', '{ anyOf: [{ type: number }, { type: "null" }] }', '{}'])
      expect(given(x, 'string', 'double(row.mean) > 1.0')[0]).toContain('fails where `row.mean` is missing or null')
    expect(given('number', '{ enum: [a, null] }', 'row.name + "x" == "ax"')[0]).toContain('`row.name` is')
  })

  test('of branches that may each have written a field only what all of them may have written', () => {
    const nodes = (right: string) => `  both: { fork: { left: whole, right: other } }
  whole: { transform: coerce, options: { fields: { amount: integer } }, on_error: discard, to: merged }
  other: { transform: compute, options: { set: { ${right} } }, on_error: discard, to: merged }
  merged: { coalesce: [left, right], to: tier }`
    const gate = boolean('row.amount % 2 == 0')
    expect(problems({ nodes: nodes('other: "1"'), to: 'both', gate })[0]).toContain('what `merged` makes of rows')
    expect(problems({ nodes: nodes('other: "1"'), to: 'both', gate: boolean('true') })).toEqual([])
  })
})

test('a mistake elsewhere says nothing of a gate that can’t be judged', () => {
  const codes = diagnosticsOf({ gate: boolean('row.idd > 1') }).map(({ code }) => code)
  expect(codes).toEqual(['CUSTODY_UNKNOWN_FIELD'])
})

test('it stands at the first operation that can fail', () => {
  const [diagnostic] = diagnosticsOf({ gate: boolean('row.id > 1 && 7 / row.count > 2') })
  const line = pipeline({ gate: boolean('row.id > 1 && 7 / row.count > 2') }).split('\n')[(diagnostic?.line ?? 0) - 1]
  const { column = 0, length = 0 } = diagnostic ?? {}
  expect(line?.slice(column - 1, column - 1 + length)).toBe('7 / row.count')
})
