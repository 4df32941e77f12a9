/** Proofs of rows: who is believed, what is left out, what a forger with the key can't make true, and every bit of one. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leafHash } from '../src/format/hash.ts'
import { proofText, type RowProof, type ShownValue } from '../src/format/proof.ts'
import { makeSigner } from '../src/format/signing-key.ts'
import { Frontier } from '../src/format/tree.ts'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { openLedger } from '../src/ledger/open.ts'
import { fateNumber } from '../src/model/outcome.ts'
import type { Json } from '../src/model/row.ts'
import { checkProof } from '../src/read/check/check-proof.ts'
import { storyJson } from '../src/read/explain/json.ts'
import type { Story } from '../src/read/explain/story.ts'
import { proveRow } from '../src/read/prove/prove.ts'
import { repeatedFields } from '../src/read/prove/repeats.ts'
import type { ProveOptions } from '../src/read/prove/selection.ts'
import { storyWords } from '../src/read/words/story.ts'
import { WHOLE } from '../src/read/words/wording.ts'
import { erase } from './support/erasing.ts'
import { type Body, Forger } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { testPorts } from './support/ledger.ts'
import { checkedBy, claimsBeyond } from './support/proof-edits.ts'
import { provenRun } from './support/proven-run.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'
import { ROOT, SourceFile } from './support/source-file.ts'

const RUN = { log: 1, run: simulatedRun(1) }
const ALL: ProveOptions = { withhold: [], only_exact: false, include_shared: false }

let forger: Forger
beforeAll(async () => {
  forger = await Forger.of(url => runModel(url, RICH, 1))
})
afterAll(() => forger.close())

/** Nothing of it is checked. */
async function prove(row: number, options: Partial<ProveOptions> = {}, from = forger) {
  return proveRow(from.reader, await provenRun(from.reader, RUN), row, { ...ALL, ...options })
}
const check = (proof: RowProof, keys = forger.keys) => checkProof(proofText(proof), { trusted: keys })
const wrong = (checked: Awaited<ReturnType<typeof check>>) =>
  checked.checks.flatMap(({ name, problems }) => problems.map(each => `${name}: ${each}`))
/** The first value of the row's first entry is another. */
const withValue = ([row, ...others]: RowProof['subjects'], value: ShownValue): RowProof['subjects'] => {
  const [entry, ...entries] = row?.entries ?? []
  if (row === undefined || entry === undefined) throw new Error('it has no entries')
  return [{ ...row, entries: [{ ...entry, values: [value, ...(entry.values ?? []).slice(1)] }, ...entries] }, ...others]
}
/** Rows that have what is asked for. */
const rowsWith = (sql: string) => forger.all(sql).map(each => Number(each.row))

describe('who is believed', () => {
  test('without a key that is trusted nothing is proven, and what holds is still said', async () => {
    const { proof } = await prove(1)
    const checked = await check(proof, [])
    expect(checked).toMatchObject({ ok: false, trust: 'none', proven: [], run: RUN.run, row: 1 })
    expect(wrong(checked)).toEqual([expect.stringContaining(`trust: it is signed by ${forger.keys[0]?.name}+`)])
    expect(checked.signed_by).toEqual([`${forger.keys[0]?.name}+${forger.keys[0]?.hash}`])
    expect(checked.not_proven[0]).toMatch(/^any of it: /)
    expect(checked.story).not.toBe(null)
  })

  test('after a change of keys both the first and the next are, and neither without the entries that say so', async () => {
    const copy = forger.copy()
    const other = makeSigner('other', new Uint8Array(32).fill(7))
    const ledger = await openLedger(copy.url, testPorts('keys'), { create: false, changes_keys: true })
    await ledger.changeKeys('add', [other.verifier_key], [copy.signer, other])
    await ledger.changeKeys('retire', [copy.signer.verifier_key], [other])
    await ledger.close()
    const { proof } = await prove(1, {}, copy)
    copy.close()
    const next = [parseVerifierKey(other.verifier_key)]
    for (const keys of [forger.keys, next]) {
      const checked = await check(proof, keys)
      expect([wrong(checked), checked.trust]).toEqual([[], 'key'])
      expect(new Set(checked.proven.map(({ by }) => by))).toEqual(new Set([`other+${next[0]?.hash}`]))
    }
    const stranger = parseVerifierKey(makeSigner('other', new Uint8Array(32).fill(8)).verifier_key)
    expect((await check(proof, [stranger])).ok).toBe(false)
    const changes = proof.log.filter(({ body }) => body.includes('"k":"key"'))
    expect(changes.length).toBe(2)
    for (const change of changes) {
      const checked = await check({ ...proof, log: proof.log.filter(each => each !== change) }, forger.keys)
      if (change.body.includes('"add"')) expect([checked.ok, checked.proven]).toEqual([false, []])
    }
  })
})

test('an older head is extended, where the proof has an entry beside its end; another history is none', async () => {
  const { proof } = await prove(1)
  const bodies = forger.all('SELECT body FROM entries WHERE log = 0 ORDER BY seq').map(each => `${each.body}`)
  const origin = `custody/${proof.ledger}/0`
  const since = async (size: number, root: string, of = origin) => {
    const checked = await checkProof(proofText(proof), { trusted: forger.keys, since: { origin: of, size, root } })
    return checked.checks.find(({ name }) => name === 'since')?.problems
  }
  const tree = new Frontier()
  for (const [i, body] of bodies.entries()) {
    tree.append(leafHash(body))
    expect(await since(i + 1, tree.root())).toEqual([])
    expect(await since(i + 1, leafHash('another'))).toEqual([expect.stringContaining('another history')])
  }
  expect(await since(bodies.length + 1, tree.root())).toEqual([expect.stringContaining('a later one')])
  expect(await since(1, tree.root(), 'custody/x/0')).toEqual([expect.stringContaining('custody/x/0')])
})

describe('what is left out', () => {
  test('values of batches, and what they gave to rows, unless they are asked for', async () => {
    const rows = rowsWith(
      `SELECT DISTINCT e.row AS row FROM endings e WHERE e.log = 1 AND e.row IS NOT NULL AND e.fate = ${fateNumber('CONSUMED_IN_BATCH', 'batch')}`,
    )
    expect(rows.length).toBeGreaterThan(0)
    const [row = 0] = rows
    const plain = (await prove(row)).proof
    const batches = plain.subjects.filter(({ kind }) => kind === 'batch')
    expect(batches.length).toBeGreaterThan(0)
    expect(batches.flatMap(({ entries }) => entries.flatMap(({ values = [] }) => values))).toEqual([])
    expect(batches.every(({ members = [] }) => members.some(([, of]) => of === row))).toBe(true)
    const whole = (await prove(row, { include_shared: true })).proof
    const shown = whole.subjects.flatMap(({ entries }) => entries.flatMap(({ values = [] }) => values))
    expect(shown.length).toBeGreaterThan(
      plain.subjects.flatMap(({ entries }) => entries.flatMap(({ values = [] }) => values)).length,
    )
    const [few, all] = [await check(plain), await check(whole)]
    expect([few.ok, few.withheld > 0, all.ok, all.withheld]).toEqual([true, true, true, 0])
  })

  test('of rows that an aggregate passed on, what it gave them', async () => {
    const rows = rowsWith(
      `SELECT DISTINCT row FROM endings WHERE log = 1 AND sink IS NOT NULL AND row IN (SELECT row FROM entries WHERE log = 1 AND body LIKE '%"h":%')`,
    )
    const shared = await Promise.all(rows.map(async row => (await prove(row)).row.shared))
    expect(shared.flat().length).toBeGreaterThan(0)
  })

  test('values that are withheld, and those that repeat them unless only these are', async () => {
    const { row, proof } = await prove(2, { withhold: [1] })
    expect(row.withheld).toEqual([1])
    expect(row.repeating.length).toBeGreaterThan(0)
    expect(row.repeating.every(({ fields }) => fields.length > 0)).toBe(true)
    const checked = await check(proof)
    expect([checked.ok, checked.withheld]).toEqual([
      true,
      row.withheld.length + row.repeating.length + row.shared.length,
    ])
    expect(JSON.stringify(checked.story)).toContain('"withheld"')
    const exact = await prove(2, { withhold: [1], only_exact: true })
    expect([exact.row.withheld, exact.row.repeating]).toEqual([[1], []])
    await expect(prove(2, { withhold: [99] })).rejects.toMatchObject({ code: 'CUSTODY_PROOF_VALUE' })
  })

  test.each<[string, Json, Json, readonly string[]]>([
    ['a field of the same name', { a: 5, b: 6 }, { a: 5, b: 7 }, ['a']],
    ['at any depth', { a: { x: [true] } }, { rows: [{ x: true }] }, ['x']],
    ['a text within another', { name: 'Åsa Berg' }, { prompt: 'Write to ÅSA BERG.' }, ['name']],
    ['a number under another name', { amount: 62000 }, { loan: 62000 }, ['amount']],
    ['a text as the name of a field', { key: 'north' }, { North: 1 }, ['key']],
    ['not a short one elsewhere', { amount: 62, note: '' }, { loan: 62, note: '' }, []],
    ['not what is null', { a: null }, { a: null }, []],
  ])('what repeats a value: %s', (_what, secret, shown, fields) => {
    expect(repeatedFields(secret, shown)).toEqual(fields)
  })

  test('what is shown and isn’t what was recorded is said to be so, and not to be withheld', async () => {
    const { proof } = await prove(2)
    const honest = await check(proof)
    const first = proof.subjects[0]?.entries[0]?.values?.[0] as ShownValue
    const changed = await check({ ...proof, subjects: withValue(proof.subjects, { ...first, value: { n: 7 } }) })
    expect(wrong(changed)).toEqual([expect.stringMatching(/^values: value 1 of entry \d+ doesn’t fit its commitment/)])
    expect(changed.withheld).toBe(honest.withheld)
    expect(changed.not_proven).toContain('what value 1 of row 2 was: what the proof shows isn’t what was recorded')
    expect(changed.not_proven.filter(each => !honest.not_proven.includes(each))).toHaveLength(1)
    expect(JSON.stringify(storyJson(changed.story as Story))).toContain('"altered":true')
    expect(JSON.stringify(storyWords(changed.story as Story, WHOLE))).toContain(
      'its data isn’t shown: the proof has something else than was recorded',
    )
  })

  test('what was erased is said to be so, and not to be withheld', async () => {
    const copy = forger.copy()
    const seqs = copy
      .all('SELECT seq FROM entries WHERE log = 1 AND row = 3 ORDER BY seq')
      .map(each => Number(each.seq))
    copy.change(() => erase(copy.db, copy.signer, 1, seqs))
    const { proof } = await prove(3, {}, copy)
    copy.close()
    const checked = await check(proof)
    expect(wrong(checked)).toEqual([])
    expect(checked.proven.map(({ what }) => what)).toContain('value 1 of row 3 was erased, as the ledger says')
    // Values of a proof from before, put into one that says that they are gone.
    const [before, after] = [(await prove(3)).proof.subjects, proof.subjects]
    const spliced = await check({ ...proof, subjects: [before[0], ...after.slice(1)].flatMap(each => each ?? []) })
    expect(wrong(spliced)).toContainEqual(expect.stringMatching(/^values: value 1 of entry .* was erased/))
    expect(spliced.proven.map(({ what }) => what)).not.toContain('value 1 of row 3 is what was recorded')
  })
})

test('no proof is made of a run that isn’t sealed, or of a row that isn’t there', async () => {
  const open = await Forger.of(url => runModel(url, RICH, 1, { after_us: 60_000, next: 'nothing' }))
  await expect(prove(1, {}, open)).rejects.toMatchObject({ code: 'CUSTODY_PROOF_OPEN' })
  open.close()
  await expect(prove(999)).rejects.toMatchObject({ code: 'CUSTODY_ROW_UNKNOWN' })
})

describe('who has the key can sign a story that can’t be, and it is found', () => {
  const forged = (fate: number, change: (body: Body, ending: Json[]) => void) =>
    forger.within(
      () => {
        const { seq, body, token } = forger.withFate(fate)
        const ending = (body.e as Json[][]).find(each => each[0] === token) as Json[]
        change(body, ending)
        forger.put(1, seq, body)
        forger.rebuild(forger.signer)
      },
      async () => {
        const { row } = forger.withFate(fate)
        return check((await prove(row)).proof)
      },
    )

  test.each<[string, (body: Body, ending: Json[]) => void]>([
    ['it ended where it never was', (_body, ending) => ending.splice(2, 2, 1, 1)],
    ['it ended twice', (body, ending) => (body.e as Json[][]).push([...ending])],
    ['it made no visit there', body => (body.v as Json[]).pop()],
  ])('%s', async (_what, change) => {
    const checked = await forged(fateNumber('ROUTED', 'gate'), change)
    expect(checked.ok).toBe(false)
    expect(wrong(checked).every(each => /^(story|entries): /.test(each))).toBe(true)
    expect(checked.proven.some(({ what }) => what.includes(' ended as '))).toBe(false)
  })
})

test('whichever bit of a proof is changed, nothing new is claimed', async () => {
  const text = Buffer.from(proofText((await prove(2)).proof))
  const honest = await checkProof(text.toString(), { trusted: forger.keys })
  expect(honest.ok).toBe(true)
  const step = LONG ? 1 : 211
  for (let bit = 0; bit < text.length * 8; bit += step) {
    const changed = Buffer.from(text)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    // What isn't UTF-8 isn't read at all.
    if (changed.toString().includes('\ufffd')) continue
    expect(claimsBeyond(await checkedBy(forger.keys, changed.toString()), [honest]), `bit ${bit}`).toEqual([])
  }
})

test('the checking library needs Node for nothing but hashes, signatures and bytes', () => {
  const seen = new Set<string>()
  const wanted: string[] = []
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    const file = new SourceFile(path)
    for (const { specifier, file: target, type_only } of file.imports()) {
      if (type_only) continue
      if (target !== null) visit(target)
      else wanted.push(`${path}: ${specifier}`)
    }
    if (/\bBuffer\b/.test(withoutComments(readFileSync(join(ROOT, path), 'utf8')))) wanted.push(`${path}: Buffer`)
  }
  visit(relative(ROOT, join(ROOT, 'src/read/check/check-proof.ts')))
  const allowed = new Set(['src/format', 'src/model'])
  expect(wanted.filter(each => !allowed.has(dirname(each.split(':')[0] ?? '')))).toEqual([])
  expect(seen.size).toBeGreaterThan(20)
})

const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
