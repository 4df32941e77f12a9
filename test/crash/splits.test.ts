/** Runs with splits that are killed, at the points of their coordinator and of the splits that it works on. */
import { expect, test } from 'vitest'
import { LONG } from '../support/form.ts'
import { runUndisturbed } from './endure.ts'
import { eachPoint, testKills, undisturbedRuns } from './kills.ts'
import { pipelineNamed } from './pipelines.ts'

const NAMES = ['linear', 'outputs', 'branches'] as const
const SPLITS = NAMES.map((name, i) => ({ ...pipelineNamed(name), splits: i + 3 }))
const of = undisturbedRuns()

test.each(LONG ? NAMES : (['outputs'] as const))('%s leaves what it leaves without splits', async name => {
  const whole = await runUndisturbed(pipelineNamed(name))
  for (const splits of LONG ? [1, 2, 7, 40] : [5]) {
    const { outputs, outcome } = await runUndisturbed({ ...pipelineNamed(name), splits })
    expect([...outputs]).toEqual([...whole.outputs])
    expect(outcome).toMatchObject({
      status: whole.outcome.status,
      rows: whole.outcome.rows,
      tokens: whole.outcome.tokens,
    })
  }
})

const points = eachPoint(1).filter(({ point }) => LONG || ['mid_publish', 'before_seal'].includes(point))
testKills(
  points.map((each, i) => ({ ...each, threaded: false, pipeline: SPLITS[i % SPLITS.length]! })),
  of,
  { often: true },
)
