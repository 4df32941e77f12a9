import { expect, test } from 'vitest'
import { CustodyError } from '../model/error.ts'
import type { Context } from './context.ts'
import { withRunLog } from './run-log.ts'
import { plain } from './terminal.ts'

/** Lines of the log that `work` leaves, without name and time. */
async function linesOf(work: (context: Context) => Promise<number>, is_json = false) {
  const pieces: string[] = []
  const stream = { isTTY: true, columns: 80, write: (piece: string) => pieces.push(piece) > 0, on: () => undefined }
  // cast: as much of a context as is used.
  const context = {
    host: { stdout: stream, stderr: stream },
    env: {},
    terminal: { paint: plain },
  } as unknown as Context
  const exit = await withRunLog(context, is_json, work)
  const lines = pieces
    .join('')
    .split('\n')
    .filter(each => each !== '')
  return { exit, lines: lines.map(each => ({ ...JSON.parse(each), name: undefined, time: undefined })) }
}

test('records that are dealt, and then rows, whose rate is that since', async () => {
  const { lines } = await linesOf(async ({ log }) => {
    const before = { rows_read: 0, rows_done: 0 }
    log?.progress({ ...before, before, elapsed_us: 5e6, bytes: null, dealing: { records: 70, took_us: null } })
    const rows = { rows_read: 50, rows_done: 40, before, bytes: null }
    const splits = { count: 8, closed: 3, under_way: 2, workers: 1 }
    log?.progress({ ...rows, elapsed_us: 20e6, dealing: { records: 100, took_us: 10e6 }, splits })
    return 0
  })
  expect(lines).toMatchObject([
    { rows_read: 0, rows_done: 0, rows_per_second: 0, records_dealt: 70, elapsed_ms: 5000, msg: '70 records dealt' },
    { rows_read: 50, rows_done: 40, rows_per_second: 4, elapsed_ms: 20_000, msg: '40 rows done' },
  ])
  expect(lines[1]).not.toHaveProperty('records_dealt')
  expect(lines[1]).toMatchObject({ splits: { count: 8, closed: 3, under_way: 2, workers: 1 } })
  expect(lines[0]).not.toHaveProperty('splits')
})

test('progress each five seconds at most, and what keeps calls waiting', async () => {
  const { lines } = await linesOf(async ({ log }) => {
    for (const seconds of [0, 1, 5, 9, 10])
      log?.progress({
        ...{ rows_read: 20 * seconds, rows_done: 10 * seconds, elapsed_us: seconds * 1e6, bytes: null },
        before: { rows_read: 0, rows_done: 0 },
      })
    const waiting = { service: 'openai', open: 3, one_each: true, now_us: 0 }
    log?.service({ ...waiting, kind: 'down', failures: 25, last: '503', next_try_us: 20e6 })
    log?.service({ ...waiting, kind: 'left_alone', until_us: 20e6 })
    log?.service({ ...waiting, kind: 'paced', until_us: 20e6, assumed: false })
    log?.service({ kind: 'back', service: 'openai' })
    return 0
  })
  expect(lines.slice(0, 3)).toMatchObject(
    [0, 5, 10].map(seconds => ({
      ...{ level: 'info', event: 'run.progress', rows_read: 20 * seconds, rows_done: 10 * seconds },
      ...{ rows_per_second: seconds === 0 ? 0 : 10, elapsed_ms: seconds * 1000 },
    })),
  )
  const until = '1970-01-01T00:00:20.000Z'
  expect(lines.slice(3)).toMatchObject([
    { level: 'warn', event: 'service.down', service: 'openai', failures: 25, last: '503', until, open_tokens: 3 },
    { level: 'warn', event: 'service.left_alone', service: 'openai', until, open_tokens: 3 },
    { level: 'warn', event: 'service.paced', service: 'openai', until, open_tokens: 3 },
    { level: 'info', event: 'service.back', service: 'openai', msg: 'openai answers again' },
  ])
})

test('what is said to people, and what is thrown', async () => {
  const failing = async ({ terminal }: Context) => {
    terminal.report('warning: a disk is nearly full')
    terminal.report('  9 rows were left out')
    throw new CustodyError('CUSTODY_FILE_NOT_FOUND', 'no file', { hint: 'Check the path.' })
  }
  const { exit, lines } = await linesOf(failing)
  expect([exit, lines]).toMatchObject([
    2,
    [
      { level: 'warn', event: 'warning', msg: 'a disk is nearly full' },
      { level: 'info', event: 'note', msg: '9 rows were left out' },
      { level: 'error', event: 'failed', error: { code: 'CUSTODY_FILE_NOT_FOUND', hint: 'Check the path.' } },
    ],
  ])
  await expect(linesOf(failing, true)).rejects.toThrow('no file')
})
