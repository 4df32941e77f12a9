/** `custody erase` and `purge`, end to end within this process. Names in the data are canaries: after an erasure each byte is searched for them. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Checkpoint, checkpointIn, parseCheckpoint } from '../src/format/checkpoint.ts'
import { type Cosigner, makeCosigner } from '../src/format/cosigning-key.ts'
import type { ErasureCertificate } from '../src/format/erasure.ts'
import { leafHash } from '../src/format/hash.ts'
import { openNote } from '../src/format/note.ts'
import { parseTlogProof } from '../src/format/tlog-proof.ts'
import { checkInclusion } from '../src/format/tree.ts'
import { utf8 } from '../src/format/verifier-key.ts'
import { eraseRows } from '../src/host/erase.ts'
import { trustedKeys } from '../src/ledger/keys/known-ledgers.ts'
import { openWitnessing } from '../src/ledger/open.ts'
import type { WitnessingLedger } from '../src/ledger/store.ts'
import { type Party, party, token } from './support/authority.ts'
import { runInProcess } from './support/in-process.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROOT = join(import.meta.dirname, '..')
const PIPELINE = `
name: letters
defaults: { on_error: problems, on_invalid: problems }
sources:
  people:
    plugin: csv
    options: { path: people.csv }
    schema: { mode: fixed, fields: { id: integer, name: string, town: string, age: number } }
    to: check
  towns:
    plugin: csv
    options: { path: towns.csv }
    schema: { mode: fixed, fields: { town: string, mayor: string } }
    to: homes.right
nodes:
  check: { transform: keyword_filter, options: { fields: [name], patterns: ['bad'] }, to: both }
  both: { fork: { a: loud, b: quiet } }
  loud: { transform: compute, options: { set: { said: 'row.name + "-loud"' } }, to: again }
  quiet: { transform: compute, options: { set: { said: 'row.name + "-quiet"' } }, to: again }
  again: { coalesce: [a, b], to: homes.left }
  homes:
    join: { left: town, right: town }
    merge: nested
    routes: { matched: flat, left: problems, right: discard }
  flat: { transform: compute, options: { set: { who: row.left.name, lord: row.right.mayor, age: row.left.age } }, to: ages }
  ages: { aggregate: batch_stats, trigger: { count: 2 }, options: { value: age, group_by: who }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/all.jsonl, if_exists: number } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: number }, on_error: discard }
`
const PEOPLE = `id,name,town,age
1,anna-canary,north,30
2,bad-berta-canary,north,40
3,carl-canary,south,fifty-canary
4,dora-canary,south,60
5,emil-canary,north,70
`
const TOWNS = 'town,mayor\nnorth,nils-canary\nsouth,susi-canary\n'

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'people.csv': PEOPLE, 'towns.csv': TOWNS })
})
afterEach(() => work.close())

const custody = (...argv: string[]) => work.custody(...argv)
const run = (...argv: string[]) => work.run(...argv)
const mustHold = async () => expect((await custody('verify', '--decisions')).stdout).toMatch(/holds\.\n$/)

/** Texts that stand anywhere in the ledger's files. */
function found(...texts: readonly string[]): readonly string[] {
  const files = readdirSync(work.folder).filter(
    name => name.startsWith('custody.db') && statSync(join(work.folder, name)).isFile(),
  )
  const bytes = files.map(name => readFileSync(join(work.folder, name), 'latin1')).join('\n')
  return texts.filter(text => bytes.includes(text))
}

/** Has the head that is there cosigned. */
const cosigned = (witness: Cosigner, at_s: number) =>
  keptOfHead((ledger, note, head) => {
    const lines = witness.cosign(note.slice(0, note.lastIndexOf('\n\n') + 1), head, at_s)
    return ledger.keepWitnessed({ size: head.size, note: `${note}${lines.map(each => `— ${each}\n`).join('')}` })
  })

/** Has it dated. */
const dated = (authority: Party, time: string) =>
  keptOfHead((ledger, note, { size }) =>
    ledger.keepTimestamp({ size, note, stamp: token(authority, utf8(note), { time }) }),
  )

async function keptOfHead(
  keep: (ledger: WitnessingLedger, note: string, head: Checkpoint) => Promise<unknown>,
): Promise<void> {
  const ledger = await openWitnessing(`sqlite:${join(work.folder, 'custody.db')}`)
  const note = (await ledger.reader.head(0)) ?? ''
  await keep(ledger, note, checkpointIn(note))
  await ledger.close()
}

const pemOf = (bytes: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----\n`

/** Checks each proof with nothing but the user's key, and gives the erasures. */
function provenBy(path: string): readonly { readonly values: unknown; readonly run: string }[] {
  const certificate = JSON.parse(readFileSync(path, 'utf8')) as ErasureCertificate
  const keys = trustedKeys(null, work.env)
  const entries = certificate.log.map(({ body, proof }) => {
    const parsed = parseTlogProof(proof)
    const opened = openNote(parsed?.checkpoint ?? '', keys)
    if (parsed === null || !opened.ok) throw new Error('no proof')
    const { origin, size, root } = parseCheckpoint(opened.text)
    expect(origin).toBe(`custody/${certificate.ledger}/0`)
    expect(checkInclusion(leafHash(body), parsed.index, size, parsed.path, root)).toBe(true)
    return JSON.parse(body)
  })
  expect(entries[0].k).toBe('birth')
  return entries.filter(({ k }) => k === 'erase')
}

test('all that is on record of a row goes, byte by byte, and others stay', async () => {
  const id = await run()
  expect(found('anna-canary', 'anna-canary-loud', 'nils-canary')).toHaveLength(3)
  const { json, exit } = await custody('erase', 'latest', '--row', '1', '--derived', '--json')
  expect(exit).toBe(0)
  expect(json.erased).toEqual([{ run: id, row: 1, values: expect.any(Number) }])
  expect(json.derived).toEqual([{ run: id, batch: 1, erased: true }])
  expect(found('anna-canary')).toEqual([])
  expect(found('dora-canary', 'nils-canary', 'emil-canary')).toHaveLength(3)
  expect(provenBy(json.certificate)).toMatchObject([{ run: id }])
  const checked = await custody('check', json.certificate)
  expect(checked.stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /^holds, by keys .* that all values of .* were erased; the time/,
  )
  await mustHold()
  const { stdout } = await custody('explain', 'latest', '--row', '1')
  expect(stdout).toContain('its data is erased')
  expect((await custody('explain', 'latest', '--row', '4')).stdout).toContain('dora-canary')
  expect(json.elsewhere).toEqual(
    expect.arrayContaining([
      { run: id, kind: 'source', node: 'people', path: join(work.folder, 'people.csv') },
      { run: id, kind: 'sink', node: 'out', path: join(work.folder, 'out/all.jsonl') },
    ]),
  )
  expect(readFileSync(join(work.folder, 'people.csv'), 'utf8')).toBe(PEOPLE)
})

test('raw texts, errors and what lost a merge go with their row', async () => {
  await run()
  const rows = ['2', '3', '5'].flatMap(row => ['--row', row])
  expect(found('berta-canary', 'fifty-canary', 'emil-canary-loud')).toHaveLength(3)
  const { json } = await custody('erase', 'latest', ...rows, '--derived', '--json')
  expect(json.erased).toHaveLength(3)
  expect(found('berta-canary', 'carl-canary', 'fifty-canary', 'emil-canary')).toEqual([])
  await mustHold()
})

test('what a join and a batch made of it stays until it is wanted, and is listed', { tags: ['proof'] }, async () => {
  const id = await run()
  // The mayor of the north: a right row.
  const kept = await custody('erase', 'latest', '--where', 'row.mayor == "nils-canary"', '--json')
  expect(kept.json.erased).toMatchObject([{ run: id, row: 6 }])
  const derived = [
    { run: id, row: 1, erased: false },
    { run: id, row: 5, erased: false },
    { run: id, batch: 1, erased: false },
    { run: id, batch: 2, erased: false },
  ]
  expect(kept.json.derived).toEqual(derived)
  expect(found('nils-canary')).toHaveLength(1)
  const people = await custody('erase', 'latest', '--row', '6', '--derived', '--json')
  expect(people.json.erased).toEqual([{ run: id, row: 6, values: 0 }])
  expect(people.json.derived.every((each: { erased: boolean }) => each.erased)).toBe(true)
  expect(found('nils-canary')).toEqual([])
  // Those of rows 1 and 5 that weren't made of it.
  expect(found('anna-canary', 'emil-canary-quiet', 'susi-canary')).toHaveLength(3)
  await mustHold()
  const { json } = await custody('explain', 'latest', '--row', '1', '--json')
  expect(JSON.stringify(json.tokens)).toContain('anna-canary')
})

test('it follows re-runs and replays to both sides', { tags: ['proof'] }, async () => {
  const first = await run()
  const rerun = await custody('rerun', first, '--where', 'row.id == 4', '--include-written', '--json')
  const replay = await custody('replay', 'p.yaml', '--from', first, '--json')
  const runs = [first, rerun.json.run, replay.json.run]
  const { json } = await custody('erase', rerun.json.run, '--row', '1', '--derived', '--json')
  expect(json.erased.map((each: { run: string }) => each.run).sort()).toEqual(runs.sort())
  expect(found('dora-canary')).toEqual([])
  expect(provenBy(json.certificate)).toHaveLength(3)
  expect(found('anna-canary')).toHaveLength(1)
  await mustHold()
})

test('a replay without outputs wrote nothing that could still have it', async () => {
  const first = await run()
  const replay = await custody('replay', 'p.yaml', '--from', first, '--no-outputs', '--json')
  const { json } = await custody('erase', first, '--row', '1', '--json')
  const sinks = json.elsewhere.filter((each: { kind: string }) => each.kind === 'sink')
  expect(json.erased.map((each: { run: string }) => each.run)).toContain(replay.json.run)
  expect(new Set(sinks.map((each: { run: string }) => each.run))).toEqual(new Set([first]))
})

test('a record that a replay found changed is another one', { tags: ['proof'] }, async () => {
  const first = await run()
  writeFileSync(join(work.folder, 'people.csv'), PEOPLE.replace('dora-canary', 'dino-canary'))
  const replay = await custody('replay', 'p.yaml', '--from', first, '--json')
  const { json } = await custody('erase', first, '--row', '4', '--derived', '--json')
  expect(json.erased).toHaveLength(1)
  expect(found('dora-canary', 'dino-canary')).toEqual(['dino-canary'])
  // Of what is erased already nobody can say whether it was the same.
  const again = await custody('erase', first, '--row', '4', '--json')
  expect(again.json.derived).toContainEqual({ run: replay.json.run, row: 4, erased: false })
})

/** Gives each member of a batch the names of all. */
const PEERS = `
import { z } from 'zod'
import { defineAggregate, derive } from '${join(ROOT, 'src/sdk/index.ts')}'
export default defineAggregate({
  name: 'peers', summary: 'Names all', options: z.strictObject({}), determinism: 'deterministic', outputs: ['passthrough'],
  errors: {}, examples: [{ title: 'x', options: {} }],
  create: () => ({
    process: rows => ({ kind: 'members', rows: rows.map(row => derive(row, { peers: rows.map(each => each.name) })) }),
  }),
})
`

test('what an aggregate gave to the other members of a batch is derived, and what they were before isn’t', {
  tags: ['proof'],
}, async () => {
  writeFileSync(join(work.folder, 'peers.ts'), PEERS)
  const nodes = `  check: { aggregate: peers, trigger: { count: 2 }, to: after }
  after: { transform: compute, options: { set: { of: 'row.peers[0]' } }, to: out }
`
  const head = PIPELINE.slice(0, PIPELINE.indexOf('  towns:')).replace('sources:', 'plugins: [./peers.ts]\nsources:')
  writeFileSync(join(work.folder, 'p.yaml'), `${head}nodes:\n${nodes}${PIPELINE.slice(PIPELINE.indexOf('sinks:'))}`)
  const id = await run()
  const kept = await custody('erase', 'latest', '--row', '1', '--json')
  expect(kept.json.derived).toEqual([{ run: id, row: 2, erased: false }])
  expect(found('anna-canary')).toHaveLength(1)
  await mustHold()
  await custody('erase', 'latest', '--row', '1', '--derived', '--json')
  expect(found('anna-canary')).toEqual([])
  await mustHold()
  const { json } = await custody('explain', 'latest', '--row', '2', '--json')
  const at = (node: string) => json.tokens[0].visits.find((each: { node: string }) => each.node === node)
  expect(at('check').data).toMatchObject({ name: 'bad-berta-canary' })
  expect(at('after')).toMatchObject({ erased: true })
  expect(at('after')).not.toHaveProperty('data')
})

test('names of files that rows gave are the run’s, and go with what is derived', { tags: ['proof'] }, async () => {
  const named = PIPELINE.replace('path: out/all.jsonl', "path: 'out/{{ row.who }}.jsonl'").replace(
    'group_by: who',
    'group_by: [who]',
  )
  writeFileSync(
    join(work.folder, 'p.yaml'),
    named.replace('  ages: ', '  # ages: ').replace('}, to: ages', '}, to: out'),
  )
  const id = await run()
  const { json } = await custody('erase', 'latest', '--row', '1', '--json')
  expect(json.derived).toEqual([{ run: id, erased: false }])
  expect(found('out/anna-canary.jsonl')).toHaveLength(1)
  await custody('erase', 'latest', '--row', '1', '--derived')
  expect(found('anna-canary')).toEqual([])
  await mustHold()
  const files = (await custody('verify', 'latest', '--files', '--json')).json.runs[0].checks.at(-1)
  expect(files).toMatchObject({ name: 'files', ok: true, not_checked: [expect.stringContaining('sink out')] })
  await run()
  await custody('purge', '--older-than', '0s')
  expect(found('-canary')).toEqual([])
  await mustHold()
})

test('somebody who reads is in the way: pending, no certificate; and then it is brought to its end', async () => {
  await run()
  const reader = new DatabaseSync(join(work.folder, 'custody.db'), { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM entries').get()
  const ports = { env: work.env, onForgetful: () => undefined, wait_ms: 50, atPoint: () => undefined }
  const request = {
    ...{ url: `sqlite:${join(work.folder, 'custody.db')}`, run: 'latest', derived: true, confirm: null },
    chosen: { kind: 'rows', rows: [1] } as const,
  }
  const result = await eraseRows(request, ports)
  expect(result).toMatchObject({ outcome: { certified: null, pending: expect.stringContaining('reads the ledger') } })
  expect(found('anna-canary')).toHaveLength(1)
  await mustHold()
  reader.close()
  const { json, exit } = await custody('erase', 'latest', '--json')
  expect(exit).toBe(0)
  expect(provenBy(json.certificate)).toHaveLength(1)
  expect(found('anna-canary')).toEqual([])
})

test('who sits at a terminal is asked before what was derived goes', async () => {
  await run()
  const asked: string[] = []
  const erase = (answer: boolean, ...more: string[]) =>
    runInProcess(['erase', 'latest', '--row', '1', '--derived', ...more], work.folder, work.env, async question => {
      asked.push(question)
      return answer
    })
  const refused = await erase(false)
  expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining('1 batch') })
  expect(refused.stderr).toContain('Nothing was erased')
  expect(found('anna-canary')).toHaveLength(1)
  const as_json = await erase(false, '--json')
  expect([as_json.exit, JSON.parse(as_json.stdout)]).toEqual([
    1,
    { erased: [], derived: [], elsewhere: [], certificate: null },
  ])
  expect((await erase(false, '--yes')).exit).toBe(0)
  expect(asked).toHaveLength(2)
  expect(found('anna-canary')).toEqual([])
  // Nothing more would go.
  expect((await erase(true)).exit).toBe(0)
})

test('runs that aren’t finished are refused, and those that such a run repeats', async () => {
  const guarded = PIPELINE.replace('name: letters', 'name: letters\nguards: { min_rows: 99 }')
  writeFileSync(join(work.folder, 'p.yaml'), guarded)
  const { json } = await custody('run', 'p.yaml', '--json')
  const refused = await custody('erase', 'latest', '--row', '1', '--json')
  expect(refused).toMatchObject({ exit: 2, json: { error: { code: 'CUSTODY_ERASE_OPEN' } } })
  expect(found('anna-canary')).toHaveLength(1)
  expect((await custody('purge', '--older-than', '0s', '--json')).json.purged).toEqual([])
  await custody('abandon', json.run)
  expect((await custody('erase', 'latest', '--row', '1')).exit).toBe(0)
})

test('a certificate takes the place of no other file, and nothing is erased that it couldn’t be written for', {
  tags: ['proof'],
}, async () => {
  await run()
  for (const command of [
    ['erase', 'latest', '--row', '1'],
    ['purge', '--older-than', '0s'],
  ]) {
    for (const [out, code] of [
      // A ledger is written over by nothing, whatever else is said.
      ['custody.db', 'CUSTODY_ARGUMENT'],
      ['people.csv', 'CUSTODY_TARGET_EXISTS'],
      ['out', 'CUSTODY_TARGET_EXISTS'],
    ] as const) {
      const { json, exit } = await custody(...command, '--out', out, '--json')
      expect([json.error.code, exit]).toEqual([code, 2])
    }
    const within_file = await custody(...command, '--out', 'people.csv/certificate.json', '--json')
    expect(within_file.json.error).toMatchObject({
      code: 'CUSTODY_OUTPUT',
      message: expect.stringMatching(/; nothing was erased$/),
    })
  }
  expect(found('anna-canary')).toHaveLength(1)
  await mustHold()
  const erase = ['erase', 'latest', '--row', '1', '--out', 'new/certificate.json', '--json']
  expect((await custody(...erase)).exit).toBe(0)
  expect((await custody(...erase)).exit).toBe(0)
  expect(provenBy(join(work.folder, 'new/certificate.json'))).toHaveLength(1)
})

test('what can’t be meant is refused, and nothing is written', async () => {
  await run()
  const { json } = await custody('erase', 'latest', '--row', '99', '--json')
  expect(json.error.code).toBe('CUSTODY_ROW_UNKNOWN')
  expect((await custody('erase', 'latest')).stderr).toContain('which rows are to be erased must be said')
  expect((await custody('erase', 'latest', '--derived')).exit).toBe(2)
  expect((await custody('erase', 'latest', '--row', '1', '--where', 'row.id == 1')).exit).toBe(2)
  expect((await custody('erase', 'latest', '--where', 'row.id == 99', '--json')).json.certificate).toBeNull()
  const misspelt = await custody('erase', 'latest', '--where', 'row.nme == "anna-canary"')
  expect(misspelt.stderr).toContain('the expression is an error for each row')
  expect(misspelt.stderr).toContain('1 record was rejected and has no fields')
  expect((await custody('purge', '--older-than', 'soon')).exit).toBe(2)
  expect(found('anna-canary', 'dora-canary')).toHaveLength(2)
  const db = new DatabaseSync(join(work.folder, 'custody.db'), { readOnly: true })
  expect(db.prepare('SELECT count(*) AS n FROM entries WHERE body LIKE \'%"erase"%\'').get()).toEqual({ n: 0 })
  db.close()
})

test('old runs are purged as a whole; how they were made stays', async () => {
  await run()
  const young = await custody('purge', '--older-than', '1h', '--json')
  expect(young.json).toEqual({ purged: [], kept: [], certificate: null })
  const { json, exit } = await custody('purge', '--older-than', '0s', '--json')
  expect(exit).toBe(0)
  expect(json.purged).toMatchObject([{ rows: 7 }])
  expect(provenBy(json.certificate)).toHaveLength(1)
  expect(found('-canary')).toEqual([])
  await mustHold()
  expect((await custody('show', 'latest')).exit).toBe(0)
  expect((await custody('explain', 'latest', '--row', '1')).stdout).toContain('keyword_filter')
  expect((await custody('purge', '--older-than', '0s')).stderr).toContain('has values left')
})

test('what a pipeline says of retention is followed', { tags: ['proof'] }, async () => {
  await run()
  writeFileSync(join(work.folder, 'p.yaml'), PIPELINE.replace('name: letters', 'name: letters\nretention: 1ms'))
  const short = await run()
  writeFileSync(join(work.folder, 'p.yaml'), PIPELINE.replace('name: letters', 'name: letters\nretention: 90d'))
  await run()
  const { json } = await custody('purge', '--json')
  expect(json.purged.map((each: { run: string }) => each.run)).toEqual([short])
  expect((await custody('purge', '--json')).json.purged).toEqual([])
  expect((await custody('purge', '--older-than', '0s', '--json')).json.purged).toHaveLength(2)
  expect(found('-canary')).toEqual([])
  await mustHold()
})

test('how old a run is, those say whom the user believes, and else its seal', { tags: ['proof'] }, async () => {
  await run()
  const witness = makeCosigner('w.example', { ed25519: new Uint8Array(32).fill(1), 'ml-dsa-44': new Uint8Array(32) })
  const tsa = party('TSA')
  const config = join(work.env.XDG_CONFIG_HOME, 'custody')
  const [now_s, day_s] = [Math.floor(Date.now() / 1000), 86_400]
  await cosigned(witness, now_s - 100 * day_s)
  const purged = async (older: string) =>
    (await custody('purge', '--older-than', older, '--json')).json.purged.map((each: { run: string }) => each.run)
  expect(await purged('90d')).toEqual([])
  writeFileSync(join(config, 'witnesses'), `witness W ${witness.keys[0]?.text}\nquorum W\n`)
  const old = await purged('90d')
  expect(old).toHaveLength(1)
  // Of the first head with its seal one is said to be of an hour from now, whatever is said of later ones.
  const young = await run()
  await cosigned(witness, now_s + 3_600)
  const later = await run()
  await cosigned(witness, now_s - 3_600)
  expect(await purged('1m')).toEqual([later])
  // An authority dates a run that no witness has seen.
  await run()
  await dated(tsa, '20200101000000Z')
  expect(await purged('1m')).toEqual([])
  writeFileSync(join(config, 'authorities.pem'), pemOf(tsa.certificate))
  const by_authority = await purged('365d')
  expect(by_authority).toHaveLength(1)
  expect(by_authority).not.toContain(young)
  await mustHold()
})
