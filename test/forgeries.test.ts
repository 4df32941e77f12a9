/** Who notices what the holder of the key makes up: each line of the table in docs/evidence.md is carried out here, and everybody asked. */
// @module-tag proof
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FORGERIES, type ForgeryName, type Observer } from '../scripts/docs/forgeries.ts'
import { addCheckpointText } from '../src/format/add-checkpoint.ts'
import { makeCosigner } from '../src/format/cosigning-key.ts'
import { commitment } from '../src/format/hash.ts'
import { encodeSigningKeys } from '../src/format/signing-key.ts'
import { parseVerifierKey, type VerifierKey } from '../src/format/verifier-key.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { checkProof } from '../src/read/check/check-proof.ts'
import { checkRecord } from '../src/read/check/check-record.ts'
import { verifyFiles } from '../src/read/verify/files.ts'
import { keptIn } from '../src/read/verify/since.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { addCheckpoint, type HeadStore, type LastHead } from '../src/witness/answer.ts'
import { type Body, Forger } from './support/forger.ts'
import { runInProcess } from './support/in-process.ts'
import { consistencyOf, headOf, madeProof, madeRecord } from './support/made-evidence.ts'

const PLAN = `name: loans
defaults: { on_error: problems, on_invalid: problems }
sources:
  applications:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, name: string, amount: integer } }
    to: size
nodes:
  size: { gate: row.amount > 1000, routes: { true: refused, false: total } }
  total: { aggregate: batch_stats, trigger: { count: 3 }, options: { value: amount }, to: totals }
sinks:
  refused: { plugin: jsonl, options: { path: refused.jsonl, if_exists: replace } }
  totals: { plugin: jsonl, options: { path: totals.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`
const AMOUNTS = [5000, 200, 300, 400, 9000, 250, 100]
const INPUT = `id,name,amount\n${AMOUNTS.map((amount, i) => `${i + 1},n${i},${amount}\n`).join('')}`
/** Rows: one that is refused, the first and the last that go into a batch. */
const [REFUSED, SMALL, LAST_MEMBER] = [1, 2, 4]

async function runs(url: string, count: number, input = INPUT, rotates = false): Promise<void> {
  const folder = dirname(url.slice('sqlite:'.length))
  writeFileSync(join(folder, 'pipeline.yaml'), PLAN)
  writeFileSync(join(folder, 'in.csv'), input)
  // The key of `testPorts`, which the forger has.
  const CUSTODY_KEY = encodeSigningKeys('test', new Uint8Array(32).fill(9))
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), CUSTODY_KEY }
  for (let i = 0; i < count; i++) {
    const { exit, stderr } = await runInProcess(['run', 'pipeline.yaml', '--ledger', url], folder, env)
    expect(exit, stderr).toBe(0)
  }
  if (!rotates) return
  const key = join(folder, 'key')
  writeFileSync(key, CUSTODY_KEY, { mode: 0o600 })
  const rotated = await runInProcess(['key', 'rotate', '--revoke', '--ledger', url], folder, {
    ...env,
    CUSTODY_KEY: key,
  })
  expect(rotated.exit, rotated.stderr).toBe(0)
}

/** With three runs. What is made up is of the first, the others are other runs. */
let honest: Forger
/** With one, whose output files nobody has replaced. */
let single: Forger
/** With one run and, after that, another key in the place of the first, which was revoked. */
let revoked: Forger
const made: Forger[] = []
beforeAll(async () => {
  honest = await Forger.of(url => runs(url, 3))
  revoked = await Forger.of(url => runs(url, 1, INPUT, true))
  single = await Forger.of(url => runs(url, 1))
})
afterAll(() => {
  for (const each of [...made, revoked, single, honest]) each.close()
})

async function madeUp(
  name: ForgeryName,
): Promise<{ readonly from: Forger; readonly forged: Forger; readonly row: number }> {
  const forge = FORGE[name]
  const from = name === 'output' ? single : name.startsWith('revoked') ? revoked : honest
  const forged = 'begin' in forge ? await Forger.of(forge.begin) : from.copy()
  made.push(forged)
  if ('change' in forge)
    forged.change(() => {
      forge.change(forged)
      forged.rebuild(forged.signer)
    })
  return { from, forged, row: 'row' in forge ? forge.row : REFUSED }
}

async function observed(name: ForgeryName): Promise<readonly Observer[]> {
  const { from, forged, row } = await madeUp(name)
  const { reader, keys } = forged
  async function* record() {
    yield madeRecord(forged, 1)
  }
  const before = FORGERIES[name].when === 'before'
  const since = before ? null : keptIn(headOf(from))
  const decided = await verifyLedger(reader, { keys, decisions: true })
  const [run] = decided.runs
  const files = await verifyFiles(reader, [run?.run ?? ''])
  const noticed: { readonly [observer in Observer]: boolean } = {
    verify: !(await verifyLedger(reader, { keys })).ok,
    decisions: !decided.ok || files.get(run?.run ?? '')?.ok === false,
    proof: !(await checkProof(madeProof(forged, 1, row), { trusted: keys })).ok,
    record: !(await checkRecord(record(), { trusted: keys })).ok,
    head: !(await verifyLedger(reader, { keys, since })).ledger.checks.every(each => each.name !== 'since' || each.ok),
    witness: !witnessed(forged, before ? null : from),
  }
  return (Object.keys(noticed) as Observer[]).filter(each => noticed[each])
}

/** Whether a witness that knows the key in force cosigns the ledger's head, if it has cosigned that of `first` before. */
function witnessed(ledger: Forger, first: Forger | null): boolean {
  const heads = new Map<string, LastHead>()
  const store: HeadStore = {
    read: origin => heads.get(origin) ?? null,
    change(origin, decide) {
      const { store: kept, result } = decide(heads.get(origin) ?? null)
      if (kept !== null) heads.set(origin, kept)
      return result
    },
  }
  const cosigner = makeCosigner('witness.example/w', { ed25519: new Uint8Array(32).fill(3) })
  const key = inForce(first ?? ledger)
  const logs = [
    { origin: null, key },
    ...[ledger, first ?? ledger].map(of => ({ origin: `custody/${of.body(0, 0).ledger}/0`, key })),
  ]
  const ask = (of: Forger) => {
    const note = headOf(of)
    const old_size = store.read(note.split('\n')[0] ?? '')?.size ?? 0
    return addCheckpoint(addCheckpointText({ old_size, proof: consistencyOf(of, old_size), note }), {
      ...{ cosigner, logs, store, now_s: () => 1_800_000_000 },
    }).status
  }
  if (first !== null) expect(ask(first)).toBe(200)
  return ask(ledger) === 200
}

/** The Ed25519 key that came last. */
function inForce(ledger: Forger): VerifierKey {
  const [added] = ledger.all(
    `SELECT body FROM entries WHERE log = 0 AND json_extract(body, '$.change') = 'add' ORDER BY seq DESC`,
  )
  const { keys } = added === undefined ? { keys: [] } : (JSON.parse(`${added.body}`) as { readonly keys: string[] })
  return keys.map(parseVerifierKey).find(each => each.type === 'ed25519') ?? ledger.keys[0]!
}

// What is made up.

/** seq of the entry in which the story of a row of log 1 ends. */
const entryOf = (forger: Forger, row: number) =>
  Number(forger.all('SELECT max(seq) AS seq FROM entries WHERE log = 1 AND row = ?', row)[0]?.seq)
const entryOfKind = (forger: Forger, kind: string, log = 1) =>
  Number(
    forger.all(`SELECT max(seq) AS seq FROM entries WHERE log = ? AND json_extract(body, '$.k') = ?`, log, kind)[0]
      ?.seq,
  )

/** Another value in the place of one, with its commitment. */
function putValue(forger: Forger, seq: number, number: number, change: (value: Json) => Json): void {
  const [{ salts, body: payload } = {}] = forger.all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?', seq)
  const body = forger.body(1, seq)
  const at = number - Number(body.w)
  const values = JSON.parse(`${payload}`) as Json[][]
  const value = change(values[at]?.[0] ?? null)
  const salt = (salts as Uint8Array).subarray(16 * at, 16 * at + 16)
  forger.run('UPDATE payloads SET body = ? WHERE log = 1 AND seq = ?', canonicalize(values.with(at, [value])), seq)
  forger.put(1, seq, { ...body, c: (body.c as string[]).with(at, commitment(salt, canonicalize(value))) })
}

const withField = (field: string, to: Json) => (value: Json) => ({ ...(value as Body), [field]: to })

/** The row's only entry with lists changed. */
function putLists(forger: Forger, row: number, key: string, change: (list: number[]) => Json): void {
  const seq = entryOf(forger, row)
  const body = forger.body(1, seq)
  forger.put(1, seq, { ...body, [key]: (body[key] as number[][]).map(change) })
}

/** Takes entries out of a log, and lets those behind them move up. */
function takeOut(forger: Forger, log: number, seq: number): void {
  for (const table of ['entries', 'payloads', 'endings'])
    forger.db.exec(`DELETE FROM ${table} WHERE log = ${log} AND seq = ${seq}`)
  shift(forger, log, seq, -1)
}

function shift(forger: Forger, log: number, behind: number, by: 1 | -1): void {
  // In two steps: seq is unique.
  for (const table of ['entries', 'payloads', 'endings'])
    for (const step of [
      `seq = -(seq + ${by}) WHERE log = ${log} AND seq > ${behind}`,
      `seq = -seq WHERE log = ${log} AND seq < 0`,
    ])
      forger.db.exec(`UPDATE ${table} SET ${step}`)
  for (const { seq } of forger.all(
    `SELECT seq FROM entries WHERE log = ? AND json_extract(body, '$.p') > ?`,
    log,
    behind,
  )) {
    const body = forger.body(log, Number(seq))
    forger.put(log, Number(seq), { ...body, p: Number(body.p) + by })
  }
}

function dropRun(forger: Forger, log: number): void {
  for (const table of ['logs', 'entries', 'payloads', 'endings', 'open_tokens', 'tiles', 'heads', 'leases'])
    forger.db.exec(`DELETE FROM ${table} WHERE log = ${log}`)
  for (;;) {
    const [said] = forger.all(
      `SELECT seq FROM entries WHERE log = 0 AND json_extract(body, '$.log') = ? ORDER BY seq`,
      log,
    )
    if (said === undefined) return
    takeOut(forger, 0, Number(said.seq))
  }
}

type Forge =
  /** A ledger of its own. */
  | { readonly begin: (url: string) => Promise<void>; readonly row?: number }
  /** Of the honest one. `row`: that of the proof. */
  | { readonly change: (forger: Forger) => void; readonly row?: number }

const FORGE: { readonly [name in ForgeryName]: Forge } = {
  value: { change: it => putValue(it, entryOf(it, REFUSED), 1, withField('amount', 500)) },
  quiet_value: { change: it => putValue(it, entryOf(it, SMALL), 1, withField('name', 'somebody else')), row: SMALL },
  rule: {
    change: it => {
      const { nodes } = it.body(1, 0).values as { readonly nodes: ReadonlyArray<{ readonly expressions?: number }> }
      const number = nodes.flatMap(each => each.expressions ?? [])[0] ?? 0
      putValue(it, 0, number, value => (value as Body[]).map(withField('source', 'row.amount > 9999')))
    },
  },
  time: {
    change: it => {
      const seq = entryOf(it, REFUSED)
      const body = it.body(1, seq)
      it.put(1, seq, { ...body, t: Number(body.t) - 1 })
      it.run('UPDATE endings SET recorded_us = recorded_us - 1 WHERE log = 1 AND seq = ?', seq)
    },
  },
  output: {
    change: it => {
      const other = 'ab'.repeat(32)
      const published = entryOfKind(it, 'publish')
      const { artifacts } = it.body(1, published) as unknown as { artifacts: { sink: number; contents: number }[] }
      const [{ sink, contents } = { sink: 0, contents: 0 }] = artifacts
      putValue(it, published, contents, value => (value as Body[]).map(withField('sha256', other)))
      const last = it.body(1, entryOfKind(it, 'commit')) as unknown as { receipts: { sink: number; hash: number }[] }
      const hash = last.receipts.find(each => each.sink === sink)?.hash ?? 0
      const [{ seq } = {}] = it.all(
        `SELECT max(seq) AS seq FROM entries WHERE log = 1 AND json_extract(body, '$.k') IS NOT NULL AND json_extract(body, '$.w') <= ?`,
        hash,
      )
      putValue(it, Number(seq), hash, () => other)
    },
  },
  ending: {
    change: it => {
      putLists(it, REFUSED, 'e', ([token = 0, , node = 0, sink = 0, group = 0]) => [token, 1, node, sink, group])
      it.run('UPDATE endings SET fate = 1 WHERE log = 1 AND row = ?', REFUSED)
    },
  },
  way: {
    change: it => putLists(it, REFUSED, 'v', visit => (visit[1] === 2 ? visit.with(6, Number(visit[6]) + 1) : visit)),
  },
  second_story: {
    change: it => {
      const seq = entryOf(it, REFUSED)
      const [payload] = it.all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?', seq)
      const body = it.all('SELECT body FROM entries WHERE log = 1 AND seq = ?', seq)[0]?.body ?? ''
      // Before the one that the seal names.
      shift(it, 1, seq - 1, 1)
      it.run('INSERT INTO entries (log, seq, row, batch, body) VALUES (1, ?, ?, NULL, ?)', seq, REFUSED, body)
      it.run(
        'INSERT INTO payloads (log, seq, salts, body) VALUES (1, ?, ?, ?)',
        seq,
        payload?.salts ?? '',
        payload?.body ?? '',
      )
    },
  },
  row_left_out: { change: it => takeOut(it, 1, entryOf(it, 5)) },
  member: {
    change: it => {
      const [found] = it.all(
        `SELECT seq FROM entries WHERE log = 1 AND batch = 1 AND json_extract(body, '$.d') IS NOT NULL`,
      )
      const seq = Number(found?.seq)
      const body = it.body(1, seq)
      it.put(1, seq, { ...body, d: (body.d as Json[][]).map(each => each.slice(0, -1)) })
    },
    row: LAST_MEMBER,
  },
  count: {
    change: it => {
      for (const kind of ['commit', 'seal']) {
        const seq = entryOfKind(it, kind)
        const body = it.body(1, seq)
        const totals = body.totals as Body
        it.put(1, seq, { ...body, totals: { ...totals, groups: Number(totals.groups) + 1 } })
      }
    },
  },
  value_gone: {
    change: it => {
      const seq = entryOf(it, REFUSED)
      const [{ salts, body } = {}] = it.all('SELECT salts, body FROM payloads WHERE log = 1 AND seq = ?', seq)
      const values = (JSON.parse(`${body}`) as Json[]).with(0, null)
      const gone = Uint8Array.from(salts as Uint8Array).fill(0, 0, 16)
      it.run('UPDATE payloads SET salts = ?, body = ? WHERE log = 1 AND seq = ?', gone, canonicalize(values), seq)
    },
  },
  run_cut_out: { change: it => dropRun(it, 2) },
  last_run_cut_off: { change: it => dropRun(it, 3) },
  // What is rebuilt is signed with the first key.
  revoked_above: { change: it => void it.resign(0, it.signer) },
  revoked_below: {
    change: it => {
      for (const { seq } of it.all(
        `SELECT seq FROM entries WHERE log = 0 AND body LIKE '%"k":"key"%' ORDER BY seq DESC`,
      ))
        takeOut(it, 0, Number(seq))
      putValue(it, entryOf(it, SMALL), 1, withField('name', 'somebody else'))
    },
    row: SMALL,
  },
  second_ledger: { begin: url => runs(url, 1) },
  input: { begin: url => runs(url, 1, INPUT.replace('7,n6,100\n', '').replace('5000', '6000')) },
}

test('nothing is noticed where nothing was made up', async () => {
  const { keys } = honest
  for (const ledger of [honest, revoked]) {
    async function* record() {
      yield madeRecord(ledger, 1)
    }
    expect((await verifyLedger(ledger.reader, { keys, since: keptIn(headOf(ledger)) })).ok).toBe(true)
    expect(await checkRecord(record(), { trusted: keys })).toMatchObject({ ok: true })
  }
  for (const row of [REFUSED, SMALL])
    expect((await checkProof(madeProof(honest, 1, row), { trusted: keys })).checks.filter(each => !each.ok)).toEqual([])
  expect(witnessed(honest, honest)).toBe(true)
})

test.each(Object.keys(FORGERIES) as ForgeryName[])('%s', async name => {
  expect([...(await observed(name))].toSorted()).toEqual([...FORGERIES[name].noticed_by].toSorted())
})
