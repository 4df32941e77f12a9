/** Certificates of erasure: what they prove, and that nobody who edits one proves more. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ErasureCertificate, erasureText, isErasure } from '../src/format/erasure.ts'
import { parsePolicy } from '../src/format/policy.ts'
import { isCustodyError } from '../src/model/error.ts'
import { checkErasure } from '../src/read/check/check-erasure.ts'
import { certify } from '../src/read/erase/certificate.ts'
import { loggedEntries, wantedEntries } from '../src/read/prove/logged.ts'
import { Random } from './simulation/random.ts'
import { eraseValues, recordErasure } from './support/erasing.ts'
import { Forger } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

let forger: Forger
let text: string
beforeAll(async () => {
  forger = await Forger.of(url => runModel(url, RICH, 1))
  forger.change(() => {
    eraseValues(forger.db, 1, [2, 3])
    recordErasure(forger.db, forger.signer, 1, [[2, 3]])
    eraseValues(forger.db, 1, [4], [1])
    recordErasure(forger.db, forger.signer, 1, [[4, 4, 1]])
  })
  text = (await certify(forger.reader, () => true))?.text ?? ''
})
afterAll(() => forger.close())

const check = (of: ErasureCertificate, keys = forger.keys) => checkErasure(erasureText(of), { trusted: keys })
const certificate = () => JSON.parse(text) as ErasureCertificate
const wrong = (checked: ReturnType<typeof checkErasure>) =>
  checked.checks.flatMap(({ name, problems }) => problems.map(each => `${name}: ${each}`))

test('says what is on record, by whose key, and what that doesn’t show', () => {
  expect(isErasure(text)).toBe(true)
  const checked = checkErasure(text, { trusted: forger.keys })
  expect([wrong(checked), checked.ok, checked.trust, checked.kind]).toEqual([[], true, 'key', 'erasure'])
  const run = simulatedRun(1)
  expect(checked.proven.map(({ what }) => what)).toEqual([
    expect.stringMatching(
      `in entry 3 of its own log, that all values of 2 entries of run ${run} were erased; the time`,
    ),
    expect.stringMatching(`in entry 4 of its own log, that 1 value of run ${run} was erased; the time`),
  ])
  expect(checked.not_proven.join('\n')).toMatch(/^that nothing is left elsewhere/m)
  expect(checkErasure(text, { trusted: [] })).toMatchObject({ ok: false, trust: 'none', proven: [] })
  const policy = parsePolicy(Buffer.from(`log ${forger.signer.verifier_key}\nquorum none\n`))
  expect(checkErasure(text, { trusted: null, policy })).toMatchObject({ ok: true, trust: 'policy' })
})

test('one without an erasure, without the birth, or with entries of other kinds, doesn’t hold', async () => {
  const { log, ...rest } = certificate()
  expect(wrong(check({ ...rest, log: log.slice(0, 1) }))).toEqual(['erasures: it has no erasure'])
  expect(wrong(check({ ...rest, log: log.slice(1) }))).toEqual(['log: it doesn’t begin with the birth of the ledger'])
  const { entries } = await loggedEntries(forger.reader, await wantedEntries(forger.reader, () => true), 'bare')
  const all = check({ ...rest, log: entries.map(each => each.logged) })
  expect(wrong(all)[0]).toBe('erasures: entry 1 says nothing of keys or erasures')
  expect([all.ok, all.proven]).toEqual([false, []])
  expect(check({ ...rest, log, ledger: simulatedRun(9) })).toMatchObject({ ok: false, proven: [] })
  for (const bad of [text.trimEnd(), text.replace('{', '{ '), text.replace('"log"', '"extra":1,"log"')])
    expect(() => checkErasure(bad, { trusted: forger.keys })).toThrow(/no proof that can be read/)
})

test('whichever character is changed, nothing new is claimed', () => {
  const had = new Set(checkErasure(text, { trusted: forger.keys }).proven.map(each => JSON.stringify(each)))
  const random = new Random(3)
  for (let i = 0; i < (LONG ? 2_000 : 150); i++) {
    const at = random.below(text.length)
    const changed = `${text.slice(0, at)}${'a1B/'[random.below(4)]}${text.slice(at + 1)}`
    try {
      const { proven } = checkErasure(changed, { trusted: forger.keys })
      expect(proven.map(each => JSON.stringify(each)).filter(each => !had.has(each))).toEqual([])
    } catch (error) {
      if (!isCustodyError(error)) throw error
    }
  }
})
