/** Two real processes and one run: who holds it, who has lost it, and what the one that lost it may still do. */
// @module-tag proof
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Point } from '../../src/engine/ports/crash-points.ts'
import { ALL, LONG } from '../support/form.ts'
import type { Moment } from './child.ts'
import { runUndisturbed, type Undisturbed } from './endure.ts'
import { pipelineNamed } from './pipelines.ts'
import { Place, type Program, reportOf } from './place.ts'

/** More than a lease lasts: to a process whose clock is so far ahead, the others' have expired. */
const AHEAD_US = 11_000_000

/** Every mode of the file sinks. */
const PIPELINE = pipelineNamed('outputs')
let undisturbed: Undisturbed
beforeAll(async () => {
  undisturbed = await runUndisturbed(PIPELINE)
})

const places: Place[] = []
const programs: Program[] = []
afterAll(async () => {
  for (const { process } of programs.splice(0)) process.kill('SIGKILL')
  for (const place of places.splice(0)) place.close()
})

function newPlace(pipeline = PIPELINE): Place {
  const place = new Place(pipeline)
  places.push(place)
  return place
}

/** A process that suspends itself; resolves once it has. */
async function suspended(place: Place, suspend: Moment, resume = false, ahead_us = 0): Promise<Program> {
  const program = place.begin({ resume, suspend, ahead_us })
  programs.push(program)
  await program.suspended()
  return program
}

/** Files with their bytes and inodes, and all that the ledger holds. */
async function everything(place: Place): Promise<unknown> {
  const files = [...place.outputs()].map(([path, text]) => {
    const { ino } = statSync(join(place.folder, 'out', path))
    return [path, ino, createHash('sha256').update(text).digest('hex')]
  })
  return {
    files,
    records: createHash('sha256')
      .update(await place.records())
      .digest('hex'),
  }
}

/** Wakes a process up, and expects it to end without having changed anything. */
async function wakesToNothing(program: Program, place: Place): Promise<void> {
  const before = await everything(place)
  program.process.kill('SIGCONT')
  const { code, message } = reportOf(await program.exit)
  expect(code, message ?? '').toBe('CUSTODY_RUN_LOST')
  expect(await everything(place)).toEqual(before)
}

async function isAsUndisturbed(place: Place): Promise<void> {
  expect(place.outputs()).toEqual(undisturbed.outputs)
  expect(await place.outcome()).toEqual(undisturbed.outcome)
  expect(await place.problems(true)).toEqual([])
}

const MOMENTS: readonly (readonly [Point, number, Point])[] = [
  // Where the former holder sleeps, and where its successor is when it wakes up.
  ['after_open', 1, 'after_outputs_open'],
  ['after_outputs_open', 1, 'after_commit'],
  ['mid_flush', 1, 'mid_flush'],
  ['after_flush', 2, 'before_flush'],
  ['after_commit', 1, 'after_outputs_open'],
  ['before_publish', 1, 'before_publish'],
  ['mid_publish', 2, 'mid_publish'],
  ['before_seal', 1, 'before_seal'],
]
const OF_RESUME: readonly Point[] = ['after_take_over', 'after_resume_entry', 'mid_rewind']

describe.concurrent('a holder that was suspended until its lease had run out, and wakes up', () => {
  test.each(ALL ? MOMENTS : LONG ? MOMENTS.filter((_, i) => i % 3 === 0) : MOMENTS.slice(3, 4))(
    'at %s %i: changes nothing, whether its successor is at work or done',
    async (point, nth, at) => {
      const place = newPlace()
      const former = await suspended(place, { point, nth })
      const next = await suspended(place, { point: at, nth: 1 }, true, AHEAD_US)
      await wakesToNothing(former, place)
      next.process.kill('SIGCONT')
      expect(reportOf(await next.exit)).toMatchObject({ status: 'completed', code: null })
      await isAsUndisturbed(place)
      if (!ALL) return

      const other = newPlace()
      const late = await suspended(other, { point, nth })
      const report = reportOf(await other.begin({ resume: true, ahead_us: AHEAD_US }).exit)
      expect(report).toMatchObject({ status: 'completed', code: null })
      await wakesToNothing(late, other)
      await isAsUndisturbed(other)
    },
  )

  test.runIf(LONG).each(ALL ? OF_RESUME : OF_RESUME.slice(1))(
    'at %s, while it was resuming a run: changes nothing',
    async point => {
      const place = newPlace()
      const first = place.begin({ resume: false, kill: { point: 'after_commit', nth: 2 } })
      expect((await first.exit).signal).toBe('SIGKILL')
      const former = await suspended(place, { point, nth: 1 }, true)
      const report = reportOf(await place.begin({ resume: true, ahead_us: AHEAD_US }).exit)
      expect(report).toMatchObject({ status: 'completed', code: null })
      await wakesToNothing(former, place)
      await isAsUndisturbed(place)
    },
  )
})

/** What a machine finds that has slept: for all others the leases of its runs have run out. */
function leasesRunOut(place: Place): void {
  // The holder may be writing.
  const db = new DatabaseSync(join(place.folder, 'custody.db'), { timeout: 60_000 })
  try {
    expect(db.prepare('UPDATE leases SET expires_us = 1').run().changes).toBe(1)
  } finally {
    db.close()
  }
}

// Whoever wants its run waits as long as a lease lasts.
describe.concurrent('a holder that lives', () => {
  test.runIf(LONG).each([
    ['however long it waits', () => undefined],
    ['and is given the time to renew its lease when its machine wakes up', leasesRunOut],
  ])('keeps its run, %s', async (_, sleeps) => {
    const place = newPlace({ ...PIPELINE, yaml: PIPELINE.yaml.replace('path: events.jsonl', "path: '-'") })
    const holder = place.begin({ resume: false })
    programs.push(holder)
    const [, half = '', rest = ''] = /^((?:.*\n){1500})([\s\S]*)$/.exec(String(PIPELINE.files['events.jsonl'])) ?? []
    holder.process.stdin?.write(half)
    await holder.printed('"begun"')
    while ((await place.rowsRead()) === 0) await sleep(5)
    sleeps(place)
    const { code, stderr } = await place.custody('resume', 'latest').exit
    expect([code, stderr]).toEqual([1, expect.stringMatching(/CUSTODY_RUN_HELD: run \S+ is held by process \d+ on /)])
    holder.process.stdin?.end(rest)
    expect(reportOf(await holder.exit)).toMatchObject({ status: 'completed', code: null })
    await isAsUndisturbed(place)
  })
})
