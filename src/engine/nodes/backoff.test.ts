/** What waits for another attempt when a process is gone: the next one waits for what is left of that. */
import { expect, test } from 'vitest'
import { askingPipeline as pipeline } from '../../../test/support/peer.ts'
import { aggregateOf, Rig, transformOf } from '../../../test/support/rig.ts'
import type { VisitFact } from '../../format/entry.ts'
import type { RowError } from '../../sdk/spec.ts'

const BUSY: RowError = { kind: 'error', code: 'BUSY', message: 'busy', retryable: true }

/** When attempts were made, in seconds of the run's clock; the first of each row or batch fails with `error`. */
class Attempts {
  readonly at_s: number[] = []
  rig!: Rig
  readonly #error: RowError
  #down_ms = 0
  #began_us = 0

  constructor(error: RowError) {
    this.#error = error
  }

  on(rig: Rig): void {
    this.rig = rig
    this.#began_us = rig.clock.now_us()
  }

  make<T>(attempt: number, result: T): T | RowError {
    const now_us = this.rig.clock.now_us() - this.#down_ms * 1000
    this.at_s.push(Math.round((now_us - this.#began_us) / 100_000) / 10)
    return attempt === 1 ? this.#error : result
  }

  async stopAndResume(stop_after_ms: number): Promise<void> {
    await this.rig.run({ stop_after_ms })
    this.#down_ms = 60_000
    await this.rig.resume(this.#down_ms)
  }
}

const row = (attempts: Attempts) =>
  transformOf('ask_peer', async (row, { attempt }) => attempts.make(attempt, { kind: 'row', row } as const))

const batch = (attempts: Attempts) =>
  aggregateOf('ask_peer', async (rows, { attempt }) =>
    attempts.make(attempt, { kind: 'rows', rows: [{ rows: rows.length }] } as const),
  )
const batched = (trigger: string) =>
  pipeline(4).replace('{ transform: ask_peer,', `{ aggregate: ask_peer, trigger: ${trigger},`)

test.each([
  ['the pipeline’s backoff', BUSY, [0, 1]],
  ['what the error asked for, if that is longer', { ...BUSY, retry_after_ms: 20_000 }, [0, 20]],
])('a row waits for %s', async (_, error, at_s) => {
  const attempts = new Attempts(error)
  attempts.on(new Rig(pipeline(1), [row(attempts)]))
  await attempts.stopAndResume(500)
  expect(attempts.at_s).toEqual(at_s)
  expect(attempts.rig.endings()).toEqual({ 1: 'COMPLETED/flow@out' })
})

test.each([
  ['that was full', '{ count: 4 }', BUSY, [0, 1]],
  ['that was full, and is asked to wait', '{ count: 4 }', { ...BUSY, retry_after_ms: 20_000 }, [0, 20]],
  ['that the end of input closed', '{ count: 9 }', BUSY, [0, 1]],
])('a batch waits %s', async (_, trigger, error, at_s) => {
  const attempts = new Attempts(error)
  attempts.on(new Rig(batched(trigger), [batch(attempts)]))
  await attempts.stopAndResume(500)
  expect(attempts.at_s).toEqual(at_s)
  expect(attempts.rig.column('out', 'rows')).toEqual([4])
  expect(attempts.rig.verdicts()).toEqual([trigger.includes('4') ? 'count' : 'end_of_input'])
})

test('what an attempt before the last had asked for doesn’t count', async () => {
  const attempts = new Attempts(BUSY)
  const later = transformOf('ask_peer', async (row, { attempt }) => {
    attempts.make(1, null)
    if (attempt === 1) return { ...BUSY, retry_after_ms: 5_000 }
    return attempt === 2 ? BUSY : { kind: 'row', row }
  })
  attempts.on(new Rig(pipeline(1), [later]))
  await attempts.stopAndResume(5_500)
  expect(attempts.at_s).toEqual([0, 5, 7])
  expect(attempts.rig.facts<VisitFact>('visits').filter(({ node }) => node === 2)).toHaveLength(3)
})
