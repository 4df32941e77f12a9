/** Runs that stop for a reason from outside, through the command line: what is there then, and how they continue. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { built } from '../support/built.ts'
import { ALL, LONG } from '../support/form.ts'
import type { Order } from './child.ts'
import { runUndisturbed, type Undisturbed } from './endure.ts'
import { type CrashPipeline, pipelineNamed } from './pipelines.ts'
import { type Exit, Place, Program } from './place.ts'

/** In the short form some are enough. */
const some = <T>(cases: readonly T[]): readonly T[] => (ALL ? cases : cases.slice(0, 1))
const LINEAR = pipelineNamed('linear')
let undisturbed: Undisturbed
beforeAll(async () => {
  undisturbed = await runUndisturbed(LINEAR)
})

const places: Place[] = []
afterAll(() => {
  for (const place of places.splice(0)) place.close()
})

function newPlace(pipeline: CrashPipeline): Place {
  const place = new Place(pipeline)
  places.push(place)
  return place
}

/** A run of the linear pipeline that was killed after its first thousand rows. */
async function interrupted(): Promise<Place> {
  const place = newPlace(LINEAR)
  const { signal } = await place.begin({ resume: false, kill: { point: 'after_commit', nth: 1 } }).exit
  expect(signal).toBe('SIGKILL')
  return place
}

function edit(place: Place, file: string, change: (text: string) => string): () => void {
  const path = join(place.folder, file)
  const before = readFileSync(path, 'utf8')
  writeFileSync(path, change(before))
  return () => writeFileSync(path, before)
}

/** Resumes with the command line to the end. */
async function goesOn(place: Place, ...options: readonly string[]): Promise<Exit> {
  const exit = await place.custody('resume', 'latest', ...options).exit
  expect(exit).toMatchObject({ code: 0, signal: null })
  return exit
}

async function isAsUndisturbed(place: Place): Promise<void> {
  expect(await place.problems(true)).toEqual([])
  expect(place.outputs()).toEqual(undisturbed.outputs)
  expect(await place.outcome()).toEqual(undisturbed.outcome)
}

/** Every output, staged or in its place, has the beginning of what an undisturbed run writes, and there is something. */
function expectBeginnings(place: Place, whole: ReadonlyMap<string, string>): void {
  const named = [...place.outputs()].map(([path, text]) => [/^\.(.*)\.custody-/.exec(path)?.[1] ?? path, text] as const)
  const outputs = new Map(named.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  expect([...outputs.keys()]).toEqual([...whole.keys()])
  for (const [path, text] of outputs) expect(whole.get(path)?.startsWith(text), path).toBe(true)
  expect([...outputs.values()].some(text => text.split('\n').length > 100)).toBe(true)
}

describe.concurrent('a pipeline that was changed', () => {
  test.each(
    some([
      ['a gate', 'row.amount >= 5000', 'row.amount >= 6000', 'expressions of `size` differ'],
      ['an option', "patterns: ['password']", "patterns: ['kiwi']", 'options of `screen` differ'],
      ['an edge', 'true: large, false: small', 'true: small, false: large', 'ways of `size` differ'],
      ['a name', 'screen', 'screening', '`screen` is gone; ways of `applications` differ; `screening` is new'],
    ] as const),
  )('is refused, and what differs is named: %s', { tags: ['proof'] }, async (_name, from, to, differs) => {
    const place = await interrupted()
    const [records, outputs] = [await place.records(), place.outputs()]
    const undo = edit(place, 'pipeline.yaml', text => text.replaceAll(from, to))
    const { code, stderr } = await place.custody('resume', 'latest').exit
    expect([code, stderr]).toEqual([2, expect.stringContaining('CUSTODY_PLAN_CHANGED')])
    expect(stderr).toContain(differs)
    expect(await place.records()).toBe(records)
    expect(place.outputs()).toEqual(outputs)
    undo()
    await goesOn(place)
    await isAsUndisturbed(place)
  })
})

describe.concurrent('a source that was changed', () => {
  test.runIf(LONG).each(
    some([
      ['in what was read', (text: string) => text.replace('\n500,', '\n500000,')],
      ['in its header', (text: string) => text.replace('id,amount,note', 'id,note,amount')],
      ['and is shorter', (text: string) => text.slice(0, 3000)],
    ] as const),
  )('%s is refused; put back, the run continues', async (_name, change) => {
    const place = await interrupted()
    const undo = edit(place, 'applications.csv', change)
    const { code, stderr } = await place.custody('resume', 'latest').exit
    expect([code, stderr]).toEqual([1, expect.stringContaining('CUSTODY_SOURCE_CHANGED')])
    expect(stderr).toContain('applications')
    expect(stderr).toContain('--from-ledger-only')
    expect(await place.problems(false)).toEqual([])
    expectBeginnings(place, undisturbed.outputs)
    undo()
    await goesOn(place)
    await isAsUndisturbed(place)
  })

  test.runIf(LONG).each(
    some([
      ['was changed', (place: Place) => edit(place, 'applications.csv', text => text.replace('\n500,', '\n500000,'))],
      ['is gone', (place: Place) => rmSync(join(place.folder, 'applications.csv'))],
    ] as const),
  )('or %s: --from-ledger-only finishes what was read', async (_name, change) => {
    const place = await interrupted()
    change(place)
    expect((await place.custody('resume', 'latest').exit).code).not.toBe(0)
    const { stderr } = await goesOn(place, '--from-ledger-only')
    expect(stderr).toContain('not read further: applications')
    expect(await place.problems(true)).toEqual([])
    expect((await place.outcome()).rows).toMatchObject({ read: 1000 })
    expectBeginnings(place, undisturbed.outputs)
  })
})

test('a run that is given up keeps its record, and shows nothing of what it hadn’t finished', async () => {
  const place = newPlace(LINEAR)
  const { signal } = await place.begin({ resume: false, kill: { point: 'after_flush', nth: 2 } }).exit
  expect(signal).toBe('SIGKILL')
  expect((await place.custody('abandon', 'latest').exit).code).toBe(0)
  expect(await place.problems(true)).toEqual([])
  expect(await place.outcome()).toMatchObject({ status: 'abandoned', rows: { read: 1000 } })
  expect([...place.outputs().keys()]).toEqual([])
})

describe.concurrent('standard input', () => {
  const PIPED: CrashPipeline = {
    name: 'piped',
    asynchronous: false,
    files: {},
    yaml: LINEAR.yaml.replace('path: applications.csv', "path: '-'"),
  }

  test.runIf(LONG)('that broke off is finished as far as it was read, and that is said', async () => {
    const place = newPlace(PIPED)
    const child = place.begin({ resume: false, kill: { point: 'after_commit', nth: 1 } })
    child.process.stdin?.write(LINEAR.files['applications.csv'])
    expect((await child.exit).signal).toBe('SIGKILL')
    const { stderr } = await goesOn(place)
    expect(stderr).toContain('not read further: applications')
    expect((await place.outcome()).rows).toMatchObject({ read: 1000 })
    expect(await place.problems(true)).toEqual([])
    // Rejected records say where they were read.
    const piped = (text: string) => text.replaceAll('"file":"applications.csv"', '"file":null')
    expectBeginnings(place, new Map([...undisturbed.outputs].map(([path, text]) => [path, piped(text)])))
  })
})

describe.concurrent('a plugin that throws', () => {
  const plugin = (at_1500: string) => `
import { defineTransform, derive, newRow } from 'custody/sdk'
import { z } from 'zod'

export default defineTransform({
  name: 'judge',
  summary: 'Judges',
  kind: 'transform',
  cardinality: 'one',
  options: z.strictObject({}),
  determinism: 'deterministic',
  errors: {},
  examples: [{ title: 'One', options: {}, rows_in: [{ id: 1 }], rows_out: [{ id: 1, even: false }] }],
  create: () => ({
    process(row) {
      if (row.id === 1500) ${at_1500}
      const result = { kind: 'row', row: derive(row, { even: row.id % 2 === 0 }) }
      return row.id % 3 === 0 ? new Promise(resolve => setTimeout(resolve, 1, result)) : result
    },
  }),
})
`
  const judged = (at_1500: string): CrashPipeline => ({
    name: 'judged',
    asynchronous: true,
    files: {
      'judge.ts': plugin(at_1500),
      'rows.csv': `id\n${Array.from({ length: 2000 }, (_, i) => `${i + 1}\n`).join('')}`,
    },
    yaml: `
name: judged
plugins: [./judge.ts]
sources:
  rows:
    plugin: csv
    options: { path: rows.csv }
    schema: { mode: fixed, fields: { id: integer } }
    on_invalid: discard
    to: judge
nodes:
  judge: { transform: judge, on_error: discard, to: all }
sinks:
  all: { plugin: csv, options: { path: out/all.csv, columns: [id, even] }, on_error: discard }
`,
  })
  const FIXED = judged('row = derive(newRow(), row)')

  test.runIf(LONG).each(
    some([
      ['at once', "throw new TypeError('unthought of')"],
      ['by returning no row', "return { kind: 'row', row: null }"],
      ['later', "return Promise.reject(new TypeError('unthought of'))"],
    ] as const),
  )('%s stops the run with its name; fixed, the run continues', async (_name, at_1500) => {
    const place = newPlace(judged(at_1500))
    const { code, stderr } = await place.custody('run', 'pipeline.yaml', '--ledger', place.url).exit
    expect([code, stderr]).toEqual([1, expect.stringMatching(/CUSTODY_PLUGIN_DEFECT: .*`?judge`?/)])
    expect(await place.problems(false)).toEqual([])
    expect((await place.custody('resume', 'latest').exit).code).toBe(1)
    writeFileSync(join(place.folder, 'judge.ts'), FIXED.files['judge.ts'] as string)
    await goesOn(place)
    expect(await place.problems(true)).toEqual([])
    expect(place.outputs()).toEqual(
      new Map([
        ['all.csv', `id,even\n${Array.from({ length: 2000 }, (_, i) => `${i + 1},${i % 2 === 1}\n`).join('')}`],
      ]),
    )
  })
})

describe.concurrent('a full disk', () => {
  /** Runs, and continues after `room`; `full` says how the disk is made small. Returns each exit code and its errors. */
  const script = (full: string, room: string) => `
    ${full}
    "$NODE" "$CUSTODY" run pipeline.yaml; echo "run: $?" >&2
    ${room}
    "$NODE" "$CUSTODY" resume latest; echo "resume: $?" >&2
  `

  async function runIn(place: Place, words: readonly string[]): Promise<Exit> {
    const variables = [`NODE=${process.execPath}`, `CUSTODY=${built('crash/custody')}`]
    return new Program(['env', ...variables, ...words], place.folder).exit
  }

  const MOUNTS =
    process.platform === 'linux' &&
    spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /mnt']).status === 0

  test.skipIf(!MOUNTS)(
    'under a sink: the run stops, and with more room it continues',
    { tags: ['proof'] },
    async () => {
      const place = newPlace({ ...LINEAR, files: { ...LINEAR.files, 'out/.keep': '' } })
      const text = script('mount -t tmpfs -o size=48k tmpfs out', 'ls -A out >&2; mount -o remount,size=1m out')
      const { stderr } = await runIn(place, ['unshare', '-rm', 'sh', '-c', `${text}\ntar -cf out.tar -C out .`])
      expect(stderr).toMatch(/CUSTODY_SINK_FULL[\s\S]*run: 1\n[\s\S]*resume: 0\n/)
      // The small disk is gone with the processes that saw it; what was on it is in the archive.
      expect(spawnSync('tar', ['-xf', 'out.tar', '-C', 'out'], { cwd: place.folder }).status).toBe(0)
      rmSync(join(place.folder, 'out/.keep'))
      await isAsUndisturbed(place)
    },
  )

  test.runIf(MOUNTS && LONG)('under the ledger: the run stops, and with more room it continues', async () => {
    const place = newPlace({ ...LINEAR, files: { ...LINEAR.files, 'ledger/.keep': '' } })
    const small = 'mount -t tmpfs -o size=1500k tmpfs ledger; export CUSTODY_LEDGER=sqlite:ledger/custody.db'
    const text = script(small, 'mount -o remount,size=64m ledger')
    const { stderr } = await runIn(place, ['unshare', '-rm', 'sh', '-c', `${text}\ncp ledger/custody.db* .`])
    expect(stderr).toMatch(/CUSTODY_LEDGER_WRITE[\s\S]*run: 1\n[\s\S]*resume: 0\n/)
    await isAsUndisturbed(place)
  })

  test.skipIf(process.platform === 'win32' || (MOUNTS && !ALL))(
    'a ledger that may not grow any more: the same',
    async () => {
      const place = newPlace(LINEAR)
      const limits = script('ulimit -S -f 1500', 'ulimit -S -f unlimited')
      const { stderr } = await runIn(place, ['sh', '-c', limits])
      expect(stderr).toMatch(/CUSTODY_LEDGER_WRITE[\s\S]*run: 1\n[\s\S]*resume: 0\n/)
      await isAsUndisturbed(place)
    },
  )

  test.runIf(process.platform !== 'win32' && LONG)('a ledger that is written by another thread: the same', async () => {
    const place = newPlace(LINEAR)
    const child = (resume: boolean) => {
      const order: Order = { folder: place.folder, url: place.url, resume, threaded: true }
      return `"$NODE" '${built('crash/child')}' '${JSON.stringify(order)}'`
    }
    const text = `ulimit -S -f 2500; ${child(false)}; ulimit -S -f unlimited; ${child(true)}`
    const { stdout } = await runIn(place, ['sh', '-c', text])
    const [failed, resumed] = stdout.split('\n').flatMap(line => (line.includes('"status"') ? [JSON.parse(line)] : []))
    // The first commit was made by the first thread, the second was to be made by the other.
    expect(failed).toMatchObject({ status: 'failed', code: 'CUSTODY_LEDGER_WRITE', points: { after_commit: 1 } })
    expect(resumed).toMatchObject({ status: 'completed_with_failures', code: null })
    await isAsUndisturbed(place)
  })

  test.runIf(process.platform !== 'win32' && LONG)('an output that may not grow any more: the same', async () => {
    const prior = `text\n${'x'.repeat(6_000_000)}\n`
    const pipeline: CrashPipeline = {
      name: 'grown',
      asynchronous: false,
      files: { ...LINEAR.files, 'out/all.csv': prior },
      yaml: `
name: grown
sources:
  rows: { plugin: csv, options: { path: applications.csv }, on_invalid: discard, to: text }
nodes:
  text: { transform: field_mapper, options: { select: [note], rename: { note: text } }, on_error: discard, to: all }
sinks:
  all: { plugin: csv, options: { path: out/all.csv, if_exists: append }, on_error: discard }
`,
    }
    const place = newPlace(pipeline)
    const whole = (await runUndisturbed(pipeline)).outputs
    // Blocks of 512 bytes; the ledger stays below.
    const blocks = Math.ceil((Buffer.byteLength(prior) + 12_000) / 512)
    const { stderr } = await runIn(place, ['sh', '-c', script(`ulimit -S -f ${blocks}`, 'ulimit -S -f unlimited')])
    expect(stderr).toMatch(
      /CUSTODY_SINK_FULL.* is as large as a file may be here\n[\s\S]*ulimit -f[\s\S]*run: 1\n[\s\S]*resume: 0\n/,
    )
    expect(await place.problems(true)).toEqual([])
    expect(place.outputs()).toEqual(whole)
  })
})
