import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Json, Row } from '../model/row.ts'
import { defineAggregate, defineGate, defineSink, defineSource, defineTransform } from './define.ts'
import type {
  OutboundSink,
  Outgoing,
  Receipt,
  Sent,
  SourceRange,
  SourceRecord,
  Transform,
  TransformResult,
} from './spec.ts'
import { conformance, conformanceProblems, testPlugin } from './testing.ts'

/** A transform that conforms, with one thing changed. */
const transformWith = (process: Transform['process'], change: object = {}) =>
  defineTransform({
    name: 'sample',
    summary: 'A sample',
    options: z.strictObject({}),
    determinism: 'deterministic',
    errors: { BAD: 'It is bad.' },
    examples: [{ title: 'One', options: {}, rows_in: [{ a: 1 }], rows_out: [{ a: 1 }] }],
    cardinality: 'one',
    create: () => ({ process }),
    ...change,
  })
const same = (row: Row): TransformResult => ({ kind: 'row', row })
const problemsOf = async (spec: Parameters<typeof conformanceProblems>[0]) =>
  (await conformanceProblems(spec)).join('\n')

describe('transforms', () => {
  test('one that conforms has no problems', async () => {
    expect(await conformanceProblems(transformWith(same))).toEqual([])
  })

  let count = 0
  test.each([
    ['changes the row', transformWith(row => same(Object.assign(row, { a: 2 }))), /changes it/],
    ['throws', transformWith(row => same({ a: (row.a as { b: Json }).b })), /throws for/],
    ['gives something else', transformWith(() => same({ a: 2 })), /the example says/],
    ['isn’t deterministic', transformWith(() => same({ a: count++ })), /second time/],
    ['makes NaN', transformWith(() => same({ a: Number.NaN })), /ledger can’t hold/],
    ['makes undefined', transformWith(() => same({ a: undefined as unknown as Json })), /ledger can’t hold/],
    ['makes no row', transformWith(() => same(5 as unknown as Row)), /for a row/],
    ['expands', transformWith(row => ({ kind: 'rows', rows: [row] })), /cardinality is one/],
    ['filters', transformWith(() => ({ kind: 'filtered' })), /declare `filters`/],
    [
      'has an undeclared error',
      transformWith(() => ({ kind: 'error', code: 'OTHER', message: 'x', retryable: false })),
      /doesn’t declare/,
    ],
    ['accepts any option', transformWith(same, { options: z.object({}) }), /strictObject/],
    ['accepts a text as options', transformWith(same, { options: z.any() }), /taken for options/],
    [
      'has an option without JSON Schema',
      transformWith(same, { options: z.strictObject({ a: z.date() }) }),
      /JSON Schema/,
    ],
    [
      'has an example that its options refuse',
      transformWith(same, { options: z.strictObject({ a: z.string() }) }),
      /options are refused/,
    ],
    [
      'guarantees too much',
      transformWith(same, {
        guarantees: () => ({
          fields: new Map([['b', { schema: {}, optional: false }]]),
          closed: false,
          observed: false,
        }),
      }),
      /`guarantees`/,
    ],
    ['isn’t sound', transformWith(same, { examples: [] }), /no example/],
  ])('one that %s', async (_what, spec, message) => expect(await problemsOf(spec)).toMatch(message))

  const numbers = (row: Row, position: number) => same({ ...row, a: position })
  const orderedWith = (create: () => object, change: object = {}) =>
    transformWith(same, {
      ordered: true,
      create,
      examples: [{ title: 'Two', options: {}, rows_in: [{ a: 7 }, { a: 7 }], rows_out: [{ a: 1 }, { a: 2 }] }],
      ...change,
    })
  test('one that takes rows in order gets their positions', async () => {
    const counts = { process: (row: Row, { position }: { position: number }) => numbers(row, position) }
    expect(await conformanceProblems(orderedWith(() => counts))).toEqual([])
  })

  test.each([
    [
      'keeps something in memory',
      orderedWith(() => {
        let taken = 0
        return { process: (row: Row) => numbers(row, ++taken) }
      }),
      /begun anew before each row/,
    ],
    [
      'answers later',
      orderedWith(() => ({
        process: async (row: Row, { position }: { position: number }) => numbers(row, position),
      })),
      /doesn’t answer at once/,
    ],
    ['is external', orderedWith(() => ({}), { determinism: 'external' }), /isn’t deterministic/],
    ['has services', orderedWith(() => ({}), { services: () => ['one'] }), /one at a time, and has services/],
    ['says so otherwise', orderedWith(() => ({}), { ordered: 'yes' }), /ordered isn’t true or false/],
  ])('one that takes rows in order, and %s', async (_what, spec, message) =>
    expect(await problemsOf(spec)).toMatch(message),
  )

  test('the test that is registered fails with all problems', async () => {
    const registered: (() => Promise<void>)[] = []
    testPlugin(
      (_name, run) => registered.push(run),
      transformWith(() => same({ a: 2 })),
    )
    await expect((registered[0] as () => Promise<void>)()).rejects.toThrow(/doesn’t conform:\n- sample/)
  })
})

describe('the report', () => {
  test('has what was checked, in order, with what each check found, once', async () => {
    const { checks, untried } = await conformance(transformWith(() => same({ a: 2 })))
    expect(untried).toBe(null)
    expect(checks.map(({ name, problems: found }) => [name, found.length])).toEqual([
      ['spec', 0],
      ['options', 0],
      ['examples', 1],
      ['repeat', 0],
      ['any_row', 0],
      ['guarantees', 0],
    ])
    expect(checks[2]?.problems[0]).toEqual({
      check: 'examples',
      example: 'One',
      message: 'the example',
      differs: { expected: [{ a: 1 }], actual: [{ a: 2 }] },
    })
  })

  test('says what no example lets it try', async () => {
    const { untried } = await conformance(transformWith(same, { examples: [{ title: 'None', options: {} }] }))
    expect(untried).toBe('nothing was run: no example has rows_in')
  })
})

describe('secrets of examples', () => {
  const telling = (process: (key: string) => Transform['process']) =>
    transformWith(same, {
      options: z.strictObject({ key: z.string() }),
      services: () => ['one'],
      examples: [
        {
          title: 'One',
          options: { key: { secret: 'KEY' } },
          rows_in: [{ a: 1 }],
          answers: [{ kind: 'answer', response: 1 }],
        },
      ],
      create: ({ key }: { key: string }, { secrets }: { secrets: unknown }) => {
        expect(secrets).toEqual([{ path: ['key'], name: 'KEY' }])
        return { process: process(key) }
      },
    })

  test.each([
    ['a row', (key: string) => () => same({ a: `Bearer ${key}` })],
    ['a message', (key: string) => () => ({ kind: 'error', code: 'BAD', message: key, retryable: false }) as const],
    [
      'a request',
      (key: string): Transform['process'] =>
        async (row, { call }) => {
          await call('one', { request: { key } }, async () => ({ kind: 'answer', response: null }))
          return same(row)
        },
    ],
  ])('are found in %s', async (_where, process) => {
    expect(await problemsOf(telling(process))).toMatch(/the value of the secret KEY is in what is recorded/)
  })

  test('are of no concern where they stay', async () => {
    expect(await conformanceProblems(telling(() => same))).toEqual([])
  })
})

describe('gates and aggregates', () => {
  const gate = (label: string) =>
    defineGate({
      name: 'sample',
      summary: 'A sample',
      options: z.strictObject({}),
      determinism: 'deterministic',
      errors: {},
      examples: [{ title: 'One', options: {}, rows_in: [{ a: 1 }] }],
      labels: () => ['yes'],
      create: () => ({ decide: () => ({ kind: 'label', label }) }),
    })
  const aggregate = (rows: readonly (Row | null)[]) =>
    defineAggregate({
      name: 'sample',
      summary: 'A sample',
      options: z.strictObject({}),
      determinism: 'deterministic',
      errors: {},
      examples: [{ title: 'Two', options: {}, rows_in: [{ a: 1 }, { a: 2 }] }],
      outputs: ['passthrough'],
      create: () => ({ process: batch => ({ kind: 'members', rows: rows.length > 0 ? rows : batch }) }),
    })

  test('labels must be declared', async () => {
    expect(await problemsOf(gate('yes'))).toBe('')
    expect(await problemsOf(gate('no'))).toMatch(/label no/)
  })

  test('labels are those of the example', async () => {
    const spec = gate('yes')
    const [example] = spec.examples
    const expecting = (labels: readonly string[]) => ({
      ...spec,
      examples: [{ ...example, title: 'One', options: {}, labels }],
    })
    expect(await problemsOf(expecting(['yes']))).toBe('')
    expect(await problemsOf(expecting(['no']))).toMatch(/of labels, the example says \["no"\], gives \["yes"\]/)
  })

  test('rows of a batch are what it guarantees', async () => {
    const guaranteeing = (type: string) => ({
      ...aggregate([]),
      guarantees: () => ({
        fields: new Map([['a', { schema: { type }, optional: false }]]),
        closed: true,
        observed: false,
      }),
    })
    expect(await problemsOf(guaranteeing('integer'))).toBe('')
    expect(await problemsOf(guaranteeing('string'))).toMatch(/a row isn’t what `guarantees` says/)
  })

  test('passthrough returns each member', async () => {
    expect(await problemsOf(aggregate([]))).toBe('')
    expect(await problemsOf(aggregate([{ a: 1 }]))).toMatch(/1 members for 2/)
  })
})

describe('sources and sinks', () => {
  const source = (skip: number, read?: (position: { at: number }) => AsyncIterable<readonly SourceRecord[]>) =>
    defineSource({
      name: 'sample',
      summary: 'A sample',
      options: z.strictObject({}),
      determinism: 'deterministic',
      errors: {},
      examples: [{ title: 'Three', options: {}, files: { 'a.txt': 'abc' } }],
      rereadable: () => true,
      textual: false,
      create: () => ({
        async *read(from) {
          if (read !== undefined) {
            yield* read({ at: from === null ? 0 : (from.position as { at: number }).at })
            return
          }
          const all = ['x', 'y', 'z'].map((a, i): SourceRecord => ({ kind: 'row', line: 0, row: { a }, position: i }))
          yield all.slice(from === null ? 0 : (from.position as number) + skip)
        },
        close: async () => undefined,
      }),
    })
  /** A sink that keeps its rows in memory; `forgets`: it doesn't wind back. */
  const sink = (forgets: boolean) =>
    defineSink({
      name: 'sample',
      summary: 'A sample',
      options: z.strictObject({}),
      determinism: 'deterministic',
      errors: {},
      examples: [{ title: 'Some', options: {} }],
      create: (_options, { folder }) => {
        const path = join(folder, 'out.txt')
        let rows: readonly Row[] = []
        const receipt = (): Receipt => {
          const text = JSON.stringify(rows)
          writeFileSync(path, text)
          return { rows: rows.length, bytes: Buffer.byteLength(text), sha256: null, state: rows }
        }
        return {
          prepare: async () => ({ path, mode: 'fail', prior_bytes: 0, prior_sha256: null, staged: null }),
          open: async (_intent, from) => {
            rows = from === null || forgets ? [] : (from.state as readonly Row[])
          },
          write: row => {
            rows = [...rows, row]
            return null
          },
          flush: async () => receipt(),
          finish: async () => receipt(),
          publish: async () => null,
          close: async () => undefined,
        }
      },
    })

  /** Three rows of a byte each; `wrong`: what its ranges say instead of what is so. */
  const cuttable = (wrong: Partial<SourceRange>, forgets = false) =>
    defineSource({
      ...source(1),
      create: () => {
        let part = { from: 0, to: 3 }
        const { length } = 'xyz'
        return {
          async *read(from) {
            const start = from === null ? part.from : (from.position as number)
            const rows = [...'xyz'].map((a, i): SourceRecord => ({ kind: 'row', line: 0, row: { a }, position: i + 1 }))
            yield rows.slice(start, part.to)
          },
          size: async () => length,
          cut: async (ends, { most_records = length }) => {
            const behind = [...ends.map(end => end + 1), length].map(at => Math.min(at, length, most_records))
            return behind.map((to, i) => {
              const from = behind[i - 1] ?? 0
              const counts = { records_before: from, records: to - from, bytes: to - from, line: 0 }
              return { from, to, ...counts, sha256: '', ...wrong }
            })
          },
          select: ({ from, to }) => {
            if (!forgets) part = { from: from as number, to: to as number }
          },
          close: async () => undefined,
        }
      },
    })

  test('ranges give what the whole gives', async () => {
    expect(await problemsOf(cuttable({}))).toBe('')
    expect(await problemsOf(cuttable({}, true))).toMatch(/don’t give what the whole gives/)
    expect(await problemsOf(cuttable({ records: 7 }))).toMatch(/as many records as it says/)
    expect(await problemsOf(cuttable({ records_before: 7 }))).toMatch(/another number of records before it/)
    expect(await problemsOf(cuttable({ bytes: 1 }))).toMatch(/have 5 bytes, and it says that it has 3/)
  })

  test('reading on gives the same rest', async () => {
    expect(await problemsOf(source(1))).toBe('')
    expect(await problemsOf(source(0))).toMatch(/same rest/)
  })

  test('rows and errors are those of the example, with or without a file', async () => {
    const expecting = (example: object) => ({ ...source(1), examples: [{ title: 'Three', options: {}, ...example }] })
    expect(await problemsOf(expecting({ rows_out: [{ a: 'x' }, { a: 'y' }, { a: 'z' }], errors: [] }))).toBe('')
    expect(await problemsOf(expecting({ rows_out: [{ a: 'x' }] }))).toMatch(/the example says \[\{"a":"x"\}\], gives/)
    expect(await problemsOf(expecting({ errors: ['X'] }))).toMatch(/of errors, the example says \["X"\], gives \[\]/)
    expect((await conformance(expecting({}))).untried).toMatch(/^nothing was read/)
  })

  test('one position for all records, moved on with each, is found out', async () => {
    const read = async function* (position: { at: number }): AsyncGenerator<readonly SourceRecord[]> {
      while (position.at < 3) {
        position.at += 1
        yield [{ kind: 'row', line: 0, row: { n: position.at }, position }]
      }
    }
    expect(await problemsOf(source(0, read))).toMatch(/changed by it afterwards/)
    const sharing = async function* (position: { at: number }): AsyncGenerator<readonly SourceRecord[]> {
      const records: SourceRecord[] = []
      for (let n = position.at + 1; n <= 3; n++) records.push({ kind: 'row', line: 0, row: { n }, position: { at: 3 } })
      yield records
    }
    expect(await problemsOf(source(0, sharing))).toMatch(/same rest/)
  })

  test('a record of no kind, or with a text of another type', async () => {
    const yielding = (more: object) =>
      source(0, async function* ({ at }) {
        if (at === 0) yield [{ kind: 'row', line: 0, row: {}, position: { at: 1 }, ...more } as SourceRecord]
      })
    expect(await problemsOf(yielding({ kind: 'line' }))).toMatch(/a record has the kind line/)
    expect(await problemsOf(yielding({ raw: 7 }))).toMatch(/a row has a raw that isn’t a text/)
  })

  test('winding back leaves the same bytes', async () => {
    expect(await problemsOf(sink(false))).toBe('')
    expect(await problemsOf(sink(true))).toMatch(/other bytes/)
  })
})

describe('sinks that send', () => {
  const sinkWith = (request: OutboundSink['request'], change: object = {}) =>
    defineSink({
      name: 'sample',
      summary: 'A sample',
      options: z.strictObject({}),
      determinism: 'external',
      errors: { BAD: 'It is bad.' },
      examples: [{ title: 'Two', options: {}, rows_in: [{ a: 1 }, { a: 2 }] }],
      delivery: 'outbound',
      services: () => ['one', 'two'],
      idempotent: () => false,
      create: () => ({ request, send: async (): Promise<Sent> => ({ kind: 'accepted', response: null }) }),
      ...change,
    })
  const plain = (row: Row): Outgoing => ({ kind: 'outgoing', service: row.a === 1 ? 'one' : 'two', request: row })
  const to = (service: string) => (request: Row) => ({ kind: 'outgoing', service, request }) as const
  let count = 0

  test('one that conforms has no problems', async () => {
    expect(await conformanceProblems(sinkWith(plain))).toEqual([])
    expect(await conformanceProblems(sinkWith(to('one'), { batch: () => ({ rows: 2, wait_ms: 1 }) }))).toEqual([])
  })

  test.each([
    ['names no service', sinkWith(plain, { services: () => [] }), /names no service/],
    ['sends to another', sinkWith(to('three')), /isn’t among its services/],
    ['sends something else each time', sinkWith(() => to('one')({ count: count++ })), /the same request/],
    ['sends what isn’t JSON', sinkWith(() => to('one')({ a: Number.NaN })), /ledger can’t hold/],
    [
      'refuses all',
      sinkWith(() => ({ kind: 'error', code: 'BAD', message: 'no', retryable: false })),
      /refuses all rows/,
    ],
    ['has batches of nothing', sinkWith(to('one'), { batch: () => ({ rows: 0, wait_ms: 1 }) }), /number of rows/],
    ['waits for ever', sinkWith(to('one'), { batch: () => ({ rows: 2, wait_ms: Infinity }) }), /how long a row waits/],
    [
      'parts a batch',
      sinkWith(plain, { batch: () => ({ rows: 2, wait_ms: 1 }) }),
      /rows of one batch to several services/,
    ],
  ])('one that %s is found', async (_, spec, problem) => {
    expect(await problemsOf(spec)).toMatch(problem)
  })
})
