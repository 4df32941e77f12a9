/**
 * What an intruder without the key changed is never signed over: whoever continues a log starts from what its last head signed
 * (I13), or is refused with a code that says how it differs, and then nothing has changed.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { commitment } from '../src/format/hash.ts'
import { makeSigner, type Signer } from '../src/format/signing-key.ts'
import { openLedger } from '../src/ledger/open.ts'
import { canonicalize } from '../src/model/canonical.ts'
import type { Json } from '../src/model/row.ts'
import { Forger, TABLES } from './support/forger.ts'
import { testPorts } from './support/ledger.ts'
import { goOnWithModel, RICH, runModel } from './support/simulated-ledger.ts'

/** Runs of the ledger, and their logs: sealed; stopped while tokens were under way; sealed. */
const [SEALED, STOPPED, NEWEST] = [1, 2, 3]
const intruder = makeSigner('test', new Uint8Array(32).fill(7))
let base: Forger

beforeAll(async () => {
  base = await Forger.of(async url => {
    await runModel(url, RICH, SEALED)
    await runModel(url, RICH, STOPPED, { after_us: 30_000, next: 'nothing' })
    await runModel(url, RICH, NEWEST)
  })
})
afterAll(() => base.close())

type Next = 'run' | 'resume' | 'abandon'

/** How the owner's next command ends, after an intruder was there; `ok` if it went through. */
async function after(next: Next, tamper: (forger: Forger) => void): Promise<string> {
  const forger = base.copy()
  onTestFinished(() => forger.close())
  forger.change(() => tamper(forger))
  const before = forger.contents()
  const work = next === 'run' ? runModel(forger.url, RICH, 4) : goOnWithModel(forger.url, RICH, STOPPED, next)
  const code = await work.then(
    () => 'ok',
    (error: { readonly code?: string }) => error.code ?? `${error}`,
  )
  if (code !== 'ok') expect(forger.contents(), 'nothing was signed').toBe(before)
  return code
}

const dropNewest = (forger: Forger) => {
  for (const table of TABLES) forger.db.prepare(`DELETE FROM ${table} WHERE log = ?`).run(NEWEST)
}
const dropFromLogZero = (forger: Forger) =>
  forger.run(`DELETE FROM entries WHERE log = 0 AND json_extract(body, '$.log') = ?`, NEWEST)

/** The root of what is there now, under a signature that was once good. */
const rehash = (forger: Forger, log: number) => {
  const [{ note } = {}] = forger.all('SELECT note FROM heads WHERE log = ?', log)
  forger.resign(log, forger.signer)
  const [{ note: right } = {}] = forger.all('SELECT note FROM heads WHERE log = ?', log)
  const text = `${right}`.slice(0, `${right}`.indexOf('\n\n'))
  forger.run('UPDATE heads SET note = ? WHERE log = ?', text + `${note}`.slice(`${note}`.indexOf('\n\n')), log)
}

/** A value of the run that is open, its commitment with it. */
const changeValue = (forger: Forger) => {
  const [{ seq, salts, payload } = {}] = forger.all(
    `SELECT p.seq, p.salts, p.body AS payload FROM payloads p JOIN open_tokens o ON o.log = p.log AND o.seq = p.seq
     WHERE p.log = ? AND o.row IS NOT NULL ORDER BY p.seq LIMIT 1`,
    STOPPED,
  )
  const [[value], ...rest] = JSON.parse(`${payload}`) as [[{ [field: string]: Json }], ...Json[]]
  const changed = { ...value, n: 777 }
  forger.run(
    'UPDATE payloads SET body = ? WHERE log = ? AND seq = ?',
    canonicalize([[changed], ...rest]),
    STOPPED,
    seq!,
  )
  const body = forger.body(STOPPED, Number(seq))
  const hash = commitment((salts as Uint8Array).subarray(0, 16), canonicalize(changed))
  forger.put(STOPPED, Number(seq), { ...body, c: [hash, ...(body.c as Json[]).slice(1)] })
}
const cutLast = (forger: Forger) => {
  const [{ last } = {}] = forger.all('SELECT max(seq) AS last FROM entries WHERE log = ?', STOPPED)
  for (const table of ['entries', 'payloads']) {
    forger.db.prepare(`DELETE FROM ${table} WHERE log = ? AND seq >= ?`).run(STOPPED, last!)
  }
}
test.each<Next>(['run', 'resume', 'abandon'])('%s continues with what is sound, and with nothing else', async next => {
  expect(await after(next, () => undefined)).toBe('ok')
  expect(await after(next, cutLast)).toBe('CUSTODY_LEDGER_CUT')
})

const signed = (log: number, by: Signer) => (forger: Forger) => forger.resign(log, by)

test.each<[string, string, ReadonlyArray<(forger: Forger) => void>]>([
  ['the newest run was dropped', 'CUSTODY_LEDGER_ALTERED', [dropNewest]],
  ['… and from log 0, whose head stayed', 'CUSTODY_LEDGER_CUT', [dropNewest, dropFromLogZero]],
  [
    '… whose tree was built again under the old signature',
    'CUSTODY_LEDGER_ALTERED',
    [dropNewest, dropFromLogZero, forger => rehash(forger, 0)],
  ],
  [
    '… whose tree was built again and signed by another',
    'CUSTODY_KEY_UNKNOWN',
    [dropNewest, dropFromLogZero, signed(0, intruder)],
  ],
  [
    'a time in log 0 was changed',
    'CUSTODY_LEDGER_ALTERED',
    [forger => forger.put(0, 2, { ...forger.body(0, 2), t: Number(forger.body(0, 2).t) + 1 })],
  ],
  [
    'an entry of log 0 is no JSON',
    'CUSTODY_LEDGER_ALTERED',
    [forger => forger.run(`UPDATE entries SET body = 'x' || body WHERE log = 0 AND seq = 2`)],
  ],
  [
    'a run was given the id of another',
    'CUSTODY_LEDGER_ALTERED',
    [forger => forger.run('UPDATE logs SET run = ? WHERE log = ?', '01890000-0000-7000-8000-000000000099', SEALED)],
  ],
  [
    'the beginning of a run was changed',
    'CUSTODY_LEDGER_ALTERED',
    [forger => forger.put(SEALED, 0, { ...forger.body(SEALED, 0), name: 'other' })],
  ],
  [
    'the end of a sealed run was cut',
    'CUSTODY_LEDGER_CUT',
    [forger => forger.run('DELETE FROM entries WHERE log = ? AND seq > 9', SEALED)],
  ],
  [
    'an entry of a sealed run was changed, and its tree signed by another',
    'CUSTODY_LEDGER_ALTERED',
    [forger => forger.put(SEALED, 3, { ...forger.body(SEALED, 3), t: 1 }), signed(SEALED, intruder)],
  ],
  ['the last entry of an open run was cut', 'CUSTODY_LEDGER_CUT', [cutLast]],
  ['… under the old signature', 'CUSTODY_LEDGER_ALTERED', [cutLast, forger => rehash(forger, STOPPED)]],
  ['… and signed by another', 'CUSTODY_KEY_UNKNOWN', [cutLast, signed(STOPPED, intruder)]],
  [
    'a value of an open run was changed with its commitment, under the old signature',
    'CUSTODY_LEDGER_ALTERED',
    [changeValue, forger => rehash(forger, STOPPED)],
  ],
  ['… and signed by another', 'CUSTODY_KEY_UNKNOWN', [changeValue, signed(STOPPED, intruder)]],
  [
    'the lease of an open run is gone',
    'CUSTODY_LEDGER_ALTERED',
    [forger => forger.run('DELETE FROM leases WHERE log = ?', STOPPED)],
  ],
])('%s: nobody can write to it, %s', async (_name, code, tamper) => {
  const forger = base.copy()
  onTestFinished(() => forger.close())
  forger.change(() => {
    for (const each of tamper) each(forger)
  })
  const before = forger.contents()
  const opening = openLedger(forger.url, testPorts('later'), { create: false })
  await expect(opening).rejects.toMatchObject({ code, where: { path: expect.stringContaining(`${forger.url}, log `) } })
  expect(forger.contents()).toBe(before)
})

test.each<[string, string, (forger: Forger) => void]>([
  ['an entry of an open run was changed', 'CUSTODY_LEDGER_ALTERED', changeValue],
  [
    'one is listed as another row’s, which no hash shows',
    'CUSTODY_LEDGER_ALTERED',
    forger => forger.run('UPDATE entries SET row = 4 WHERE log = ? AND row = 3', STOPPED),
  ],
  [
    'one in the middle is gone',
    'CUSTODY_LEDGER_CUT',
    forger => forger.run('DELETE FROM entries WHERE log = ? AND seq = 5', STOPPED),
  ],
])('%s: whoever continues it is refused, %s', async (_name, code, tamper) => {
  for (const next of ['resume', 'abandon'] as const) expect(await after(next, tamper), next).toBe(code)
})

/** A row that is open, with the payload of its last entry that has one. */
const openRow = (forger: Forger) =>
  forger.all(
    `SELECT p.seq, p.body, o.token FROM payloads p JOIN entries e USING (log, seq) JOIN open_tokens o USING (log, row)
     WHERE log = ? ORDER BY p.seq LIMIT 1`,
    STOPPED,
  )[0]!

test.each<[string, string, (forger: Forger) => void]>([
  [
    'a value was changed, and nothing else',
    'CUSTODY_VALUE_ALTERED',
    forger => {
      const { seq, body } = openRow(forger)
      const changed = `${body}`.replace(/"n":\d+/, '"n":777')
      forger.run('UPDATE payloads SET body = ? WHERE log = ? AND seq = ?', changed, STOPPED, seq!)
    },
  ],
  [
    'values are gone',
    'CUSTODY_VALUE_ALTERED',
    forger => forger.run('DELETE FROM payloads WHERE log = ? AND seq = ?', STOPPED, openRow(forger).seq!),
  ],
  [
    'a value is no JSON',
    'CUSTODY_VALUE_ALTERED',
    forger =>
      forger.run(`UPDATE payloads SET body = body || 'x' WHERE log = ? AND seq = ?`, STOPPED, openRow(forger).seq!),
  ],
  [
    'a salt was changed',
    'CUSTODY_VALUE_ALTERED',
    forger =>
      forger.run(
        'UPDATE payloads SET salts = zeroblob(length(salts)) WHERE log = ? AND seq = ?',
        ...[STOPPED, openRow(forger).seq!],
      ),
  ],
  [
    'the first value of the last commit was changed',
    'CUSTODY_VALUE_ALTERED',
    forger =>
      forger.run(
        `UPDATE payloads SET body = '[[9' || substr(body, 3)
         WHERE log = ? AND seq = (SELECT max(seq) FROM entries WHERE log = ? AND body LIKE '%"k":"commit"%')`,
        ...[STOPPED, STOPPED],
      ),
  ],
  [
    'what the sinks intended was changed',
    'CUSTODY_VALUE_ALTERED',
    forger =>
      forger.run(
        `UPDATE payloads SET body = replace(body, '"prior_bytes":0', '"prior_bytes":9') WHERE log = ? AND seq = 0`,
        STOPPED,
      ),
  ],
  [
    'a row of the table of open ones is gone',
    'CUSTODY_OPEN_TOKENS_ALTERED',
    forger => forger.run('DELETE FROM open_tokens WHERE log = ? AND token = ?', STOPPED, openRow(forger).token!),
  ],
  [
    'one was added',
    'CUSTODY_OPEN_TOKENS_ALTERED',
    forger => forger.run('INSERT INTO open_tokens VALUES (?, 99999, 1, NULL, 2, 3)', STOPPED),
  ],
  [
    'one stands elsewhere',
    'CUSTODY_OPEN_TOKENS_ALTERED',
    forger =>
      forger.run('UPDATE open_tokens SET node = node + 1 WHERE log = ? AND token = ?', STOPPED, openRow(forger).token!),
  ],
  [
    'one is of another row',
    'CUSTODY_OPEN_TOKENS_ALTERED',
    forger =>
      forger.run('UPDATE open_tokens SET row = row + 1 WHERE log = ? AND token = ?', STOPPED, openRow(forger).token!),
  ],
])('%s: whoever continues it is refused before an output is touched, %s', async (_name, code, tamper) => {
  for (const next of ['resume', 'abandon'] as const) expect(await after(next, tamper), next).toBe(code)
})
