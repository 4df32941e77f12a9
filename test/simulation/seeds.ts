/** Tests that simulate many seeds of each of some shapes. */
import { expect, test } from 'vitest'
import { LONG } from '../support/form.ts'
import type { Shape } from './generate.ts'
import { repeating, SHAPES } from './shapes.ts'
import { simulate } from './simulate.ts'

/** Of each shape; of those with calls, which take longer, a quarter. */
const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 300 : 1))
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)

export function testSeedsOf(isOne: (shape: Shape) => boolean): void {
  test.each(Object.entries(SHAPES).filter(([, shape]) => isOne(shape)))(
    'random pipelines do what a naive interpreter does, and what must always hold: %s',
    async (name, shape) => {
      let rows = 0
      const seeds = shape.calls === true ? Math.ceil(SEEDS / 4) : SEEDS
      for (let seed = FIRST; seed < FIRST + seeds; seed++) {
        const { model, problems, rows: read } = await simulate(seed, shape)
        rows += read
        expect(problems, `repeat with: ${repeating(name, seed)}\n${JSON.stringify(model)}`).toEqual([])
      }
      expect(rows).toBeGreaterThan(seeds)
    },
  )
}
