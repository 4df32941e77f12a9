/** Replays where time decides. That they come to the same whatever the plan is for the simulation to show. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Hook, NO, OK } from '../../../test/support/hook.ts'
import { PLUGIN_COMMON, Rig, transformOf } from '../../../test/support/rig.ts'
import type { Recordings } from '../../format/recording.ts'
import type { OrderedTransformSpec } from '../../sdk/spec.ts'

const racing = (more: string, rows: string) => `
name: racing
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [${rows}] }] }, to: split }
nodes:
  split: { fork: { left: slow, right: slower } }
  slow: { transform: wait, options: { ms_of: left }, to: join }
  slower: { transform: wait, options: { ms_of: right }, to: join }
  join: { coalesce: [left, right], merge: nested, to: all, ${more} }
sinks:
  all: { plugin: keep, options: {} }
`
const ROWS = '{ n: 1, left: 9, right: 3 }, { n: 2, left: 2, right: 5 }'
/** Nothing takes its time. */
const AT_ONCE = '{ n: 1 }, { n: 2 }'
const came = (rig: Rig) => (rig.disk.get('all') ?? []).map(row => Object.keys(row).join())

async function replayed(recorded: Rig, text: string): Promise<Rig> {
  const rig = new Rig(text)
  const { error } = await rig.run({ on_record: await recorded.onRecord() })
  expect(error).toBeNull()
  return rig
}

async function recorded(text: string): Promise<Rig> {
  const rig = new Rig(text)
  expect((await rig.run()).error).toBeNull()
  return rig
}

describe('a group', () => {
  test('merges the branch that came first, whichever comes first now', async () => {
    const before = await recorded(racing('policy: first', ROWS))
    expect(came(before)).toEqual(['right', 'left'])
    expect(came(await recorded(racing('policy: first', AT_ONCE)))).toEqual(['left', 'left'])
    expect(came(await replayed(before, racing('policy: first', AT_ONCE)))).toEqual(['right', 'left'])
  })

  test('is timed out as it was, and not when it was not', async () => {
    const best = 'policy: best_effort, timeout: 4ms'
    const before = await recorded(racing(best, ROWS))
    expect(came(before)).toEqual(['right', 'left,right'])
    expect(came(await replayed(before, racing(best, AT_ONCE)))).toEqual(['right', 'left,right'])
    const much_later = '{ n: 1, left: 1000, right: 1 }, { n: 2, left: 2000, right: 1 }'
    expect(came(await replayed(before, racing(best, much_later)))).toEqual(['right', 'left,right'])
  })

  test('that another policy decides now meets the order on record all the same', async () => {
    const before = await recorded(racing('policy: best_effort, timeout: 4ms', ROWS))
    expect(came(await replayed(before, racing('policy: first', AT_ONCE)))).toEqual(['right', 'left'])
    expect(came(await replayed(before, racing('policy: require_all', AT_ONCE)))).toEqual(['left,right', 'left,right'])
  })

  test('that was abandoned comes to what it comes to now', async () => {
    const best = 'policy: best_effort, timeout: 1h'
    const before = new Rig(racing(best, '{ n: 1, left: 9, right: 3000 }'))
    await before.run({ stop_after_ms: 1_000 })
    await before.resume(1_000, { abandon: true })
    expect(before.verdicts()).toEqual(['abandoned'])
    expect(came(await replayed(before, racing(best, '{ n: 1, left: 1, right: 50 }')))).toEqual(['left,right'])
  })

  test('is decided without a branch that does not come any more', async () => {
    const before = await recorded(racing('policy: first', ROWS))
    const without = racing('policy: first', AT_ONCE).replace('options: { ms_of: right }', 'options: { drop: true }')
    expect(came(await replayed(before, without))).toEqual(['left', 'left'])
  })
})

test('a row that a sink has sent, and that was refused, comes where on_error leads as it did, however long its answer is looked up', async () => {
  const text = racing('policy: first, on_error: refused', `${ROWS}, { n: 3, left: 4, right: 1 }`)
    .replace('merge: nested', 'merge: union')
    .replace('all: { plugin: keep, options: {} }', 'all: { plugin: hook, on_error: refused }')
    .concat('  refused: { plugin: keep, options: {} }\n')
  const hooked = (): Rig => {
    const hook = new Hook()
    hook.answer = n => (n === 1 ? NO : OK)
    return hook.on(text)
  }
  const before = hooked()
  expect((await before.run()).error).toBeNull()
  const codes = before.column('refused', '_error').map(error => (error as { readonly code: string }).code)
  expect(codes).toEqual(['LATE_ARRIVAL', 'BAD', 'LATE_ARRIVAL', 'LATE_ARRIVAL'])
  const after = hooked()
  const { recordings, courses } = await before.onRecord()
  const slow: Recordings = {
    inPart: part => recordings.inPart(part),
    take: async asked => {
      await after.clock.sleep(1_000_000)
      return await recordings.take(asked)
    },
  }
  expect((await after.run({ on_record: { recordings: slow, courses } })).error).toBeNull()
  expect(after.disk.get('refused')).toEqual(before.disk.get('refused'))
})

const gathering = (trigger: string, times: readonly number[]) => `
name: gathering
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: feed, options: { chunks: [${times.map((ms, i) => `{ after_ms: ${ms}, rows: [{ n: ${i + 1} }] }`).join()}] }, to: both }
nodes:
  both: { fork: { counted: batch, written: all } }
  batch: { aggregate: gather, trigger: { ${trigger} }, to: all }
sinks:
  all: { plugin: keep, options: {} }
`
const writtenBy = (rig: Rig) =>
  (rig.disk.get('all') ?? []).map(row => (row.ns === undefined ? row.n : JSON.stringify(row.ns)))

describe('a batch', () => {
  const TIMES = [0, 30, 80, 10]
  const WRITTEN = [1, 2, '[1,2]', 3, 4, '[3,4]']

  test.each(['max_age: 50ms', "when: 'batch.age_seconds > 1.5'"])('is closed by %s when it was', async trigger => {
    const before = await recorded(gathering(trigger, trigger.startsWith('when') ? [0, 300, 2000, 100] : TIMES))
    expect(writtenBy(before)).toEqual(WRITTEN)
    expect(writtenBy(await replayed(before, gathering(trigger, [0, 0, 0, 0])))).toEqual(WRITTEN)
    expect(writtenBy(await replayed(before, gathering(trigger, [0, 5000, 5000, 5000])))).toEqual(WRITTEN)
  })

  test('that was abandoned is closed by what closes it now', async () => {
    const before = new Rig(gathering('max_age: 50ms', [0, 10, 5000]))
    await before.run({ stop_after_ms: 30 })
    await before.resume(1_000, { abandon: true })
    expect(before.verdicts()).toEqual(['abandoned'])
    const again = writtenBy(await replayed(before, gathering('max_age: 50ms', [0, 5, 500])))
    expect(again.filter(each => typeof each === 'string')).toEqual(['[1,2]', '[3]'])
  })

  test('is closed as the pipeline says now, if that is something else', async () => {
    const before = await recorded(gathering('max_age: 50ms', TIMES))
    expect(writtenBy(await replayed(before, gathering('count: 3', TIMES)))).toEqual([1, 2, '[1,2,3]', 3, 4, '[4]'])
    expect(writtenBy(await replayed(before, gathering('max_age: 1h', TIMES)))).toEqual([1, 2, 3, 4, '[1,2,3,4]'])
  })

  test('has the members that it can have, if records are missing or new', async () => {
    const before = await recorded(gathering('max_age: 50ms', TIMES))
    expect(writtenBy(await replayed(before, gathering('max_age: 50ms', [0])))).toEqual([1, '[1]'])
    expect(writtenBy(await replayed(before, gathering('max_age: 50ms', [...TIMES, 0])))).toEqual([
      1,
      2,
      '[1,2]',
      3,
      4,
      5,
      '[3,4,5]',
    ])
  })
})

/** Adds its number of each row that it takes. */
const number: OrderedTransformSpec = {
  ...PLUGIN_COMMON,
  ...{ kind: 'transform', name: 'number', options: z.unknown(), cardinality: 'one', ordered: true },
  determinism: 'deterministic',
  create: () => ({ process: (row, { position }) => ({ kind: 'row', row: { ...row, position } }) }),
}

test('an ordered transform takes rows in the order on record, between those of a batch that time closed', async () => {
  const numbering = (times: readonly number[]) =>
    gathering('max_age: 50ms', times)
      .replace('counted: batch, written: all', 'counted: early, written: number')
      .replace('batch: {', 'early: { gate: row.n <= 2, routes: { true: batch, false: discard } }\n  batch: {')
      .replace('to: all }\nsinks', 'to: number }\n  number: { transform: number, to: all }\nsinks')
  const runOf = async (times: readonly number[], before?: Rig): Promise<Rig> => {
    const rig = new Rig(numbering(times), [number])
    const how = before === undefined ? {} : { on_record: await before.onRecord() }
    expect((await rig.run(how)).error).toBeNull()
    return rig
  }
  const came = (rig: Rig) => (rig.disk.get('all') ?? []).map(({ n, position }) => [n ?? 'batch', position])
  const before = await runOf([0, 10, 10, 100])
  const expected = [
    [1, 1],
    [2, 2],
    [3, 3],
    ['batch', 4],
    [4, 5],
  ]
  expect(came(before)).toEqual(expected)
  expect(came(await runOf([0, 0, 0, 0]))).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    ['batch', 5],
  ])
  expect(came(await runOf([0, 0, 0, 0], before))).toEqual(expected)
  expect(came(await runOf([0, 5000, 5000, 5000], before))).toEqual(expected)
})

test.each([0, 1, 2])('what a later source yielded has its place, with %i empty ones between', async empty => {
  /** `end`: how long the first source takes to say that it has no more. */
  const feeding = (end: number, later: number) => {
    const feed = (chunks: string) => `{ plugin: feed, options: { chunks: [${chunks}] }, to: all }`
    const nothing = Array.from({ length: empty }, (_, i) => `  empty${i}: ${feed('')}`).join('\n')
    return gathering('max_age: 50ms', [0, 0])
      .replace('}] }, to: both', `}, { after_ms: ${end}, rows: [] }] }, to: both`)
      .replace(
        'nodes:',
        `${nothing}\n  later: ${feed(`{ after_ms: ${later}, rows: [{ n: 3 }] }, { after_ms: 90, rows: [] }`)}\nnodes:`,
      )
  }
  const before = await recorded(feeding(10, 20))
  expect(writtenBy(before)).toEqual([1, 2, 3, '[1,2]'])
  expect(writtenBy(await replayed(before, feeding(0, 0)))).toEqual([1, 2, 3, '[1,2]'])
  expect(writtenBy(await replayed(before, feeding(500, 500)))).toEqual([1, 2, 3, '[1,2]'])
})

test('siblings that ask the same are given each its own answer', async () => {
  let asked = 0
  const text = `
name: siblings
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }] }] }, to: parts }
nodes:
  parts: { transform: parts, options: {}, to: ask }
  ask: { transform: query, options: {}, to: all }
sinks:
  all: { plugin: keep, options: {} }
`
  const before: Rig = new Rig(text, [parts, ask(() => 100 - 10 * asked)])
  await before.run()
  expect(before.column('all', 'answer')).toEqual([1, 2, 3])
  // The last answer came first, and stands first on record.
  expect(before.facts<{ token: number }>('calls').map(({ token }) => token)).toEqual([4, 3, 2])
  const again = new Rig(text, [parts, ask(() => 0)])
  await again.run({ on_record: await before.onRecord() })
  expect(again.column('all', 'answer')).toEqual([1, 2, 3])
  expect(asked).toBe(3)

  function ask(after_ms: () => number) {
    const call = async () => {
      const answer = ++asked
      await before.clock.sleep(after_ms() * 1000)
      return { kind: 'answer', response: answer } as const
    }
    return transformOf(
      'query',
      async (row, context) => {
        const heard = await context.call('oracle', { request: null }, call)
        return heard.kind === 'error' ? heard : { kind: 'row', row: { ...row, answer: heard.response } }
      },
      { determinism: 'external', services: () => ['oracle'] },
    )
  }
})

const parts = transformOf('parts', row => ({ kind: 'rows', rows: [row, row, row] }), { cardinality: 'many' })
