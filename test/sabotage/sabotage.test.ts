/** The simulation can fail: with a defect in the engine it finds something, without one it does not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { SHAPES } from '../simulation/shapes.ts'
import { LONG, sampled } from '../support/form.ts'
import { DEFECTS, type Defect } from './defects.ts'
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

const standing = ({ file }: Defect, places: number) => `the text stands ${places} times in src/engine/${file}`

test('each defect has its place in the engine', () => {
  const wrong = DEFECTS.flatMap(defect => {
    const source = readFileSync(join(import.meta.dirname, '../../src/engine', defect.file), 'utf8')
    const places = source.split(defect.text).length - 1
    return places === 1 ? [] : [`${defect.name}: ${standing(defect, places)}`]
  })
  expect(wrong).toEqual([])
})

test.each(sampled(DEFECTS, 12).map(defect => [defect.name, defect] as const))(
  'it finds that %s',
  async (_name, defect) => {
    const { places, found } = await work({ defect, shapes: [defect.shape], seeds: SEEDS })
    expect(places, standing(defect, places)).toBe(1)
    expect(found, 'the simulation has found nothing').not.toBeNull()
  },
)

test('it finds nothing in the engine as it is', async () => {
  expect(await work({ defect: null, shapes: Object.keys(SHAPES), seeds: LONG ? 40 : 2 })).toEqual({
    places: 1,
    found: null,
  })
})
