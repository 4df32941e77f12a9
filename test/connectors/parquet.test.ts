/**
 * Parquet files that are damaged, that lie, that change; and runs that read and write such files, and are killed. `npm test` tries a part of
 * it, `npm run connectors` all.
 */
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import type { CompressionCodec } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Row } from '../../src/model/row.ts'
import { OBSERVED } from '../../src/model/schema.ts'
import { parquetSink } from '../../src/plugins/parquet/parquet-sink.ts'
import { parquetSource } from '../../src/plugins/parquet/parquet-source.ts'
import { NOBODY_TO_ASK } from '../../src/sdk/source.ts'
import { askPython, NO_PYTHON } from '../python/python.ts'
import { CONNECTORS, KILLS } from '../support/kills.ts'
import { damaged, killedRuns, outcomeOf, readTable, tableSource, writeTable } from '../support/table-files.ts'
import { WorkFolder } from '../support/work-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-parquet-'))
const file = join(folder, 'x.parquet')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const rowOf = (i: number): Row => ({
  id: i,
  text: `row ${i % 5}`,
  flag: i % 2 === 0,
  share: i / 3,
  list: i % 4 === 0 ? null : [i, i + 1],
  group: { a: `x${i}`, b: [{ c: i }] },
})
const ROWS = Array.from({ length: 40 }, (_, i) => rowOf(i))

interface Lies {
  readonly codec?: CompressionCodec
  readonly pack?: (input: Uint8Array) => Uint8Array
  /** Of the only row group. */
  readonly group_rows?: bigint
  readonly file_rows?: bigint
}

/** A file that says other things than it holds. */
function lying({ codec = 'UNCOMPRESSED', pack = bytes => bytes, group_rows, file_rows }: Lies): Buffer {
  const writer = new ByteWriter()
  const parquet = new ParquetWriter({
    writer,
    codec,
    compressors: { [codec]: pack },
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'id', type: 'INT64', repetition_type: 'OPTIONAL' },
    ],
  })
  parquet.write({ columnData: [{ name: 'id', data: Array.from({ length: 100 }, (_, i) => BigInt(i)) }] })
  const [group] = parquet.row_groups
  if (group !== undefined && group_rows !== undefined) Object.assign(group, { num_rows: group_rows })
  if (file_rows !== undefined) parquet.num_rows = file_rows
  parquet.finish()
  return Buffer.from(writer.getBytes())
}

describe('a file with one byte changed, or cut off', () => {
  let good: Buffer
  beforeAll(async () => {
    await writeTable(parquetSink, file, ROWS, { codec: 'none', row_group_rows: 20 })
    good = readFileSync(file)
  })

  test('is read as far as it says what it holds, or is an error of the file, in bounded time and memory', {
    tags: ['proof'],
  }, async () => {
    const reasons = new Set<string>()
    const [step, flips] = CONNECTORS ? [2, [0xff, 1, 64, 128]] : [53, [0xff, 0x40]]
    for (const bytes of damaged(good, step, flips)) {
      const { records, code, message } = await outcomeOf(parquetSource, file, bytes)
      if (records !== null) expect(records).toHaveLength(ROWS.length)
      else expect(['CUSTODY_SOURCE', 'CUSTODY_INPUT_FORMAT']).toContain(code)
      reasons.add(message.replace(/.*: /, '').replace(/[\d-]+/g, 'N'))
    }
    // What would be taken for a count otherwise, and go on for minutes.
    if (!CONNECTORS) return
    const common = [
      /^a run has N values/,
      /^a page has N bytes/,
      /^a page would unpack/,
      /isn’t in the dictionary/,
      /^it is damaged/,
    ]
    for (const reason of common) expect([...reasons]).toContainEqual(expect.stringMatching(reason))
  })
})

describe('a file that isn’t what it says', () => {
  const cases: readonly (readonly [name: string, bytes: () => Uint8Array, code: string, message: string])[] = [
    ['CSV', () => Buffer.from('id\n1\n'), 'CUSTODY_INPUT_FORMAT', 'is no Parquet file'],
    ['nothing', () => Buffer.alloc(0), 'CUSTODY_INPUT_FORMAT', 'is no Parquet file'],
    ['its beginning only', () => Buffer.from('PAR1'), 'CUSTODY_SOURCE', 'it has no end'],
    ['an encrypted file', () => Buffer.from('PARE0000PARE'), 'CUSTODY_INPUT_FORMAT', 'is an encrypted Parquet file'],
    [
      'an end that would be longer than the file',
      () => Buffer.concat([Buffer.from('PAR1'), Buffer.from('ffffff0f', 'hex'), Buffer.from('PAR1')]),
      'CUSTODY_SOURCE',
      'can’t be read as a Parquet file',
    ],
    [
      'an end of four gigabytes',
      () => Buffer.concat([Buffer.from('PAR1'), Buffer.from('ffffffff', 'hex'), Buffer.from('PAR1')]),
      'CUSTODY_SOURCE',
      'its list of columns is longer than any is',
    ],
    ['a codec that nobody knows', () => lying({ codec: 'LZO' }), 'CUSTODY_SOURCE', 'packed with LZO'],
    [
      'pages that unpack to more than they say',
      () => lying({ codec: 'ZSTD', pack: () => zstdCompressSync(Buffer.alloc(64 * 1024 * 1024)) }),
      'CUSTODY_SOURCE',
      'can’t be read as a Parquet file',
    ],
    [
      'pages that unpack to less than they say',
      () => lying({ codec: 'ZSTD', pack: () => zstdCompressSync(Buffer.alloc(3)) }),
      'CUSTODY_SOURCE',
      'does not match header',
    ],
    [
      'more rows than there are',
      () => lying({ file_rows: 101n }),
      'CUSTODY_SOURCE',
      'it has 100 rows, where it says 101',
    ],
    [
      'a row group with more rows than there are',
      () => lying({ group_rows: 200n, file_rows: 200n }),
      'CUSTODY_SOURCE',
      'its column id has 100 rows of 200',
    ],
    [
      'a row group with fewer rows than there are',
      () => lying({ group_rows: 50n, file_rows: 50n }),
      'CUSTODY_SOURCE',
      'a column has 100 values, and should have 50',
    ],
    [
      'a row group larger than any memory',
      () => lying({ group_rows: 2n ** 40n, file_rows: 2n ** 40n }),
      'CUSTODY_SOURCE',
      'has to fit into memory',
    ],
    ['a negative number of rows', () => lying({ group_rows: -1n, file_rows: -1n }), 'CUSTODY_SOURCE', 'has -1 rows'],
  ]
  test.each(cases)('%s', async (_, bytes, code, message) => {
    const outcome = await outcomeOf(parquetSource, file, bytes())
    expect(outcome).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  test('what is sound of these is read', async () => {
    expect((await outcomeOf(parquetSource, file, lying({}))).records).toHaveLength(100)
  })
})

test('a file that changes while it is read ends the reading, and isn’t taken for what it was', async () => {
  await writeTable(
    parquetSink,
    file,
    Array.from({ length: 2000 }, (_, i) => rowOf(i)),
  )
  const source = tableSource(parquetSource, file)
  const reading = async () => {
    for await (const some of source.read(null, NOBODY_TO_ASK)) if (some.length > 0) appendFileSync(file, 'x')
  }
  await expect(reading()).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
  await source.close()
})

test.skipIf(process.getuid?.() === 0)('a file that may not be read says so', async () => {
  await writeTable(parquetSink, file, ROWS)
  chmodSync(file, 0)
  await expect(readTable(parquetSource, file)).rejects.toMatchObject({ code: 'CUSTODY_SOURCE' })
  chmodSync(file, 0o600)
})

test('a column that isn’t there stops a run before it begins, with what is there', async () => {
  const work = new WorkFolder({ 'p.yaml': JSON.stringify(pipelineOf({ columns: ['id', 'colour'] })) })
  await writeTable(parquetSink, join(work.folder, 'in.parquet'), ROWS)
  const { exit, stderr } = await work.custody('run', 'p.yaml')
  expect(exit).not.toBe(0)
  expect(stderr).toMatch(/has no column colour[\s\S]*CUSTODY_SOURCE/)
  expect(stderr).toContain('id, text, flag')
  work.close()
})

test('a run whose files are shorter than what was gathered for them holds, whoever verifies it', {
  tags: ['proof'],
}, async () => {
  const work = new WorkFolder({ 'p.yaml': JSON.stringify(pipelineOf()) })
  await writeTable(
    parquetSink,
    join(work.folder, 'in.parquet'),
    Array.from({ length: 1500 }, (_, i) => rowOf(i)),
  )
  await work.run()
  const { exit, stdout } = await work.custody('verify', 'latest', '--files')
  expect(exit, stdout).toBe(0)
  if (CONNECTORS && NO_PYTHON === null) {
    const keys = join(work.folder, 'keys')
    writeFileSync(keys, (await work.custody('key', 'show')).stdout)
    const [answer] = askPython([join(work.folder, 'custody.db')], keys)
    expect(answer).toMatchObject({ ok: true })
  }
  work.close()
})

// ── whole runs ──────────────────────────────────────────────────────────────────────────────────────────────────────

function pipelineOf(options: { readonly [option: string]: string[] } = {}) {
  return {
    name: 'copy',
    defaults: { on_error: 'discard', on_invalid: 'discard' },
    sources: { rows: { plugin: 'parquet', options: { path: 'in.parquet', ...options }, to: 'both' } },
    nodes: { both: { fork: { a: 'all', b: 'each' } } },
    sinks: {
      all: { plugin: 'parquet', options: { path: 'out/all.parquet', if_exists: 'replace', row_group_rows: 700 } },
      each: {
        plugin: 'parquet',
        options: { path: 'out/by/{{ row.text }}.parquet', if_exists: 'replace', codec: 'zstd' },
      },
    },
  }
}

test.skipIf(!CONNECTORS)(`${KILLS} random kills leave nothing but what an undisturbed run leaves`, async () => {
  const rows = Array.from({ length: 4000 }, (_, i) => rowOf(i))
  const { files, killed } = await killedRuns(
    pipelineOf(),
    async work => void (await writeTable(parquetSink, join(work, 'in.parquet'), rows, { row_group_rows: 1500 })),
    KILLS,
  )
  expect(Object.keys(files)).toHaveLength(6)
  expect(killed).toBe(KILLS)
})

test.skipIf(!CONNECTORS)('what a killed run wrote is what was read, value by value', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => rowOf(i))
  await writeTable(parquetSink, file, rows, { input: OBSERVED, row_group_rows: 999 })
  expect(await readTable(parquetSource, file)).toEqual(rows)
})
