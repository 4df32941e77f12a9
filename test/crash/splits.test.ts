/** Runs with splits: what they leave, killed at the points of their coordinator and of the splits that it works on, stopped, and given up. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Point } from '../../src/engine/ports/crash-points.ts'
import { LONG } from '../support/form.ts'
import { compare, runUndisturbed } from './endure.ts'
import { eachPoint, testKills, undisturbedRuns } from './kills.ts'
import { type CrashPipeline, dealt, inSplits, pipelineNamed } from './pipelines.ts'
import { Place, reportOf } from './place.ts'

const NAMES = ['linear', 'outputs', 'branches', 'remade', 'named', 'expansion', 'folders'] as const
const SPLITS = NAMES.map((name, i) => inSplits(pipelineNamed(name), i + 3))
const of = undisturbedRuns()

const places: Place[] = []
afterAll(() => {
  for (const place of places.splice(0)) place.close()
})

function newPlace(pipeline: CrashPipeline): Place {
  const place = new Place(pipeline)
  places.push(place)
  return place
}

test.each(LONG ? NAMES : (['outputs'] as const))('%s leaves what it leaves without splits', async name => {
  const { splits: _, ...alone } = inSplits(pipelineNamed(name), 1)
  const whole = await runUndisturbed({ ...alone, yaml: alone.yaml.replace('splits: { count: 1 }', '') })
  for (const splits of LONG ? [1, 2, 7, 40] : [5]) {
    const { outputs, outcome } = await runUndisturbed(inSplits(pipelineNamed(name), splits))
    expect([...outputs]).toEqual([...whole.outputs])
    expect(outcome).toMatchObject({
      status: whole.outcome.status,
      rows: whole.outcome.rows,
      tokens: whole.outcome.tokens,
    })
  }
})

/** In turn; but splits of most of them have one commit each, and nothing to wind back: 1100 rows are more than one takes at first. */
const REWOUND = { ...inSplits(pipelineNamed('remade'), 2), name: 'remade in two' }
const FOLDERS = SPLITS[6] as CrashPipeline
const pipelineAt = (point: Point, i: number) =>
  point === 'mid_rewind' ? REWOUND : (SPLITS[i % SPLITS.length] ?? REWOUND)

const points = eachPoint(1).filter(({ point }) => LONG || point === 'before_seal')
const in_lists = (LONG ? (['mid_flush', 'after_commit'] as const) : (['after_commit'] as const)).map(point => ({
  ...{ point, later: true, pipeline: FOLDERS },
}))
testKills(
  [...points.map((each, i) => ({ ...each, pipeline: pipelineAt(each.point, i) })), ...in_lists].map(each => ({
    ...each,
    threaded: false,
  })),
  of,
  { often: true },
)

const DEALT = { ...dealt(pipelineNamed('outputs'), 2, 'id'), name: 'dealt' }
const DEALT_LISTS = { ...dealt(pipelineNamed('folders'), 3, 'id'), name: 'dealt lists' }
const of_dealt = undisturbedRuns()
testKills(
  (LONG ? [DEALT, DEALT_LISTS] : [DEALT]).flatMap(pipeline =>
    eachPoint(1)
      .filter(({ point }) => LONG || point === 'mid_flush')
      .map(each => ({ ...each, threaded: false, pipeline })),
  ),
  of_dealt,
  { often: true },
)

const OUTPUTS = SPLITS[1] as CrashPipeline

describe.concurrent('a run with splits that somebody stops', () => {
  test.each(LONG ? [1, 4, 9] : [4])('is continued where it was, stopped at flush %i', async nth => {
    const whole = await of(OUTPUTS)
    const place = newPlace(OUTPUTS)
    const stopped = reportOf(await place.begin({ resume: false, stop: { point: 'mid_flush', nth } }).exit)
    expect(stopped).toMatchObject({ status: 'cancelled', code: null })
    expect(await place.problems(false)).toEqual([])
    const again = reportOf(await place.begin({ resume: true, stop: { point: 'mid_flush', nth: 2 } }).exit)
    expect(again).toMatchObject({ status: 'cancelled', code: null })
    expect(await place.problems(false)).toEqual([])
    const { status } = reportOf(await place.begin({ resume: true }).exit)
    expect(status).toBe('completed')
    expect(await compare(place, whole)).toEqual([])
    expect(existsSync(`${join(place.folder, 'custody.db')}-pieces`)).toBe(false)
  })
})

describe.concurrent('a run with splits that is given up', () => {
  const kills = [
    ['before its input is cut', 'after_open', 1],
    ['in its first split', 'after_commit', 1],
    ['in its last split', 'before_publish', 4],
    ['when its outputs are put together', 'mid_assembly', 2],
  ] as const
  test.each(LONG ? kills : kills.slice(1, 2))(
    '%s, is sealed, and all outputs are as they were',
    async (_, point, nth) => {
      const place = newPlace(OUTPUTS)
      const before = place.outputs()
      const { signal } = await place.begin({ resume: false, kill: { point, nth } }).exit
      expect(signal).toBe('SIGKILL')
      // Nothing more is read.
      rmSync(join(place.folder, 'events.jsonl'))
      const given_up = reportOf(await place.begin({ resume: true, abandon: true }).exit)
      expect(given_up).toMatchObject({ code: null, status: 'abandoned' })
      expect(await place.problems(true)).toEqual([])
      expect(place.outputs()).toEqual(before)
      expect(existsSync(`${join(place.folder, 'custody.db')}-pieces`)).toBe(false)
      expect((await place.outcome()).status).toBe('abandoned')
    },
  )
})

describe.concurrent('a run whose records are dealt', () => {
  const killed = async (point: 'after_cut' | 'after_commit') => {
    const place = newPlace(DEALT)
    expect((await place.begin({ resume: false, kill: { point, nth: 1 } }).exit).signal).toBe('SIGKILL')
    return place
  }

  test.runIf(LONG)('is continued where it was stopped while they are dealt', async () => {
    const place = newPlace(DEALT)
    const stopped = reportOf(await place.begin({ resume: false, stop: { point: 'mid_deal', nth: 1 } }).exit)
    expect(stopped).toMatchObject({ status: 'cancelled', code: null })
    expect(await place.problems(false)).toEqual([])
    expect(reportOf(await place.begin({ resume: true }).exit).status).toBe('completed')
    expect(await compare(place, await of_dealt(DEALT))).toEqual([])
  })

  test('can only be given up where others have touched what was dealt', async () => {
    const place = await killed('after_cut')
    const pieces = `${join(place.folder, 'custody.db')}-pieces`
    const folder = join(pieces, readdirSync(pieces)[0] ?? '')
    const spool = join(folder, readdirSync(folder).find(name => statSync(join(folder, name)).size > 0) ?? '')
    const bytes = readFileSync(spool)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(spool, bytes)
    const { status, code } = reportOf(await place.begin({ resume: true }).exit)
    expect({ status, code }).toEqual({ status: 'failed', code: 'CUSTODY_OUTPUT_CHANGED' })
    const given_up = reportOf(await place.begin({ resume: true, abandon: true }).exit)
    expect(given_up).toMatchObject({ code: null, status: 'abandoned' })
    expect(await place.problems(true)).toEqual([])
    expect(existsSync(pieces)).toBe(false)
  })

  test('needs its input no more', async () => {
    const place = await killed('after_commit')
    rmSync(join(place.folder, 'events.jsonl'))
    expect(reportOf(await place.begin({ resume: true }).exit)).toMatchObject({ status: 'completed', code: null })
    expect(await compare(place, await of_dealt(DEALT))).toEqual([])
  })
})
