/** Whoever erases is killed at each point: either nothing happened, or it is on record and values are gone; and it can be brought to its end. */

import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ERASE_POINTS } from '../../src/ledger/erase-port.ts'
import { built } from '../support/built.ts'
import { sampled } from '../support/form.ts'
import { readable } from '../support/payload.ts'
import { pipelineNamed } from './pipelines.ts'
import { Place, Program } from './place.ts'

const ROW = 3
let place: Place
/** What stands in the row and nowhere else: its first value, but for the braces. */
let canary: string
beforeAll(async () => {
  place = new Place(pipelineNamed('linear'))
  await place.begin({ resume: false }).exit
  canary = await place.reading(async reader => {
    const [first] = await reader.entriesOfRow(1, ROW)
    return readable(await reader.payload(1, first?.seq ?? 0))?.body.slice(3, 40) ?? ''
  })
  copyFileSync(join(place.folder, 'custody.db'), join(place.folder, 'before.db'))
})
afterAll(() => place.close())

function bytes(): string {
  const files = ['custody.db', 'custody.db-wal'].map(name => join(place.folder, name)).filter(path => existsSync(path))
  return files.map(path => readFileSync(path, 'latin1')).join('\n')
}
const erasures = () =>
  place.reading(async reader => {
    let found = 0
    for await (const { body } of reader.entries(0)) if (body.includes('"k":"erase"')) found++
    return found
  })

test.each(sampled(ERASE_POINTS, 3))('killed at %s', { tags: ['proof'] }, async point => {
  // The ledger as it was, and nobody who remembers another.
  for (const name of ['.config', 'custody.db-wal', 'custody.db-shm'])
    rmSync(join(place.folder, name), { recursive: true, force: true })
  copyFileSync(join(place.folder, 'before.db'), join(place.folder, 'custody.db'))
  expect(canary.length).toBeGreaterThan(10)
  expect(bytes()).toContain(canary)
  const words = [process.execPath, built('crash/erase-child'), place.url, `${ROW}`, point]
  expect((await new Program(words, place.folder).exit).signal).toBe('SIGKILL')
  const is_recorded = !['before_erase', 'mid_erase'].includes(point)
  expect(await erasures()).toBe(is_recorded ? 1 : 0)
  expect(await place.problems(false)).toEqual([])
  // It is brought to its end, or begun again.
  const { code, stdout } = await place.custody('erase', 'latest', ...(is_recorded ? [] : ['--row', `${ROW}`]), '--json')
    .exit
  expect(code).toBe(0)
  expect(existsSync(JSON.parse(stdout).certificate)).toBe(true)
  expect(await erasures()).toBe(1)
  expect(await place.problems(false)).toEqual([])
  expect(bytes()).not.toContain(canary)
})
