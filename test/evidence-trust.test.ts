/** Whose word proofs and records are, and by when they existed: policies, cosignatures, timestamps, and everything that can be wrong with them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toBase64 } from '../src/format/base64.ts'
import { type Certificate, parseCertificate } from '../src/format/certificate.ts'
import { checkpointIn, checkpointText } from '../src/format/checkpoint.ts'
import { makeCosigner } from '../src/format/cosigning-key.ts'
import { leafHash } from '../src/format/hash.ts'
import { headNote } from '../src/format/head-note.ts'
import { noteOf } from '../src/format/note.ts'
import { type Policy, parsePolicy } from '../src/format/policy.ts'
import { proofText, type RowProof } from '../src/format/proof.ts'
import { makeSigner } from '../src/format/signing-key.ts'
import { parseTlogProof, tlogProofText } from '../src/format/tlog-proof.ts'
import { Frontier } from '../src/format/tree.ts'
import { parseVerifierKey, utf8 } from '../src/format/verifier-key.ts'
import { openWitnessing } from '../src/ledger/open.ts'
import { type CheckedProof, checkProof } from '../src/read/check/check-proof.ts'
import { type CheckedRecord, checkRecord } from '../src/read/check/check-record.ts'
import type { CheckOptions } from '../src/read/check/word.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import type { WhichHead } from '../src/read/prove/logged.ts'
import { proveRow } from '../src/read/prove/prove.ts'
import { recordOf } from '../src/read/prove/record.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { Random } from './simulation/random.ts'
import { party, token } from './support/authority.ts'
import { Forger } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { edited } from './support/proof-edits.ts'
import { provenRun } from './support/proven-run.ts'
import { RICH, runModel, simulatedRun } from './support/simulated-ledger.ts'

const seed = (n: number) => new Uint8Array(32).fill(n)
const RUN = { log: 1, run: simulatedRun(1) }
const NOTHING = { withhold: [], only_exact: false, include_shared: false }
const SEALED_AT = 3
const acme = makeCosigner('w1.example', { ed25519: seed(1) })
const regulator = makeCosigner('w2.example', { ed25519: seed(2) })
const lasting = makeCosigner('w3.example', { 'ml-dsa-44': seed(3) })
const stranger = makeCosigner('w4.example', { ed25519: seed(4) })
const tsa = party('TSA')
const TSA = [parseCertificate(tsa.certificate)]

let forger: Forger
let log_line: string
beforeAll(async () => {
  forger = await Forger.of(async url => {
    await runModel(url, RICH, 1)
    await runModel(url, RICH, 2)
  })
  log_line = `log ${forger.signer.verifier_key}\n`
})
afterAll(() => forger.close())

/** The note of the head with so many entries, with the log's own signature. */
function headAt(size: number, of = forger): string {
  const tree = new Frontier()
  const bodies = of.all('SELECT body FROM entries WHERE log = 0 AND seq < ? ORDER BY seq', size)
  for (const { body } of bodies) tree.append(leafHash(`${body}`))
  const head = { origin: `custody/${of.body(0, 0).ledger}/0`, size, root: tree.root() }
  return noteOf(checkpointText(head), of.signer.signHead(head))
}

type Cosigner = ReturnType<typeof makeCosigner>
function cosigned(note: string, by: Cosigner, at_s: number): string {
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
  return `${note}${by
    .cosign(text, checkpointIn(note), at_s)
    .map(each => `— ${each}\n`)
    .join('')}`
}

const ALL_OF_IT = 1_800_000_000
const at = (s: number) => new Date(s * 1000).toISOString()

/** With a head of `size` that the witnesses have cosigned, one after another, and that an authority has dated. */
function given(note: string): { note: string; timestamps: readonly string[] } {
  let whole = note
  for (const [i, by] of [acme, regulator, lasting].entries()) whole = cosigned(whole, by, ALL_OF_IT + i * 60)
  const own = utf8(headNote(note, forger.keys) ?? '')
  return { note: whole, timestamps: [toBase64(token(tsa, own, { time: '20270115081000Z' }))] }
}

async function prove(from = forger, which?: WhichHead) {
  return proveRow(from.reader, await provenRun(from.reader, RUN), 1, NOTHING, which)
}

/** The same proof, leading to a head with other lines. */
function withNote(proof: RowProof, change: (note: string) => string, timestamps?: readonly string[]): RowProof {
  const log = proof.log.map(({ body, proof: text }) => {
    const { index = 0, path = [], checkpoint = '' } = parseTlogProof(text) ?? {}
    return { body, proof: tlogProofText({ index, path, checkpoint: change(checkpoint) }) }
  })
  const { timestamps: had, ...rest } = proof
  const kept = timestamps ?? had
  return { ...rest, log, ...(kept === undefined || kept.length === 0 ? {} : { timestamps: kept }) }
}

/** The proof of a row, with all that others can say of its head. */
async function honest(): Promise<RowProof> {
  const { proof } = await prove()
  const said = given(parseTlogProof(proof.log[0]?.proof ?? '')?.checkpoint ?? '')
  return withNote(proof, () => said.note, said.timestamps)
}

const policyOf = (text: string): Policy => parsePolicy(Buffer.from(text))
const witnessLines = [acme, regulator, lasting]
  .map((each, i) => `witness ${['acme', 'regulator', 'lasting'][i]} ${each.keys[0]?.text}\n`)
  .join('')
const check = (proof: RowProof, options: Partial<CheckOptions> = {}) =>
  checkProof(proofText(proof), { trusted: forger.keys, authorities: TSA, ...options })
const wrong = (checked: CheckedProof | CheckedRecord) =>
  checked.checks.flatMap(({ name, problems }) => problems.map(each => `${name}: ${each}`))

describe('what policies demand', () => {
  test.each<[quorum: string, is_met: boolean]>([
    ['quorum none', true],
    ['quorum acme', true],
    ['group g any acme nobody\nquorum g', true],
    ['group g 2 acme lasting nobody\nquorum g', true],
    ['group g 3 acme regulator nobody\nquorum g', false],
    ['group a any acme nobody\ngroup b all regulator lasting\ngroup g all a b\nquorum g', true],
    ['group a all acme nobody\ngroup g all a regulator\nquorum g', false],
    ['quorum nobody', false],
  ])('%s', async (quorum, is_met) => {
    const policy = policyOf(`${log_line}${witnessLines}witness nobody ${stranger.keys[0]?.text}\n${quorum}\n`)
    const checked = await check(await honest(), { trusted: null, policy })
    expect([wrong(checked).length === 0, checked.ok, checked.trust]).toEqual(
      is_met ? [true, true, 'policy'] : [false, false, 'none'],
    )
    if (is_met) return
    expect(wrong(checked)).toEqual([expect.stringMatching(/^trust: the policy demands .*nobody/)])
    expect([checked.proven, checked.as_of, checked.story === null]).toEqual([[], undefined, false])
  })

  test('with keys beside it both count; without log lines the keys do', async () => {
    const [proof, other] = [await honest(), makeSigner('other', seed(77))]
    const keys = [parseVerifierKey(other.verifier_key)]
    const [own, without] = [`${log_line}${witnessLines}quorum acme\n`, `${witnessLines}quorum acme\n`].map(policyOf)
    const foreign = policyOf(`log ${other.verifier_key}\n${witnessLines}quorum acme\n`)
    const trust = async (trusted: CheckOptions['trusted'], policy: Policy | undefined) =>
      (await check(proof, { trusted, ...(policy === undefined ? {} : { policy }) })).trust
    expect([await trust(null, own), await trust(forger.keys, own), await trust(keys, own)]).toEqual([
      'policy',
      'policy',
      'none',
    ])
    expect([await trust(null, without), await trust(forger.keys, without), await trust(keys, without)]).toEqual([
      'none',
      'policy',
      'none',
    ])
    expect([await trust(null, foreign), await trust(forger.keys, foreign)]).toEqual(['none', 'none'])
    expect(await trust(null, undefined)).toBe('none')
  })

  test('a ledger is no witness of its own, whatever name its key is given, and whether it has cosigned or not', async () => {
    const own = makeCosigner('w9.example', { ed25519: seed(9) })
    const of = (log: string) => policyOf(`${log}witness own ${own.keys[0]?.text}\n${witnessLines}quorum acme\n`)
    expect(() => of(log_line)).toThrow(/a log and a witness have the same public key/)
    const proof = withNote(await honest(), note => cosigned(note, own, ALL_OF_IT))
    const refused = [
      expect.stringMatching(/^witnesses: witness own of the policy \(w9.example\+\w+\) has a key of the ledger itself/),
    ]
    expect(wrong(await check(proof, { known: of('') }))).toEqual(refused)
    const demanded = await check(await honest(), { policy: of('') })
    expect([demanded.trust, wrong(demanded).slice(0, 1)]).toEqual(['none', refused])
    const verified = await verifyLedger(forger.reader, { keys: forger.keys, policy: of('') })
    expect(verified.ledger.checks.flatMap(each => each.problems)).toEqual([
      expect.stringMatching(/a key of the ledger itself/),
    ])
    const foreign = of(`log ${makeSigner('other', seed(77)).verifier_key}\n`)
    expect(await check(proof, { known: foreign })).toMatchObject({ ok: true })
    expect(await verifyLedger(forger.reader, { keys: forger.keys, policy: foreign })).toMatchObject({ ok: true })
  })

  test('keys of both types in log lines of one name: both must have signed', async () => {
    const both = makeSigner(forger.keys[0]?.name ?? '', seed(77), seed(77)).verifier_keys[1]
    const policy = policyOf(`${log_line}log ${both}\nquorum none\n`)
    expect((await check(await honest(), { trusted: null, policy })).trust).toBe('none')
  })
})

describe('by when it existed', () => {
  const known = policyOf(`${witnessLines}group g 2 acme regulator lasting\nquorum g\n`)

  test('as many as the policy says must have cosigned, or an authority have dated it, whichever was first', async () => {
    const proof = await honest()
    const as_of = async (options: Partial<CheckOptions>) => {
      const checked = await check(proof, options)
      expect(checked.ok).toBe(true)
      return [checked.as_of, checked.as_of_by?.length]
    }
    expect(await as_of({ known, authorities: [] })).toEqual([at(ALL_OF_IT + 60), 2])
    expect(await as_of({ known: policyOf(`${witnessLines}quorum none\n`), authorities: [] })).toEqual([
      at(ALL_OF_IT),
      1,
    ])
    expect(await as_of({ known })).toEqual([at(ALL_OF_IT + 60), 2])
    expect(await as_of({})).toEqual(['2027-01-15T08:10:00.000Z', 1])
    expect(await as_of({ authorities: [] })).toEqual([undefined, undefined])
    const foreign = policyOf(`log ${makeSigner('other', seed(77)).verifier_key}\n${witnessLines}quorum none\n`)
    expect(await as_of({ known: foreign, authorities: [] })).toEqual([undefined, undefined])
    expect((await check(proof, { trusted: [] })).as_of).toBe(undefined)
  })

  test('what isn’t known of it, and what doesn’t outlive quantum computers, is said', async () => {
    const proof = await honest()
    const open = async (options: Partial<CheckOptions>) => (await check(proof, options)).not_proven.join('\n')
    const unknown = await open({ authorities: [] })
    expect(unknown).toMatch(/^by when this existed: no witness and no timestamp authority that you trust says so/m)
    expect(unknown).toMatch(
      /^that it existed by 2027-01-15T08:10:00.000Z, as a timestamp by CN=TSA says: you have no certificate/m,
    )
    expect(unknown).toMatch(
      /^that w1\.example\+[0-9a-f]{8} and w2.* and w3.* has signed the head, as it says: you have no such key/m,
    )
    expect(unknown).toMatch(
      /^any of it, once somebody has a large quantum computer: the ledger’s keys are Ed25519 alone/m,
    )
    expect(await open({})).toMatch(/^that it existed by 2027-01-15T08:10:00.000Z, once somebody has/m)
    const lasts = policyOf(`${witnessLines}quorum lasting\n`)
    expect(await open({ known: lasts, authorities: [] })).not.toMatch(/existed.*quantum/)
    const both = policyOf(`${witnessLines}group g all acme lasting\nquorum g\n`)
    expect(await open({ known: both, authorities: [] })).not.toMatch(/existed.*quantum/)
    const either = policyOf(`${witnessLines}group g any acme regulator\nquorum g\n`)
    expect(await open({ known: either, authorities: [] })).toMatch(/^that it existed by .*, once somebody has/m)
    expect(await open({ known: policyOf(`${witnessLines}quorum none\n`) })).toMatch(
      /^that it existed before 2027-01-15T08:02:00.000Z, once somebody/m,
    )
  })

  test('a cosignature that says no time counts, and dates nothing', async () => {
    const proof = withNote((await prove()).proof, note => cosigned(note, acme, 0))
    const checked = await check(proof, { trusted: null, policy: policyOf(`${log_line}${witnessLines}quorum acme\n`) })
    expect([checked.trust, checked.as_of]).toEqual(['policy', undefined])
    expect(checked.proven.map(({ what }) => what)).toContain(
      'the head of 5 entries extends all heads of this log that the witness had seen',
    )
    const late = withNote((await prove()).proof, note => cosigned(note, acme, 300_000_000_000))
    expect((await check(late, { known: policyOf(`${witnessLines}quorum acme\n`) })).as_of).toBe(undefined)
  })
})

describe('what is wrong', () => {
  const known = policyOf(`${witnessLines}quorum none\n`)

  /** A witness's line of another head than that of the proof, or one that was changed. */
  const lineOf = (by: Cosigner, size: number) => cosigned(headAt(size), by, 7).split('\n').slice(-2).join('\n')
  const retimed = (line: string) => {
    const [dash, name, base64 = ''] = line.trimEnd().split(' ')
    const bytes = Buffer.from(base64, 'base64')
    return `${dash} ${name} ${bytes.fill(9, 11, 12).toString('base64')}\n`
  }

  test.each<[what: string, line: () => string]>([
    ['of another size', () => lineOf(acme, 4)],
    ['of another time than it says', () => retimed(lineOf(acme, 5))],
    ['of ML-DSA-44 over another size', () => lineOf(lasting, 4)],
  ])(
    'a cosignature %s by a known witness spoils what witnesses say; by an unknown one it is passed over',
    async (_what, lineOfIt) => {
      const line = lineOfIt()
      const proof = withNote(await honest(), note => `${note}${line}`)
      const spoilt = await check(proof, { known, authorities: [] })
      expect(wrong(spoilt)).toEqual([expect.stringMatching(/^witnesses: the cosignature of w\d\.example/)])
      expect([spoilt.ok, spoilt.trust, spoilt.as_of]).toEqual([false, 'key', undefined])
      const demanded = await check(proof, {
        trusted: null,
        policy: policyOf(`${log_line}${witnessLines}quorum regulator\n`),
      })
      expect([demanded.trust, demanded.proven]).toEqual(['none', []])
      expect((await check(proof, { authorities: [] })).ok).toBe(true)
    },
  )

  test('a timestamp of something else, by no certificate, or changed, fails; one that nobody certifies proves nothing', async () => {
    const proof = await honest()
    const own = utf8(headNote(headAt(5), forger.keys) ?? '')
    const good = token(tsa, own)
    const stamped = (bytes: Uint8Array) => check({ ...proof, timestamps: [toBase64(bytes)] })
    const messages: [Uint8Array, RegExp][] = [
      [token(tsa, utf8('another')), /over something else/],
      [token(tsa, utf8(parseTlogProof(proof.log[0]?.proof ?? '')?.checkpoint ?? '')), /over something else/],
      [token(tsa, own, { named: party('another').certificate }), /another certificate/],
      [good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1), /signature doesn’t hold/],
      [utf8('hello'), /can’t be read/],
    ]
    for (const [bytes, message] of messages) {
      const checked = await stamped(bytes)
      expect(wrong(checked)).toEqual([expect.stringMatching(message)])
      expect([checked.ok, checked.as_of]).toEqual([false, undefined])
    }
    const foreign = await stamped(token(party('another'), own))
    expect([foreign.ok, foreign.as_of]).toEqual([true, undefined])
    expect(foreign.not_proven.join()).toContain('as a timestamp by CN=another says')
  })

  test('what is no base64, or an empty list, isn’t read', async () => {
    const proof = await honest()
    for (const timestamps of [[], ['?'], ['AA'], [toBase64(tsa.certificate), '']])
      await expect(check({ ...proof, timestamps })).rejects.toMatchObject({ code: 'CUSTODY_PROOF_UNREADABLE' })
  })
})

/** Whoever trusts all of them, in each of the ways there are. */
const readers = (): ReadonlyArray<Partial<CheckOptions> & { readonly authorities: readonly Certificate[] }> => [
  { known: policyOf(`${witnessLines}quorum none\n`), authorities: TSA },
  {
    trusted: null,
    policy: policyOf(`${log_line}${witnessLines}group g 2 acme regulator lasting\nquorum g\n`),
    authorities: TSA,
  },
]

test('parts that are taken away, or put in another order, take only their own claims along', async () => {
  const proof = await honest()
  for (const reader of readers()) {
    const all = await check(proof, reader)
    const claims = (checked: CheckedProof) => checked.proven.map(each => JSON.stringify(each))
    const had = new Set(claims(all))
    expect([...had].filter(each => each.includes('existed by'))).toHaveLength(4)
    const lines = (drop: (i: number) => boolean) =>
      withNote(proof, note => {
        const [text = '', rest = ''] = note.split('\n\n')
        const kept = rest.split('\n').filter((line, i) => line !== '' && (i === 0 || !drop(i)))
        return `${text}\n\n${kept.map(each => `${each}\n`).join('')}`
      })
    const fewer = [1, 2, 3].map(i => lines(each => each === i))
    const { timestamps: _none, ...undated } = proof
    for (const each of [...fewer, undated]) {
      const checked = await check(each, reader)
      expect(checked.ok).toBe(true)
      expect(claims(checked).every(claim => had.has(claim))).toBe(true)
      expect(claims(checked)).toHaveLength(had.size - 1)
    }
    const turned = withNote(proof, note => {
      const [own = '', ...others] = note.slice(note.lastIndexOf('\n\n') + 2).match(/.*\n/g) ?? []
      return `${note.slice(0, note.lastIndexOf('\n\n') + 2)}${[...others.reverse(), own].join('')}`
    })
    expect(new Set(claims(await check(turned, reader)))).toEqual(had)
    const none = await check(
      lines(() => true),
      reader,
    )
    expect(claims(none).every(claim => had.has(claim))).toBe(true)
    expect(none.ok).toBe(reader.policy === undefined)
  }
})

test('whatever is edited, nothing new is claimed', { tags: ['proof'] }, async () => {
  const proof = await honest()
  const other = withNote((await prove(forger, 'latest')).proof, note => cosigned(note, acme, 5))
  const random = new Random(7)
  for (const reader of readers()) {
    const had = new Set<string>()
    for (const each of [proof, other])
      for (const claim of (await check(each, reader)).proven) had.add(JSON.stringify(claim))
    const lines = (note: string) => {
      const [text = '', rest = ''] = note.split('\n\n')
      const all = rest.split('\n').slice(0, -1)
      const i = random.below(all.length)
      const line = all[i] ?? ''
      const place = 2 + random.below(line.length - 2)
      all[i] = `${line.slice(0, place)}${random.below(2) === 0 ? 'A' : 'B'}${line.slice(place + 1)}`
      return `${text}\n\n${all.map(each => `${each}\n`).join('')}`
    }
    for (let n = 0; n < (LONG ? 400 : 40); n++) {
      const text = n % 2 === 0 ? edited(proof, other, random) : proofText(withNote(proof, lines))
      const stamp = Buffer.from(proof.timestamps?.[0] ?? '', 'base64')
      stamp[random.below(stamp.length)] = random.below(256)
      const texts = [text, proofText({ ...proof, timestamps: [stamp.toString('base64')] })]
      for (const each of texts) {
        const proven = await checkProof(each, { trusted: forger.keys, ...reader }).then(
          checked => checked.proven,
          (error: { code?: string }) => {
            if (error.code === 'CUSTODY_PROOF_UNREADABLE') return []
            throw error
          },
        )
        expect(proven.map(claim => JSON.stringify(claim)).filter(claim => !had.has(claim))).toEqual([])
      }
    }
  }
})

describe('which head is proven', () => {
  async function kept(heads: ReadonlyArray<{ size: number; by: readonly Cosigner[]; dated?: boolean }>) {
    const copy = forger.copy()
    const ledger = await openWitnessing(copy.url)
    for (const { size, by, dated = false } of heads) {
      const note = headAt(size, copy)
      for (const each of by) await ledger.keepWitnessed({ size, note: cosigned(note, each, ALL_OF_IT + size) })
      if (dated) await ledger.keepTimestamp({ size, note, stamp: token(tsa, utf8(note)) })
    }
    await ledger.close()
    return copy
  }
  const [a, b] = [acme, regulator]

  test.each<[what: string, heads: Parameters<typeof kept>[0], size: number, count: number, stamps: number]>([
    ['the latest one, where nobody has signed any', [], 5, 0, 0],
    [
      'the latest one, where who has signed others hasn’t signed one with the seal',
      [{ size: 2, by: [a, b], dated: true }],
      5,
      0,
      0,
    ],
    ['an older one that is signed', [{ size: SEALED_AT, by: [a] }], SEALED_AT, 1, 0],
    [
      'one that more have signed',
      [
        { size: SEALED_AT, by: [a, b] },
        { size: 4, by: [a] },
      ],
      SEALED_AT,
      2,
      0,
    ],
    [
      'of those that as many have signed the first, which says by when it existed at the earliest',
      [
        { size: SEALED_AT, by: [a], dated: true },
        { size: 4, by: [a, b] },
      ],
      SEALED_AT,
      1,
      1,
    ],
    ['one that is dated', [{ size: 4, by: [], dated: true }], 4, 0, 1],
  ])('%s', async (_what, heads, size, count, stamps) => {
    const copy = await kept(heads)
    try {
      const { proof, head } = await prove(copy)
      expect([head.size, head.latest, head.cosigners, head.timestamps.length]).toEqual([size, 5, count, stamps])
      const known = policyOf(`${witnessLines}quorum none\n`)
      const checked = await check(proof, { known })
      expect([wrong(checked), checked.head?.size, checked.as_of !== undefined]).toEqual([[], size, count + stamps > 0])
      const latest = await prove(copy, 'latest')
      expect([latest.head.size, (await check(latest.proof)).ok]).toEqual([5, true])
      // The head that it leads to, with all its lines, is one that it extends.
      const note = parseTlogProof(proof.log[0]?.proof ?? '')?.checkpoint ?? ''
      expect((await check(proof, { since: checkpointIn(note) })).ok).toBe(true)
      expect(wrong(await checkedRecord(copy, known))).toEqual([])
    } finally {
      copy.close()
    }
  })

  test('a head that is signed as one of another history isn’t handed over', async () => {
    const copy = forger.copy()
    const ledger = await openWitnessing(copy.url)
    const head = { ...checkpointIn(headAt(4, copy)), root: leafHash('another') }
    const note = noteOf(checkpointText(head), copy.signer.signHead(head))
    await ledger.keepWitnessed({ size: 4, note: cosigned(note, a, 7) })
    await ledger.close()
    await expect(prove(copy)).rejects.toThrow(/another history/)
    expect((await prove(copy, 'latest')).head.size).toBe(5)
    copy.close()
  })

  async function checkedRecord(from: Forger, known: Policy): Promise<CheckedRecord> {
    const reader = new CheckedReader(from.reader, { remembered: null })
    let text = ''
    for await (const piece of (await recordOf(reader, from.reader, RUN, [])).pieces) text += piece
    async function* pieces() {
      yield text
    }
    const checked = await checkRecord(pieces(), { trusted: forger.keys, known, authorities: TSA })
    expect(checked.head?.size).toBe((await prove(from, 'last_witnessed')).head.size)
    expect(checked.as_of).toBe((await check((await prove(from, 'last_witnessed')).proof, { known })).as_of)
    return checked
  }
})
