/** The simulation can fail: with a defect in the engine it finds something, without one it does not. */
// @module-tag proof
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { LONG, sampled } from '../support/form.ts'
import { DEFECTS } from './defects.ts'
import type { Finding, Task } from './worker.ts'

/** Seeds of one shape; most defects show within the first few. */
const SEEDS = 600

function work(task: Task): Promise<Finding> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
  // A defect may make the engine go round for ever.
  onTestFinished(async () => {
    await worker.terminate()
  })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`the thread ended with ${code}, and said nothing`)))
  })
}

test('each defect has a name of its own', () => {
  expect(new Set(DEFECTS.map(({ name }) => name)).size).toBe(DEFECTS.length)
})

test.each(sampled(DEFECTS, 20))('it finds that $name', async ({ name, shape }) => {
  const { found, never_run } = await work({ defect: name, shapes: [shape], seeds: SEEDS })
  expect(never_run, 'the defect isn’t there: what it changes has never run').toEqual([])
  expect(found, 'the simulation has found nothing').not.toBeNull()
})

test.runIf(LONG)('it finds nothing in the engine as it is, in which all runs that a defect changes', async () => {
  // Each shape, with many seeds, is in simulation.test.ts; here is what brings each defect's change to run.
  const finding = await work({ defect: null, shapes: [], seeds: 0 })
  expect(finding).toEqual({ found: null, never_run: [] })
})
