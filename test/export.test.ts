/** `custody export`, end to end within this process. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseCheckpoint } from '../src/format/checkpoint.ts'
import { leafHash } from '../src/format/hash.ts'
import { openNote } from '../src/format/note.ts'
import { verifyEd25519, verifyMlDsa44 } from '../src/format/signatures.ts'
import { parseTlogProof } from '../src/format/tlog-proof.ts'
import { checkInclusion, Frontier } from '../src/format/tree.ts'
import { signingKey } from '../src/ledger/keys/keys.ts'
import { trustedKeys } from '../src/ledger/keys/known-ledgers.ts'
import { VIEW_COLUMNS, VIEW_NAMES } from '../src/ledger/read-port.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROOT = join(import.meta.dirname, '..')
/** Names in the data are canaries. */
const PIPELINE = `
name: letters
defaults: { on_error: problems, on_invalid: problems }
sources:
  people:
    plugin: csv
    options: { path: people.csv }
    schema: { mode: fixed, fields: { id: integer, name: string, town: string } }
    to: check
nodes:
  check: { transform: keyword_filter, options: { fields: [name], patterns: ['bad'] }, to: map }
  map: { transform: field_mapper, options: { rename: { name: who } }, to: set }
  set: { transform: compute, options: { set: { greeting: '"to " + row.who + " of " + row.town' } }, to: towns }
  towns: { aggregate: batch_stats, per: [town], trigger: { count: 2 }, options: { value: id, group_by: town }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl, if_exists: number }, on_error: discard }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: number }, on_error: discard }
`
const PEOPLE = `id,name,town
1,anna-canary,"north, east"
2,bad-berta-canary,north
x,carl-canary,south
4,dora-canary,"north, east"
5,emil-canary,south
`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'people.csv': PEOPLE })
})
afterEach(() => work.close())

const custody = (...argv: string[]) => work.custody(...argv)
const run = () => work.run()
const database = () => new DatabaseSync(join(work.folder, 'custody.db'))
/** A view as SQLite itself gives it, each row as JSON, sorted. */
function viewOf(name: string, id: string): Record<string, unknown>[] {
  const db = database()
  try {
    return db
      .prepare(`SELECT * FROM ${name} WHERE run_id = ?`)
      .all(id)
      .map(row => ({ ...row }))
  } finally {
    db.close()
  }
}
const sorted = (rows: readonly unknown[]) => rows.map(row => JSON.stringify(row)).sort()
/** Hidden names of an export that came to no end. */
const leftovers = () => readdirSync(work.folder).filter(name => name.endsWith('.part'))

test('jsonl has all views, each with all of its rows and columns', async () => {
  const id = await run()
  const { exit, json } = await custody('export', 'latest', '--format', 'jsonl', '--out', 'out-j', '--json')
  expect(exit).toBe(0)
  expect(json).toMatchObject({ run: id, format: 'jsonl', out: join(work.folder, 'out-j') })
  expect(readdirSync(join(work.folder, 'out-j')).sort()).toEqual(VIEW_NAMES.map(name => `${name}.jsonl`).sort())
  for (const name of VIEW_NAMES) {
    const text = readFileSync(join(work.folder, 'out-j', `${name}.jsonl`), 'utf8')
    const rows = text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line))
    const expected = viewOf(name, id).map(row => ({
      ...row,
      ...('is_terminal' in row ? { is_terminal: row.is_terminal === 1 } : {}),
      ...('key' in row ? { key: JSON.parse(`${row.key}`) } : {}),
    }))
    expect(sorted(rows), name).toEqual(sorted(expected))
    expect(json.files).toContainEqual({ file: `${name}.jsonl`, rows: rows.length, bytes: Buffer.byteLength(text) })
    for (const row of rows) expect(Object.keys(row), name).toEqual(Object.keys(VIEW_COLUMNS[name]))
  }
  expect(viewOf('batches', id).length).toBeGreaterThan(0)
})

test('csv has a header, and quotes what has to be', async () => {
  const id = await run()
  expect((await custody('export', 'latest', '--format', 'csv', '--out', 'c')).exit).toBe(0)
  const text = readFileSync(join(work.folder, 'c', 'batches.csv'), 'utf8')
  expect(text).toMatch(/^run_id,batch_id,node,trigger,size,key,part,number\r\n/)
  expect(text).toContain(`${id},1,towns,count,2,"{""town"":""north, east""}",0,1\r\n`)
  expect(readFileSync(join(work.folder, 'c', 'nodes.csv'), 'utf8').split('\r\n')).toHaveLength(
    viewOf('nodes', id).length + 2,
  )
})

test('parquet has the same rows with types', { tags: ['proof'] }, async () => {
  const id = await run()
  expect((await custody('export', 'latest', '--format', 'parquet', '--out', 'pq')).exit).toBe(0)
  for (const name of VIEW_NAMES) {
    const file = await asyncBufferFromFile(join(work.folder, 'pq', `${name}.parquet`))
    const types = parquetSchema(await parquetMetadataAsync(file)).children.map(({ element }) => [
      element.name,
      element.logical_type?.type ?? element.type,
    ])
    const written = { integer: 'INT64', flag: 'BOOLEAN', text: 'STRING', time: 'TIMESTAMP', json: 'STRING' }
    expect(types).toEqual(Object.entries(VIEW_COLUMNS[name]).map(([column, type]) => [column, written[type]]))
    const rows = (await parquetReadObjects({ file })).map(row =>
      Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)])),
    )
    expect(sorted(rows), name).toEqual(sorted(viewOf(name, id)))
  }
})

/** As SQLite has it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  return value instanceof Date ? value.toISOString() : value
}

test('nothing is replaced, and an empty folder is no obstacle', async () => {
  const id = await run()
  expect((await custody('export', 'latest', '--format', 'csv')).exit).toBe(0)
  expect(existsSync(join(work.folder, `export-${id.slice(0, 13)}-csv`, 'runs.csv'))).toBe(true)
  const again = await custody('export', 'latest', '--format', 'csv', '--json')
  expect(again).toMatchObject({ exit: 2, json: { error: { code: 'CUSTODY_TARGET_EXISTS' } } })
  mkdirSync(join(work.folder, 'empty'))
  expect((await custody('export', 'latest', '--format', 'csv', '--out', 'empty')).exit).toBe(0)
  expect(existsSync(join(work.folder, 'empty', 'runs.csv'))).toBe(true)
  expect(leftovers()).toEqual([])
})

test('a run that isn’t there, and a format that isn’t', async () => {
  await run()
  expect(await custody('export', 'ffff', '--format', 'csv', '--json')).toMatchObject({
    exit: 2,
    json: { error: { code: 'CUSTODY_RUN_UNKNOWN' } },
  })
  expect(await custody('export', 'latest', '--format', 'xml', '--json')).toMatchObject({
    exit: 2,
    json: { error: { code: 'CUSTODY_ARGUMENT' } },
  })
})

test.each(['jsonl', 'csv', 'parquet', 'prov', 'openlineage', 'in-toto', 'tiles'])(
  'what doesn’t hold isn’t exported: %s',
  async format => {
    await run()
    const db = database()
    for (const { name } of db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entries'")
      .all())
      db.exec(`DROP TRIGGER ${name}`)
    db.exec(`UPDATE entries SET body = replace(body, '"o":0', '"o":1') WHERE row = 1`)
    db.close()
    const { exit, json } = await custody('export', 'latest', '--format', format, '--out', 'bad', '--json')
    expect(exit).toBe(1)
    expect(json).toMatchObject({ run: 'latest', holds: false })
    expect(json.problems.length).toBeGreaterThan(0)
    expect(existsSync(join(work.folder, 'bad'))).toBe(false)
    expect(leftovers()).toEqual([])
  },
)

test('tables aren’t taken from a view that was altered', async () => {
  await run()
  const db = database()
  db.exec("DROP VIEW runs; CREATE VIEW runs AS SELECT run AS run_id, 'nothing' AS name FROM logs")
  db.close()
  const { exit, json } = await custody('export', 'latest', '--format', 'csv', '--json')
  expect(exit).toBe(1)
  expect(json.problems.join()).toContain('view runs')
})

test('tiles are those of the ledger’s log and of the run’s', async () => {
  const id = await run()
  const { json, exit } = await custody('export', id, '--format', 'tiles', '--out', 't', '--json')
  expect(exit).toBe(0)
  expect(json.logs).toMatchObject([
    { folder: 'ledger', unbundled: null },
    { folder: `runs/${id}`, unbundled: null },
  ])
  const db = database()
  for (const [log, { folder: prefix, size }] of json.logs.entries()) {
    const at = join(work.folder, 't', prefix)
    expect(readFileSync(join(at, 'checkpoint'), 'utf8')).toBe(
      db.prepare('SELECT note FROM heads WHERE log = ?').get(log)?.note,
    )
    const bundle = readFileSync(join(at, 'tile', 'entries', '000.p', `${size}`))
    const bodies = db
      .prepare('SELECT body FROM entries WHERE log = ? ORDER BY seq')
      .all(log)
      .map(({ body }) => `${body}`)
    const expected = bodies.flatMap(body => [Buffer.from([body.length >> 8, body.length & 255]), Buffer.from(body)])
    expect(bundle.equals(Buffer.concat(expected))).toBe(true)
  }
  db.close()
})

test('tiles of a run with splits are those of all of its logs, and the last entries of splits are what the seal commits to', async () => {
  const in_splits = PIPELINE.replace('batch_stats,', 'batch_stats, scope: split,')
  writeFileSync(join(work.folder, 'p.yaml'), `splits: { count: 3 }${in_splits}`)
  const id = await run()
  const { json, exit } = await custody('export', id, '--format', 'tiles', '--out', 't', '--json')
  expect(exit).toBe(0)
  const folder = `runs/${id}`
  const splits = [1, 2, 3].map(part => `${folder}/splits/${part}`)
  expect(json.logs.map((each: { folder: string }) => each.folder)).toEqual(['ledger', folder, ...splits])
  const entriesIn = (prefix: string) => bundledIn(join(work.folder, 't', prefix))
  const last = (prefix: string) => entriesIn(prefix).at(-1) ?? ''
  const tree = new Frontier()
  for (const each of splits) tree.append(leafHash(last(each)))
  expect(JSON.parse(last(folder))).toMatchObject({ k: 'seal', parts: { size: 3, root: tree.root() } })
  for (const { folder: each, size, root } of json.logs) {
    const log = new Frontier()
    for (const body of entriesIn(each)) log.append(leafHash(body))
    expect([log.size, log.root()]).toEqual([size, root])
  }
})

/** Entries of a log that has one bundle. */
function bundledIn(log: string): string[] {
  const folder = join(log, 'tile', 'entries', '000.p')
  const [name = ''] = readdirSync(folder)
  const bytes = readFileSync(join(folder, name))
  const found: string[] = []
  for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at))
    found.push(bytes.toString('utf8', at + 2, at + 2 + bytes.readUInt16BE(at)))
  return found
}

/** The lines that were exported to a file, as JSON. */
async function exported(format: string, name = 'latest') {
  const { exit, stderr } = await custody('export', name, '--format', format, '--out', `x.${format}`)
  expect(exit, stderr).toBe(0)
  const text = readFileSync(join(work.folder, `x.${format}`), 'utf8')
  rmSync(join(work.folder, `x.${format}`))
  return { text, stderr }
}
const linesOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
const sha256Of = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(work.folder, 'out', name)))
    .digest('hex')

/** The schema of predicates, as docs/proof-format.md has it. */
const page = readFileSync(join(ROOT, 'docs', 'proof-format.md'), 'utf8')
const [schema = '{}'] = /(?<=^```json\n)\{\n {2}"\$schema"[\s\S]*?(?=^```)/m.exec(page) ?? []
const isPredicate = new Ajv2020({ validateFormats: false }).compile(JSON.parse(schema))

test('in-toto: a statement of each output file, signed with the keys of the ledger', async () => {
  const id = await run()
  const { text } = await exported('in-toto')
  const envelopes = linesOf(text)
  expect(envelopes).toHaveLength(2)
  const keys = trustedKeys(null, work.env)
  const statements = envelopes.map(({ payload, payloadType, signatures }) => {
    expect(payloadType).toBe('application/vnd.in-toto+json')
    expect(signatures.map((each: { keyid: string }) => each.keyid)).toEqual(
      keys.map(each => `${each.name}+${each.hash}`),
    )
    const body = Buffer.from(payload, 'base64')
    const signed = Buffer.concat([Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${body.length} `), body])
    for (const [i, key] of keys.entries()) {
      const check = key.type === 'ed25519' ? verifyEd25519 : verifyMlDsa44
      expect(check(key.public_key, signed, Buffer.from(signatures[i].sig, 'base64'))).toBe(true)
    }
    return JSON.parse(body.toString())
  })
  for (const [i, name] of ['all.jsonl', 'problems.jsonl'].entries()) {
    const { predicate, ...statement } = statements[i]
    expect(statement).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name, digest: { sha256: sha256Of(name) } }],
      predicateType: 'urn:custody:run-output:1',
    })
    expect(predicate).toMatchObject({
      run: { id, name: 'letters', status: 'completed_with_failures', log: 1 },
      plan: { sha256: viewOf('runs', id)[0]?.plan_hash },
      output: { sink: ['out', 'problems'][i] },
      counts: { rows: { read: 5, ingested: 4, rejected: 1 } },
    })
    expect(isPredicate(predicate), JSON.stringify(isPredicate.errors)).toBe(true)
    expect(isPredicate({ ...predicate, more: 1 })).toBe(false)
    const { body, proof } = predicate.ledger.sealed
    const { index, path, checkpoint } = parseTlogProof(proof) ?? { index: 0, path: [], checkpoint: '' }
    const note = openNote(checkpoint, keys)
    expect(note.ok).toBe(true)
    const head = parseCheckpoint(checkpoint.slice(0, checkpoint.indexOf('\n\n') + 1))
    expect(checkInclusion(leafHash(body), index, head.size, path, head.root)).toBe(true)
    expect(JSON.parse(body)).toMatchObject({
      k: 'sealed',
      run: id,
      size: predicate.run.entries,
      root: predicate.run.root,
    })
  }
})

const has_openssl = spawnSync('openssl', ['pkeyutl', '-help']).status === 0

test.skipIf(!has_openssl)('in-toto: openssl finds the Ed25519 signature good', async () => {
  await run()
  const [{ payload, payloadType, signatures }] = linesOf((await exported('in-toto')).text)
  const body = Buffer.from(payload, 'base64')
  const [key] = trustedKeys(null, work.env)
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key?.public_key ?? new Uint8Array()])
  writeFileSync(join(work.folder, 'key.der'), spki)
  writeFileSync(join(work.folder, 'sig'), Buffer.from(signatures[0].sig, 'base64'))
  const verify = (signed: Buffer) => {
    writeFileSync(join(work.folder, 'signed'), signed)
    const argv = 'pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in signed -sigfile sig'.split(' ')
    return spawnSync('openssl', argv, { cwd: work.folder, encoding: 'utf8' }).stdout
  }
  expect(verify(Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${body.length} ${body}`))).toMatch(/success/i)
  expect(verify(body)).not.toMatch(/success/i)
})

test('statements hold no data of rows', { tags: ['proof'] }, async () => {
  await run()
  for (const format of ['prov', 'openlineage', 'in-toto', 'tiles']) {
    await custody('export', 'latest', '--format', format, '--out', `y-${format}`)
    const files =
      format === 'tiles' ? readdirSync(join(work.folder, 'y-tiles'), { recursive: true, withFileTypes: true }) : null
    const texts =
      files === null
        ? [readFileSync(join(work.folder, `y-${format}`), 'utf8')]
        : files.filter(each => each.isFile()).map(each => readFileSync(join(each.parentPath, each.name), 'latin1'))
    const all = texts.flatMap(text => [
      text,
      ...(format === 'in-toto' ? linesOf(text).map(each => atob(each.payload)) : []),
    ])
    expect(all.join('\n')).not.toMatch(/canary|north|south/)
  }
})

test('in-toto wants a finished run, files, what is on record of them, and a key that is in force', {
  tags: ['proof'],
}, async () => {
  writeFileSync(join(work.folder, 'p.yaml'), PIPELINE.replace('letters', 'letters\nguards: { min_rows: 50 }'))
  const stopped = await custody('run', 'p.yaml', '--json')
  expect(stopped.exit).toBe(1)
  const open = await custody('export', 'latest', '--format', 'in-toto', '--out', 'x', '--json')
  expect(open).toMatchObject({ exit: 1, json: { error: { code: 'CUSTODY_EXPORT_OPEN' } } })
  // The other formats show it as far as it is.
  expect(linesOf((await exported('openlineage')).text).map(each => each.eventType)).toEqual(['START', 'FAIL'])
  expect(JSON.parse((await exported('prov')).text).activity).toBeDefined()
  expect((await custody('export', 'latest', '--format', 'tiles', '--out', 'open-tiles')).exit).toBe(0)
  expect((await custody('export', 'latest', '--format', 'csv', '--out', 'open-csv')).exit).toBe(0)
  await custody('abandon', 'latest')
  const none = await custody('export', 'latest', '--format', 'in-toto', '--out', 'x', '--json')
  expect(none).toMatchObject({ exit: 1, json: { error: { code: 'CUSTODY_EXPORT_NOTHING' } } })
  writeFileSync(join(work.folder, 'p.yaml'), PIPELINE)
  await run()
  const before = work.env
  work.env = { XDG_CONFIG_HOME: join(work.folder, 'other') }
  const stranger = await custody('export', 'latest', '--format', 'in-toto', '--out', 'x', '--json')
  expect(stranger).toMatchObject({ exit: 1, json: { error: { code: 'CUSTODY_KEY_UNKNOWN' } } })
  expect(existsSync(join(work.folder, 'other', 'custody', 'key'))).toBe(false)
  work.env = before
  expect(await custody('export', 'latest', '--format', 'in-toto', '--json')).toMatchObject({
    exit: 2,
    json: { error: { code: 'CUSTODY_ARGUMENT' } },
  })
  expect(leftovers()).toEqual([])
})

test('in-toto says what was erased, and is refused where all was', async () => {
  const { eraseValues, recordErasure } = await import('./support/erasing.ts')
  await run()
  const db = database()
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all())
    db.exec(`DROP TRIGGER ${name}`)
  const publish = db.prepare(`SELECT seq, body FROM entries WHERE log = 1 AND body LIKE '%"k":"publish"%'`).get()
  const { artifacts, w } = JSON.parse(`${publish?.body}`)
  const placesOf = (artifact: { paths: number; contents: number }) =>
    [artifact.paths - w + 1, artifact.contents - w + 1].sort((a, b) => a - b)
  const erase = (places: readonly number[]) => {
    eraseValues(db, 1, [Number(publish?.seq)], places)
    recordErasure(db, signingKey(work.env), 1, [[Number(publish?.seq), Number(publish?.seq), ...places]])
  }
  erase(placesOf(artifacts[0]))
  const { json } = await custody('export', 'latest', '--format', 'in-toto', '--out', 'some', '--json')
  expect(json).toMatchObject({ statements: 1, left_out: [{ sink: 'out', code: 'CUSTODY_EXPORT_ERASED' }] })
  expect((await exported('in-toto')).stderr).toContain('warning CUSTODY_EXPORT_ERASED: what out wrote')
  erase(placesOf(artifacts[1]))
  db.close()
  const all = await custody('export', 'latest', '--format', 'in-toto', '--out', 'none', '--json')
  expect(all).toMatchObject({ exit: 1, json: { error: { code: 'CUSTODY_EXPORT_ERASED' } } })
  const entities = Object.values(JSON.parse((await exported('prov')).text).entity) as Record<string, unknown>[]
  expect(entities.some(each => 'custody:sha256' in each && each['prov:label'] === 'out')).toBe(false)
})

test('openlineage: start and end, with counts, columns and the proof', async () => {
  const id = await run()
  const [start, end] = linesOf((await exported('openlineage')).text)
  expect([start.eventType, end.eventType]).toEqual(['START', 'COMPLETE'])
  expect([start.run.runId, end.run.runId]).toEqual([id, id])
  expect(end.run.facets).toMatchObject({
    custody_counts: { rows: { read: 5, ingested: 4, rejected: 1 } },
    custody_proof: { plan_sha256: viewOf('runs', id)[0]?.plan_hash },
  })
  const people = { namespace: 'file', name: join(work.folder, 'people.csv') }
  expect(end.inputs).toMatchObject([
    { ...people, inputFacets: { inputStatistics: { rowCount: 5, size: PEOPLE.length, fileCount: 1 } } },
  ])
  expect(end.inputs[0].facets.schema.fields).toEqual([
    { name: 'id', type: 'integer' },
    { name: 'name', type: 'string' },
    { name: 'town', type: 'string' },
  ])
  const [out, problems] = end.outputs
  expect(out).toMatchObject({
    name: join(work.folder, 'out', 'all.jsonl'),
    outputFacets: { outputStatistics: { rowCount: viewOf('artifacts', id)[0]?.rows } },
  })
  expect(out.facets).toMatchObject({ custody_columns: { unknown_behind: ['towns'], sources: ['people'] } })
  // Rows that met an error left as they had come to the filter, to the mapper, or to the aggregate.
  const { fields, dataset } = problems.facets.columnLineage
  const input = (field: string, subtype: string) => ({
    ...people,
    field,
    transformations: [{ type: 'DIRECT', subtype, masking: false }],
  })
  expect(fields.who.inputFields).toEqual([input('name', 'IDENTITY')])
  expect(fields.greeting.inputFields).toEqual([input('name', 'TRANSFORMATION'), input('town', 'TRANSFORMATION')])
  expect(dataset).toEqual([{ ...people, field: 'name', transformations: [{ type: 'INDIRECT', subtype: 'FILTER' }] }])
})

test('prov: what was used, what was generated, and of what', async () => {
  const id = await run()
  const document = JSON.parse((await exported('prov')).text)
  expect(document.entity[`output:${id}/out`]).toMatchObject({
    'prov:location': join(work.folder, 'out', 'all.jsonl'),
    'custody:sha256': sha256Of('all.jsonl'),
  })
  expect(document.entity[`input:${id}/people`]).toMatchObject({
    'prov:location': join(work.folder, 'people.csv'),
    'custody:sha256': createHash('sha256').update(PEOPLE).digest('hex'),
  })
  expect(document.activity[`run:${id}`]).toMatchObject({ 'prov:label': 'letters', 'custody:rows_read': 5 })
  expect(Object.values(document.wasDerivedFrom)).toContainEqual({
    ...{
      'prov:generatedEntity': `output:${id}/out`,
      'prov:usedEntity': `input:${id}/people`,
      'prov:activity': `run:${id}`,
    },
  })
  // All that relations and attributes refer to is there.
  const known = new Set(['entity', 'activity', 'agent'].flatMap(section => Object.keys(document[section])))
  const relations = Object.entries(document).filter(
    ([section]) => !['prefix', 'entity', 'activity', 'agent'].includes(section),
  )
  for (const [section, records] of relations)
    for (const record of Object.values(records as Record<string, Record<string, string>>))
      for (const [key, value] of Object.entries(record))
        if (key !== 'prov:time') expect(known.has(value), `${section} ${key} ${value}`).toBe(true)
})
